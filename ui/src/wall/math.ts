// The arithmetic of the lanes: slots, gaps, rates and levels. Pure; a missing slot is NaN and never becomes a zero.
export const FREEZE_MS = 1200
export const BEHIND_MS = 5000
export const RAISED = 1.5
export const HIGH = 2.5
export const DEAD_BAND = 0.15
export type Level = 0 | 1 | 2

export const slotOf = (now: number, slotMs: number) => Math.floor(now / slotMs) * slotMs

/** Moves a lane on by `n` slots. New slots are zero while we listen and gaps while we do not. */
export function roll(lane: Float32Array, n: number, listening: boolean) {
  if (n <= 0) return
  const k = Math.min(n, lane.length)
  lane.copyWithin(0, k)
  lane.fill(listening ? 0 : Number.NaN, lane.length - k)
}

/** Mean count per slot over three slots ending at `i`; gaps are left out; NaN when nothing is known. */
export function mean3(lane: Float32Array, i: number): number {
  let sum = 0,
    n = 0
  for (let j = Math.max(0, i - 2); j <= i; j++) {
    const v = lane[j]!
    if (!Number.isNaN(v)) {
      sum += v
      n++
    }
  }
  return n ? sum / n : Number.NaN
}

/** Counts a minute over the open slot and the two before it, by the time that has really passed in them. */
export function ratePerMinute(lane: Float32Array, slotMs: number, sinceSlotStart: number): number {
  const last = lane.length - 1
  let sum = 0,
    time = 0
  for (let j = Math.max(0, last - 2); j <= last; j++) {
    const v = lane[j]!
    if (Number.isNaN(v)) continue
    sum += v
    time += j === last ? Math.min(Math.max(sinceSlotStart, 0), slotMs) : slotMs
  }
  return time > 0 ? (sum * 60_000) / time : Number.NaN
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

/** Above normal or not, with a dead band: a sector at the edge does not blink. */
export function level(x: number, before: Level): Level {
  if (Number.isNaN(x)) return before
  if (x >= (before === 2 ? HIGH - DEAD_BAND : HIGH)) return 2
  return x >= (before >= 1 ? RAISED - DEAD_BAND : RAISED) ? 1 : 0
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
