// A member's live state as a store: for the member's wall and for the portal's home page.
import { ms } from '../lib/format'
import type { Home } from '../api/types'
import { emptyHome, memberStep } from '../live/member'
import { LiveStore, type Clock } from '../live/store'
import type { StreamEvent } from '../live/stream'

export class MemberLive extends LiveStore<'home'> {
  home: Home = emptyHome
  ready = false
  constructor(clock?: Clock) {
    super('home', clock)
  }
  subscribe = this.watch('home')
  version = this.versionOf('home')
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
      this.dirty.add('home')
    }
    if (next !== this.home) {
      this.home = next
      this.dirty.add('home')
    }
  }
}
