// One event stream per browser: the tab that holds a lock opens it and tells the others over a BroadcastChannel.
// A SharedWorker would do the same, but its constructor is a script sink that `trusted-types 'none'` refuses.
import { openStream, type Link, type StreamEvent } from './stream'

export type Message =
  | { t: 'event'; e: StreamEvent }
  | { t: 'link'; link: Link; retryAt: number | null }
  | { t: 'hello' }
export type ShareOptions = {
  name: string
  url: string
  probe: () => Promise<number>
  onMessage: (m: Exclude<Message, { t: 'hello' }>) => void
  /** What a tab that joins late is told: the present state as a snapshot. */
  present: () => StreamEvent | null
}

export function shareStream(o: ShareOptions): () => void {
  const direct = (tell: (m: Message) => void) =>
    openStream({
      url: o.url,
      probe: o.probe,
      onEvent: e => tell({ t: 'event', e }),
      onLink: (link, retryAt) => tell({ t: 'link', link, retryAt }),
    })
  const here = (m: Message) => {
    if (m.t !== 'hello') o.onMessage(m)
  }
  if (typeof BroadcastChannel === 'undefined' || !navigator.locks) return direct(here)

  const channel = new BroadcastChannel(`fc-${o.name}`)
  const abort = new AbortController()
  let close: (() => void) | undefined, letGo: (() => void) | undefined
  channel.onmessage = (m: MessageEvent<Message>) => {
    if (m.data.t !== 'hello') {
      if (!close) here(m.data)
      return
    }
    const now = close && o.present()
    if (now) {
      channel.postMessage({ t: 'event', e: now } satisfies Message)
      channel.postMessage({ t: 'link', link: 'live', retryAt: null } satisfies Message)
    }
  }
  navigator.locks
    .request(
      `fc-stream-${o.name}`,
      { signal: abort.signal },
      () =>
        new Promise<void>(done => {
          letGo = done
          close = direct(m => {
            here(m)
            channel.postMessage(m)
          })
        }),
    )
    .catch(() => {
      /* aborted: this tab closed before its turn came */
    })
  channel.postMessage({ t: 'hello' } satisfies Message)
  return () => {
    abort.abort()
    close?.()
    letGo?.()
    channel.close()
  }
}
