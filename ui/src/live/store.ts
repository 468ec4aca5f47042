// A live state outside React: who watches a slice of it is told when that slice was flushed; with the clock and the link.
import type { Link } from './stream'

export type Clock = { wall: () => number; mono: () => number }
const real: Clock = { wall: () => Date.now(), mono: () => performance.now() }

export class LiveStore<Slice extends string> {
  link: Link = 'connecting'
  retryAt: number | null = null
  /** How far the server's clock is ahead of this machine's. */
  skew = 0
  protected heardAt = -Infinity
  protected dirty = new Set<Slice>()
  private subs = new Map<Slice, Set<() => void>>()
  private versions = new Map<Slice, number>()

  /** `tells` is the slice that those watch who show the link. */
  constructor(
    private tells: Slice,
    protected clock: Clock = real,
  ) {}

  now() {
    return this.clock.wall() + this.skew
  }
  age() {
    return this.clock.mono() - this.heardAt
  }
  /** Seconds until the next try, for a person to see. */
  wait() {
    return this.retryAt === null ? 0 : Math.max(0, Math.ceil((this.retryAt - this.clock.wall()) / 1000))
  }
  protected watch = (s: Slice) => (f: () => void) => {
    let set = this.subs.get(s)
    if (!set) this.subs.set(s, (set = new Set()))
    set.add(f)
    return () => {
      set.delete(f)
    }
  }
  protected versionOf = (s: Slice) => () => this.versions.get(s) ?? 0
  flush() {
    for (const s of this.dirty) {
      this.versions.set(s, this.versionOf(s)() + 1)
      for (const f of this.subs.get(s) ?? []) f()
    }
    this.dirty.clear()
  }
  setLink(link: Link, retryAt: number | null) {
    if (link !== this.link || retryAt !== this.retryAt) {
      this.link = link
      this.retryAt = retryAt
      this.dirty.add(this.tells)
    }
  }
}
