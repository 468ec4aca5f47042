// What both walls share: the top row, the clock, the words for a screen that is not live, and the full-screen key.
import { useEffect, useState, type ReactNode } from 'react'
import { behind, clock } from '../lib/format'
import { isTyping, keysOn } from '../lib/theme'
import type { Link } from '../live/stream'
import { Exercise, Mark } from '../ui/bits'
import { shared } from '../words/shared'
import { wall as T } from '../words/wall'

const LIVE_MS = 3000
const POINTER_MS = 3000
export function useSecond() {
  const [, set] = useState(0)
  useEffect(() => {
    const t = setInterval(() => set(x => x + 1), 1000)
    return () => clearInterval(t)
  }, [])
}

export function Clock({ now, ready, age, link }: { now: () => number; ready: boolean; age: () => number; link: Link }) {
  useSecond()
  const t = now(),
    local = clock(t, undefined, true),
    utc = clock(t, 'UTC'),
    same = local.startsWith(utc)
  const state = !ready
    ? link === 'connecting'
      ? 'connecting'
      : 'reconnecting'
    : age() < LIVE_MS
      ? 'live'
      : link === 'reconnecting'
        ? 'reconnecting'
        : 'behind'
  return (
    <div className="clock" data-state={state}>
      <time dateTime={new Date(t).toISOString()}>{local}</time>
      <p>
        <span className="utc">{same ? 'UTC' : `${utc} UTC`}</span>
        <span className={state === 'live' ? 'ok' : 'bad'}>{shared.live[state]}</span>
      </p>
    </div>
  )
}

/** Says how far behind the screen is and what it is doing about that; nothing is hidden behind a spinner. */
export function Behind({ ready, age, link, wait }: { ready: boolean; age: number; link: Link; wait: number }) {
  const out = link === 'signed-out'
  if (!out && (ready ? age <= 5000 : link === 'connecting')) return null
  return (
    <div className="behind">
      {/* read out once: the seconds below change all the time, and are for the eye */}
      <p className="vh" role="alert">
        {out ? T.signedOut : ready ? T.behindNow : T.cannot}
      </p>
      <p>
        {ready ? T.behind(behind(age)) : out ? '' : T.cannot} {out ? T.signedOut : T.reconnecting}
      </p>
      {out ? (
        <p className="try">
          <a href="/signin?next=/wall">{T.signIn}</a>
        </p>
      ) : wait > 1 ? (
        <p className="try">{T.nextTry(wait)}</p>
      ) : null}
    </div>
  )
}

export function Frame({
  stale,
  exercise,
  posture,
  clock: time,
  banner,
  children,
  kind,
}: {
  stale: boolean
  exercise: boolean
  posture: ReactNode
  clock: ReactNode
  banner: ReactNode
  children: ReactNode
  kind?: string
}) {
  useEffect(() => {
    document.title = shared.title(T.title, exercise)
    const k = (e: KeyboardEvent) => {
      if (e.key === 'f' && keysOn() && !isTyping(e)) {
        if (document.fullscreenElement) document.exitFullscreen()
        else document.documentElement.requestFullscreen()
      }
    }
    // a pointer lying on a wall is hidden until somebody moves it
    let timer: ReturnType<typeof setTimeout>
    const still = document.documentElement.classList
    const moved = () => {
      still.remove('still')
      clearTimeout(timer)
      timer = setTimeout(() => still.add('still'), POINTER_MS)
    }
    moved()
    addEventListener('keydown', k)
    addEventListener('pointermove', moved)
    return () => {
      clearTimeout(timer)
      removeEventListener('keydown', k)
      removeEventListener('pointermove', moved)
    }
  }, [exercise])
  return (
    <main className={`wall ${kind ?? ''} ${stale ? 'stale' : ''}`}>
      <header className="top">
        <h1>
          <Mark />
          <span className="vh">{T.heading}</span>
        </h1>
        {posture}
        <Exercise on={exercise} />
        {time}
      </header>
      {banner}
      {children}
    </main>
  )
}
