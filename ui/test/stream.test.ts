// The stream that is reopened, falls silent, resyncs and is signed out.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  BACKOFF_MAX_MS,
  SILENCE_MAX_MS,
  SNAPSHOT_WAIT_MS,
  backoff,
  openStream,
  type Link,
  type Source,
  type StreamEvent,
} from '../src/live/stream'

class Fake implements Source {
  static all: Fake[] = []
  readyState = 0
  onerror: ((e: Event) => unknown) | null = null
  closed = false
  private on = new Map<string, (e: Event) => void>()
  constructor(readonly url: string) {
    Fake.all.push(this)
  }
  addEventListener(t: string, f: unknown) {
    this.on.set(t, f as (e: Event) => void)
  }
  close() {
    this.closed = true
    this.readyState = 2
  }
  send(type: string, data: unknown) {
    this.readyState = 1
    this.on.get(type)?.(
      Object.assign(new Event(type), { data: typeof data === 'string' ? data : JSON.stringify(data) }),
    )
  }
  fail(readyState: 0 | 2) {
    this.readyState = readyState
    this.onerror?.(new Event('error'))
  }
}
const start = (status = 200) => {
  const links: Link[] = [],
    events: StreamEvent[] = []
  const stop = openStream({
    url: '/s',
    onEvent: e => events.push(e),
    onLink: l => links.push(l),
    probe: () => Promise.resolve(status),
    make: u => new Fake(u),
    chance: () => 0.5,
  })
  return { links, events, stop }
}
beforeEach(() => {
  vi.useFakeTimers()
  Fake.all = []
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the stream', () => {
  it('is live at its first event', () => {
    const { links, events, stop } = start()
    Fake.all[0]!.send('snapshot', { a: 1 })
    expect(links).toEqual(['connecting', 'live'])
    expect(events).toEqual([{ type: 'snapshot', data: { a: 1 } }])
    stop()
  })
  it('reopens by itself after an answer that is not 200, waiting longer each time', () => {
    const { links, stop } = start()
    for (const [n, wait] of [
      [1, 1000],
      [2, 1600],
      [3, 2560],
    ] as const) {
      Fake.all.at(-1)!.fail(2)
      vi.advanceTimersByTime(wait - 1)
      expect(Fake.all).toHaveLength(n)
      vi.advanceTimersByTime(1)
      expect(Fake.all).toHaveLength(n + 1)
    }
    expect(links).toContain('reconnecting')
    stop()
  })
  it('starts the back-off anew after an event', () => {
    const { stop } = start()
    Fake.all[0]!.fail(2)
    vi.advanceTimersByTime(1000)
    Fake.all[1]!.send('snapshot', {})
    Fake.all[1]!.fail(2)
    vi.advanceTimersByTime(1000)
    expect(Fake.all).toHaveLength(3)
    stop()
  })
  it('lets the browser resume where it can', () => {
    const { links, stop } = start()
    Fake.all[0]!.send('beat', {})
    Fake.all[0]!.fail(0)
    vi.advanceTimersByTime(10_000)
    expect(Fake.all).toHaveLength(1)
    expect(links.at(-1)).toBe('reconnecting')
    stop()
  })
  it('tells nothing between a resync and its snapshot, and never the resync', () => {
    const { events, stop } = start()
    const s = Fake.all[0]!
    s.send('snapshot', 1)
    s.send('resync', {})
    s.send('tick', { c: [9] })
    s.send('snapshot', 2)
    s.send('tick', { c: [1] })
    expect(events.map(e => [e.type, e.data])).toEqual([
      ['snapshot', 1],
      ['snapshot', 2],
      ['tick', { c: [1] }],
    ])
    stop()
  })
  it('opens anew when the snapshot after a resync does not come', () => {
    const { events, stop } = start()
    Fake.all[0]!.send('resync', {})
    for (let i = 0; i < SNAPSHOT_WAIT_MS / 1000 + 3; i++) {
      vi.advanceTimersByTime(1000)
      Fake.all[0]!.send('beat', {})
    }
    expect(Fake.all[0]!.closed).toBe(true)
    expect(Fake.all).toHaveLength(2)
    Fake.all[1]!.send('snapshot', 3)
    expect(events).toEqual([{ type: 'snapshot', data: 3 }])
    stop()
  })
  it('stays signed out over every retry, until an event comes', async () => {
    const { links, stop } = start(401)
    Fake.all[0]!.fail(2)
    await vi.advanceTimersByTimeAsync(0)
    const from = links.length
    for (let i = 0; i < 5; i++) {
      await vi.advanceTimersByTimeAsync(16_000)
      Fake.all.at(-1)!.fail(i % 2 ? 2 : 0)
    }
    expect(new Set(links.slice(from))).toEqual(new Set(['signed-out']))
    Fake.all.at(-1)!.send('snapshot', {})
    expect(links.at(-1)).toBe('live')
    stop()
  })
  it('says signed out on 401, and keeps trying', async () => {
    const { links, stop } = start(401)
    Fake.all[0]!.fail(2)
    await vi.advanceTimersByTimeAsync(0)
    expect(links.at(-1)).toBe('signed-out')
    await vi.advanceTimersByTimeAsync(1000)
    expect(Fake.all).toHaveLength(2)
    stop()
  })
  it('treats long silence as a dead connection', () => {
    const { stop } = start()
    Fake.all[0]!.send('snapshot', {})
    vi.advanceTimersByTime(SILENCE_MAX_MS + 4000)
    expect(Fake.all[0]!.closed).toBe(true)
    expect(Fake.all.length).toBeGreaterThan(1)
    stop()
  })
  it('drops a frame that is not JSON and goes on', () => {
    const { events, stop } = start()
    Fake.all[0]!.send('beat', '{nope')
    Fake.all[0]!.send('beat', {})
    expect(events).toHaveLength(1)
    stop()
  })
  it('stays closed once stopped', () => {
    const { stop } = start()
    stop()
    expect(Fake.all[0]!.closed).toBe(true)
    vi.advanceTimersByTime(60_000)
    expect(Fake.all).toHaveLength(1)
  })
  it('never waits beyond the cap', () => {
    expect(backoff(50, 1)).toBeLessThanOrEqual(BACKOFF_MAX_MS * 1.3)
    expect(backoff(0, 0)).toBe(700)
  })
})
