// Small parts that every page shares: markings, severities, the exercise sign.
import type { ReactNode } from 'react'
import type { Severity as Sev } from '../api/types'
import { shared as words } from '../words/shared'

export const tlpName = (v: string) => v.replace(/^TLP:/i, '').toUpperCase()
/** The marking, always with what it means: as text beside it, or for a screen reader where space is short. */
export function Tlp({ v, meaning }: { v: string; meaning?: boolean }) {
  const name = tlpName(v),
    says = words.tlp[name]
  return (
    <span className="tlpwrap">
      <span className={`tlp tlp-${name.replace('+', '-')}`}>TLP:{name}</span>
      {says && <span className={meaning ? 'tlpsays' : 'vh'}> {says}</span>}
    </span>
  )
}
const shape: Record<Sev, ReactNode> = {
  critical: <path d="M5 0h6l5 5v6l-5 5H5l-5-5V5z" fill="currentColor" />,
  high: <path d="M8 .6 16 15.4H0z" fill="currentColor" />,
  medium: <rect x="1.5" y="1.5" width="13" height="13" fill="currentColor" />,
  low: <circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" strokeWidth="3" />,
}
export const SevGlyph = ({ v }: { v: Sev }) => (
  <svg viewBox="0 0 16 16" aria-hidden="true">
    {shape[v] ?? shape.low}
  </svg>
)
export function Severity({ v, hideText }: { v: Sev; hideText?: boolean }) {
  const t = words.severity[v] ?? v
  return (
    <span className={`sev sev-${v}`}>
      <SevGlyph v={v} />
      {hideText ? <span className="vh">{t}</span> : t}
    </span>
  )
}
export const Mark = () => (
  <svg viewBox="0 0 32 32" aria-hidden="true" className="mark">
    <path
      d="M4 7c8 0 9 9 15 9M4 16h15M4 25c8 0 9-9 15-9"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.6"
      strokeLinecap="round"
    />
    <circle cx="25" cy="16" r="4.6" className="mark-dot" />
  </svg>
)
export const Exercise = ({ on }: { on: boolean }) =>
  on ? (
    <strong className="exercise" title={words.exerciseMeaning}>
      {words.exercise}
    </strong>
  ) : null
