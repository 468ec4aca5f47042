// The arithmetic of the lanes: slots, gaps, rates and levels. Pure; a missing slot is NaN and never becomes a zero.
export const FREEZE_MS = 1200
export const BEHIND_MS = 5000
export const RAISED = 1.5
export const HIGH = 2.5
export const DEAD_BAND = 0.15
/** Colour needs this many in the window: a single report on a quiet lane is no attack. */
export const COLOUR_COUNT_MIN = 6
/** The least time that rate and colour are taken over: three slots of 30 s. Shorter slots take more of them, or chance would colour them. */
export const WINDOW_MS = 90_000
export type Level = 0 | 1 | 2

export const windowSlots = (slotMs: number) => Math.max(3, Math.round(WINDOW_MS / slotMs))

export const slotOf = (now: number, slotMs: number) => Math.floor(now / slotMs) * slotMs

/** Moves a lane on by `n` slots. New slots are zero while we listen and gaps while we do not. */
export function roll(lane: Float32Array, n: number, listening: boolean) {
  if (n <= 0) return
  const k = Math.min(n, lane.length)
  lane.copyWithin(0, k)
  lane.fill(listening ? 0 : Number.NaN, lane.length - k)
}

export type Held = { sum: number; slots: number }
/** What `k` slots ending at `i` hold; gaps are left out. */
export function held(lane: Float32Array, i: number, k: number): Held {
  let sum = 0,
    slots = 0
  for (let j = Math.max(0, i - k + 1); j <= i; j++) {
    const v = lane[j]!
    if (!Number.isNaN(v)) {
      sum += v
      slots++
    }
  }
  return { sum, slots }
}

/** Counts a minute over the window that ends with the open slot, by the time that has really passed in it; and what it counted. */
export function ratePerMinute(
  lane: Float32Array,
  slotMs: number,
  sinceSlotStart: number,
): { rate: number; sum: number } {
  const last = lane.length - 1
  const { sum, slots } = held(lane, last, windowSlots(slotMs))
  const open = Number.isNaN(lane[last]!) ? 0 : Math.min(Math.max(sinceSlotStart, 0), slotMs) - slotMs
  const time = slots * slotMs + open
  return { rate: time > 0 ? (sum * 60_000) / time : Number.NaN, sum }
}

/** A rate in at most four characters, so that it keeps its column in a flood: 0.4, 12, 996, 4.3k, 16k. */
export function figure(rate: number): string {
  if (Number.isNaN(rate)) return '–'
  if (rate < 9.95 && rate % 1 >= 0.05) return rate.toFixed(1)
  if (rate < 999.5) return String(Math.round(rate))
  return rate < 9950 ? `${(rate / 1000).toFixed(1)}k` : `${Math.round(rate / 1000)}k`
}

/** `normal` is null while the cell has seen too little to say: then nothing is called raised. */
export const ratio = (rate: number, normal: number | null) =>
  normal !== null && normal > 0 ? rate / normal : Number.NaN

/** Above normal or not, with a dead band: a sector at the edge does not blink. `sum` is what the window holds. */
export function level(x: number, before: Level, sum = Infinity): Level {
  if (Number.isNaN(x)) return before
  if (sum < COLOUR_COUNT_MIN) return 0
  if (x >= (before === 2 ? HIGH - DEAD_BAND : HIGH)) return 2
  return x >= (before >= 1 ? RAISED - DEAD_BAND : RAISED) ? 1 : 0
}

/** The level of every slot of a lane, each with the dead band of the one before it. A gap starts anew. */
export function barLevels(lane: Float32Array, normalPerSlot: number | null, slotMs: number): Level[] {
  const k = windowSlots(slotMs)
  let before: Level = 0
  return Array.from(lane, (v, i) => {
    const { sum, slots } = held(lane, i, k)
    before = Number.isNaN(v) ? 0 : level(ratio(slots ? sum / slots : Number.NaN, normalPerSlot), before, sum)
    return before
  })
}

export type Bar = { from: number; to: number; mean: number }
/** Slots drawn as one bar, `together` at a time, on boundaries that stay with the clock (`head` is the open slot's number). */
export function barsOf(lane: Float32Array, head: number, together: number): Bar[] {
  const bars: Bar[] = [],
    last = lane.length - 1
  for (let i = 0; i <= last; i++) {
    const b = bars.at(-1)
    if (b && Math.floor((head - last + i) / together) === Math.floor((head - last + b.from) / together)) b.to = i
    else bars.push({ from: i, to: i, mean: Number.NaN })
  }
  for (const b of bars) {
    const h = held(lane, b.to, b.to - b.from + 1)
    if (h.slots) b.mean = h.sum / h.slots
  }
  return bars
}

export const isFrozen = (age: number) => age > FREEZE_MS
export const isBehind = (age: number) => age > BEHIND_MS

/** A full lane is five times normal, so that normal is a line at a fifth. */
export const LANE_FULL = 5
/** What counts as one unit of height: the normal level, or, while there is none, what lets the lane's own peak fill half of it. */
export function unitOf(lane: Float32Array, normalPerSlot: number | null): number {
  if (normalPerSlot !== null && normalPerSlot > 0) return normalPerSlot
  let peak = 0
  for (const v of lane) if (v > peak) peak = v
  return Math.max(1, (peak * 2) / LANE_FULL)
}
export const barHeight = (count: number, unit: number) =>
  Number.isNaN(count) ? Number.NaN : Math.min(1, Math.max(0, count / unit / LANE_FULL))
