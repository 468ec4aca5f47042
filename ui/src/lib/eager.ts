// What somebody says is on disk when the server answers, and in what it shows a moment later: a page asks again soon after an act.
import { useRef } from 'react'

export const EAGER_MS = 400
/** How long a page stays eager after an act; a server that lags by more is read at the page's own pace. */
export const EAGER_FOR_MS = 4_000

/** `every` is how long a page that asks every `rest` milliseconds waits before it asks again; `acted` makes it eager. */
export function useEager(rest: number) {
  const until = useRef(-Infinity)
  return {
    every: () => (performance.now() < until.current ? EAGER_MS : rest),
    acted: () => {
      until.current = performance.now() + EAGER_FOR_MS
    },
  }
}
