// A member's live state as a store: for the member's wall and for the portal's home page.
import { ms } from '../lib/format'
import type { Home } from '../api/types'
import { emptyHome, memberStep } from '../live/member'
import type { Link, StreamEvent } from '../live/stream'

export class MemberLive {
  home: Home = emptyHome
  ready = false
  link: Link = 'connecting'
  retryAt: number | null = null
  skew = 0
  private heardAt = -Infinity
  private n = 0
  private dirty = false
  private subs = new Set<() => void>()
  constructor(
    private clock: { wall: () => number; mono: () => number } = {
      wall: () => Date.now(),
      mono: () => performance.now(),
    },
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
  subscribe = (f: () => void) => {
    this.subs.add(f)
    return () => {
      this.subs.delete(f)
    }
  }
  version = () => this.n
  flush() {
    if (this.dirty) {
      this.dirty = false
      this.n++
      for (const f of this.subs) f()
    }
  }
  setLink(link: Link, retryAt: number | null) {
    if (link !== this.link || retryAt !== this.retryAt) {
      this.link = link
      this.retryAt = retryAt
      this.dirty = true
    }
  }
  event(e: StreamEvent) {
    this.heardAt = this.clock.mono()
    const at =
      e.type === 'beat'
        ? ms((e.data as { at?: string }).at ?? Number.NaN)
        : e.type === 'snapshot'
          ? ms((e.data as Home).as_of)
          : Number.NaN
    if (e.type === 'beat' && !Number.isNaN(at)) this.skew = at - this.clock.wall()
    const next = memberStep(this.home, e)
    if (e.type === 'snapshot') {
      this.ready = true
      this.dirty = true
    }
    if (next !== this.home) {
      this.home = next
      this.dirty = true
    }
  }
}
