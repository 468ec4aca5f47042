// The cell wall's live state, outside React: events touch typed arrays, and the screen is told at most four times a second.
import { ms } from '../lib/format'
import type { Wall } from '../api/types'
import { aged, cellStep, emptyCell, shownCampaigns, type CellState } from '../live/cell'
import { LiveStore, type Clock } from '../live/store'
import type { StreamEvent } from '../live/stream'
import { isBehind, isFrozen, level, ratePerMinute, ratio, roll, slotOf, type Level } from './math'

export const FLUSH_MS = 250
type Slice = 'rows' | 'lanes' | 'link'

export class WallLive extends LiveStore<Slice> {
  rows: CellState = emptyCell
  shown: string[] = []
  lanes: Float32Array[] = []
  rates = new Float32Array(0)
  levels: Level[] = []
  slotMs = 30_000
  slots = 120
  head = 0
  ready = false

  constructor(clock?: Clock) {
    super('link', clock)
  }
  subscribe = this.watch
  version = this.versionOf

  event(e: StreamEvent) {
    const gap = this.age(),
      wasFrozen = isFrozen(gap)
    if (wasFrozen) this.advance() // what passed unheard becomes a gap before this event counts as hearing
    if (wasFrozen && !isBehind(gap))
      for (const lane of this.lanes) {
        const i = lane.length - 1
        if (Number.isNaN(lane[i]!)) lane[i] = 0
      } // a late beat on a whole stream lost nothing
    this.heardAt = this.clock.mono()
    if (wasFrozen) this.dirty.add('link')
    if (e.type === 'tick') {
      this.tick(e.data as { at: string | number; c: number[] })
      return
    }
    if (e.type === 'beat') {
      this.advance()
      return
    }
    if (e.type === 'snapshot') this.skew = ms((e.data as Wall).now) - this.clock.wall()
    this.take(cellStep(this.rows, e, this.now()))
    if (e.type === 'snapshot') this.load(e.data as Wall)
  }

  private take(next: CellState) {
    if (next === this.rows) return
    this.rows = next
    this.shown = shownCampaigns(this.shown, next.campaigns)
    this.dirty.add('rows')
  }

  private load(w: Wall) {
    this.slotMs = w.slot_ms
    this.slots = w.slots
    this.head = ms(w.slot_start)
    this.lanes = w.sectors.map((_, i) => {
      const lane = new Float32Array(w.slots).fill(Number.NaN) // a history shorter than the hour leaves blank columns, not zeros
      const h = (w.history[i] ?? []).slice(-w.slots)
      h.forEach((v, j) => {
        lane[w.slots - h.length + j] = v ?? Number.NaN
      })
      return lane
    })
    this.rates = new Float32Array(w.sectors.length).fill(Number.NaN)
    this.levels = w.sectors.map((_, i) => this.levels[i] ?? 0)
    this.ready = true
    this.second()
    this.dirty.add('lanes').add('link')
  }

  private tick(t: { c: number[] }) {
    this.advance()
    for (let i = 0; i < this.lanes.length; i++) {
      const n = t.c[i] ?? 0,
        lane = this.lanes[i]!,
        last = lane.length - 1
      if (n) lane[last] = (Number.isNaN(lane[last]!) ? 0 : lane[last]!) + n
    }
    this.dirty.add('lanes')
  }

  private advance() {
    const slot = slotOf(this.now(), this.slotMs),
      n = Math.round((slot - this.head) / this.slotMs)
    if (!this.ready || n <= 0) return
    const listening = !isFrozen(this.age())
    for (const lane of this.lanes) roll(lane, n, listening)
    this.head = slot
    this.dirty.add('lanes')
  }

  /** Once a second: slots move on, and figures are taken anew unless we have stopped hearing; then they freeze. */
  second() {
    this.dirty.add('link')
    if (!this.ready) return
    this.advance()
    if (isFrozen(this.age())) {
      this.dirty.add('lanes') // the last figures may have come too soon after those before them to be drawn
      return
    }
    this.take(aged(this.rows, this.now()))
    const since = this.now() - this.head
    for (let i = 0; i < this.lanes.length; i++) {
      const { rate, sum } = ratePerMinute(this.lanes[i]!, this.slotMs, since)
      if (Number.isNaN(rate)) continue
      this.rates[i] = rate
      this.levels[i] = level(ratio(rate, this.rows.sectors[i]?.normal ?? null), this.levels[i] ?? 0, sum)
    }
    this.dirty.add('lanes')
  }
}
