// Keeps one event stream open. `EventSource` gives up for good on any answer that is not 200, so it is reopened here with back-off.
// `resync` never leaves this file: the server sends a snapshot after it, and nothing is told between the two.
export type Link = 'connecting' | 'live' | 'reconnecting' | 'signed-out'
export type StreamEvent = { type: string; data: unknown }
export const EVENTS = [
  'snapshot',
  'release',
  'resync',
  'beat',
  'tick',
  'report',
  'claim',
  'campaign',
  'campaign-gone',
  'pass',
  'alert',
  'feeds',
  'posture',
] as const

export const BACKOFF_FIRST_MS = 1000
export const BACKOFF_MAX_MS = 15_000
export const SILENCE_MAX_MS = 20_000
/** How long a snapshot may take after a `resync` before the stream is opened anew. */
export const SNAPSHOT_WAIT_MS = 5000
/** The wait before try `n` (from 0): grows by 1.6 up to a cap, spread by ±30 % so that many screens do not return at once. */
export const backoff = (n: number, chance: number) =>
  Math.min(BACKOFF_FIRST_MS * 1.6 ** n, BACKOFF_MAX_MS) * (0.7 + chance * 0.6)

export type Source = Pick<EventSource, 'addEventListener' | 'close' | 'readyState'> & {
  onerror: ((e: Event) => unknown) | null
}
export type StreamOptions = {
  url: string
  onEvent: (e: StreamEvent) => void
  onLink: (link: Link, retryAt: number | null) => void
  /** Answers the status of a cheap signed-in request: `EventSource` hides it, and 401 needs a person. */
  probe: () => Promise<number>
  make?: (url: string) => Source
  chance?: () => number
}

export function openStream({
  url,
  onEvent,
  onLink,
  probe,
  make = u => new EventSource(u),
  chance = Math.random,
}: StreamOptions): () => void {
  let source: Source | undefined,
    timer: ReturnType<typeof setTimeout> | undefined,
    tries = 0,
    stopped = false,
    out = false, // signed out: says so until the server answers again, however often the stream is tried
    awaiting = 0, // when a `resync` came, while its snapshot has not
    last = Date.now()
  const lost = (retryAt: number | null) => (out ? onLink('signed-out', null) : onLink('reconnecting', retryAt))
  const again = () => {
    source?.close()
    source = undefined
    awaiting = 0
    const wait = backoff(tries++, chance())
    lost(Date.now() + wait)
    clearTimeout(timer)
    timer = setTimeout(open, wait)
    probe().then(
      status => {
        if (stopped || (status !== 401) === !out) return
        out = status === 401
        if (!source || source.readyState !== 1) lost(null)
      },
      () => {
        /* unreachable: the back-off goes on */
      },
    )
  }
  const open = () => {
    if (stopped) return
    last = Date.now()
    const s = (source = make(url))
    for (const type of EVENTS) {
      s.addEventListener(type, e => {
        if (s !== source) return
        last = Date.now()
        let data: unknown
        try {
          data = JSON.parse((e as MessageEvent<string>).data)
        } catch {
          return
        }
        if (type === 'resync') {
          awaiting = last
          return
        }
        if (awaiting && type !== 'snapshot') return
        awaiting = tries = 0
        out = false
        onLink('live', null)
        onEvent({ type, data })
      })
    }
    s.onerror = () => {
      if (stopped || s !== source) return
      if (s.readyState === 2) again()
      else lost(null) // the browser itself retries, with Last-Event-ID
    }
  }
  onLink('connecting', null)
  open()
  // A connection can die without an error (a proxy that swallows it): silence beyond several beats counts as one.
  const watch = setInterval(() => {
    const now = Date.now()
    if (source && (now - last > SILENCE_MAX_MS || (awaiting && now - awaiting > SNAPSHOT_WAIT_MS))) again()
  }, 1000)
  return () => {
    stopped = true
    clearTimeout(timer)
    clearInterval(watch)
    source?.close()
  }
}
