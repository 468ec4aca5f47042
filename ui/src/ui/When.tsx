// Moments and campaign letters in the portal.
import { useEffect, useState } from 'react'
import { ago, both, ms, type Instant } from '../lib/format'

/** Re-renders its user on a beat, so that "3 min ago" stays true. */
export function useNow(every = 15_000): number {
  const [now, set] = useState(() => Date.now())
  useEffect(() => {
    const t = setInterval(() => set(Date.now()), every)
    return () => clearInterval(t)
  }, [every])
  return now
}
/** A moment: how long ago, then local time and UTC. */
export function When({
  at,
  now,
  short,
  lead,
}: {
  at: Instant | null | undefined
  now: number
  short?: boolean
  lead?: string
}) {
  if (at === null || at === undefined || Number.isNaN(ms(at))) return <span>–</span>
  const full = both(at, now)
  return (
    <time dateTime={new Date(ms(at)).toISOString()} title={full}>
      {lead ? `${lead} ` : ''}
      {ago(at, now)}
      {short ? null : <span className="exact"> · {full}</span>}
    </time>
  )
}
/** A moment to come, or one of long ago: local time and UTC. */
export function Moment({ at }: { at: Instant | null | undefined }) {
  const now = useNow(3_600_000)
  if (at === null || at === undefined || Number.isNaN(ms(at))) return <span>–</span>
  return <time dateTime={new Date(ms(at)).toISOString()}>{both(at, now)}</time>
}
export const Letter = ({ v, small }: { v: string; small?: boolean }) => (
  <span className={small ? 'cl s' : 'cl'}>{v}</span>
)
