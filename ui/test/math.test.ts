// The arithmetic of the lanes.
import { describe, expect, it } from 'vitest'
import {
  barHeight,
  barLevels,
  barsOf,
  held,
  windowSlots,
  figure,
  isBehind,
  isFrozen,
  level,
  ratePerMinute,
  ratio,
  roll,
  slotOf,
  type Level,
  unitOf,
} from '../src/wall/math'

const lane = (...v: number[]) => Float32Array.from(v)
describe('slots', () => {
  it('start on whole slots', () => expect(slotOf(95_000, 30_000)).toBe(90_000))
  it('roll on as zeros while we listen', () => {
    const l = lane(1, 2, 3)
    roll(l, 1, true)
    expect([...l]).toEqual([2, 3, 0])
  })
  it('roll on as gaps while we do not: no data is never zero', () => {
    const l = lane(1, 2, 3)
    roll(l, 2, false)
    expect([...l]).toEqual([3, NaN, NaN])
  })
  it('survive a gap longer than the hour', () => {
    const l = lane(1, 2, 3)
    roll(l, 500, false)
    expect([...l]).toEqual([NaN, NaN, NaN])
  })
  it('do not move back', () => {
    const l = lane(1, 2, 3)
    roll(l, -4, true)
    expect([...l]).toEqual([1, 2, 3])
  })
})
describe('the window', () => {
  it('is three slots of 30 s, and as long in time with shorter slots', () => {
    expect([30_000, 60_000, 6000].map(windowSlots)).toEqual([3, 3, 15])
  })
  it('holds the slot and those before it, gaps left out', () => {
    expect(held(lane(9, 3, 6, 9), 3, 3)).toEqual({ sum: 18, slots: 3 })
    expect(held(lane(NaN, 4, 8), 2, 3)).toEqual({ sum: 12, slots: 2 })
    expect(held(lane(NaN, NaN), 1, 3)).toEqual({ sum: 0, slots: 0 })
  })
})
describe('rate', () => {
  const rate = (...a: Parameters<typeof ratePerMinute>) => ratePerMinute(...a).rate
  it('counts the open slot by the time that has passed in it', () =>
    expect(rate(lane(10, 10, 5), 30_000, 15_000)).toBe(20))
  it('does not drop when a slot has just opened', () => expect(rate(lane(10, 10, 0), 30_000, 0)).toBe(20))
  it('leaves gaps out of sum and time', () => expect(rate(lane(NaN, 10, 0), 30_000, 0)).toBe(20))
  it('is unknown without data', () => expect(rate(lane(NaN, NaN, NaN), 30_000, 10_000)).toBeNaN())
})
describe('colour of the bars', () => {
  it('keeps one noisy half-minute from lighting up', () =>
    expect(barLevels(lane(10, 10, 22, 10), 10, 30_000)).toEqual([0, 0, 0, 0]))
  it('rises at 1.5 and 2.5 times normal, and falls only below the dead band', () =>
    expect(barLevels(lane(10, 15, 20, 12, 11, 5), 10, 30_000)).toEqual([0, 0, 1, 1, 1, 0]))
  it('needs more than a handful: a quiet lane does not flicker', () =>
    expect(barLevels(lane(0, 1, 3, 1, 0), 0.5, 30_000)).toEqual([0, 0, 0, 0, 0]))
  it('is calm on short slots with few counts: chance alone colours next to nothing', () => {
    let seed = 7
    const chance = () => (seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 32
    let coloured = 0
    for (let run = 0; run < 20; run++) {
      // 1.2 a slot of 6 s on average, as a lane of the exercise has it
      const bars = Float32Array.from(
        { length: 120 },
        () => Array.from({ length: 12 }, () => chance() < 0.1).filter(Boolean).length,
      )
      coloured += barLevels(bars, 1.2, 6000).filter(Boolean).length
    }
    expect(coloured / 2400).toBeLessThan(0.06)
  })
  it('starts anew after a gap', () => expect(barLevels(lane(30, NaN, NaN, NaN, 10), 10, 30_000).at(-1)).toBe(0))
})
describe('level', () => {
  it.each<[number, Level, Level]>([
    [1.49, 0, 0],
    [1.5, 0, 1],
    [1.4, 1, 1],
    [1.34, 1, 0],
    [2.5, 1, 2],
    [2.4, 2, 2],
    [2.34, 2, 1],
    [2.4, 0, 1],
  ])('at %f× from level %i is %i', (x, before, want) => expect(level(x, before)).toBe(want))
  it('stays where it was when nothing is known', () => expect(level(NaN, 2)).toBe(2))
  it('has no ratio without a normal', () => {
    expect(ratio(10, null)).toBeNaN()
    expect(ratio(10, 0)).toBeNaN()
    expect(level(ratio(10, null), 0)).toBe(0)
  })
})
describe('slots drawn together', () => {
  it('keep their boundaries as time goes on', () => {
    expect(barsOf(lane(1, 2, 3, 4, 5), 10, 3).map(b => [b.from, b.to, b.mean])).toEqual([
      [0, 2, 2],
      [3, 4, 4.5],
    ])
    expect(barsOf(lane(2, 3, 4, 5, 6), 11, 3).map(b => [b.from, b.to])).toEqual([
      [0, 1],
      [2, 4],
    ])
  })
  it('leave a blank where nothing was heard', () =>
    expect(barsOf(lane(NaN, NaN, NaN, 4, NaN, 2), 5, 3).map(b => b.mean)).toEqual([NaN, 3]))
  it('are the slots themselves when these are long', () => expect(barsOf(lane(1, 2), 7, 1)).toHaveLength(2))
})
describe('bars', () => {
  it('put normal at a fifth and never overflow', () => {
    expect(barHeight(10, 10)).toBeCloseTo(0.2)
    expect(barHeight(999, 10)).toBe(1)
    expect(barHeight(NaN, 10)).toBeNaN()
  })
  it('scale to the lane itself while there is no normal', () =>
    expect(barHeight(8, unitOf(lane(2, 8, NaN), null))).toBeCloseTo(0.5))
})
describe('age', () => {
  it('freezes after 1.2 s and is behind after 5 s', () => {
    expect(isFrozen(1200)).toBe(false)
    expect(isFrozen(1201)).toBe(true)
    expect(isBehind(5000)).toBe(false)
    expect(isBehind(5001)).toBe(true)
  })
})

it('a rate keeps its column in a flood', () => {
  expect([Number.NaN, 0, 0.4, 9.94, 12, 996, 999.6, 4321, 9940, 15_600, 120_000].map(figure)).toEqual([
    '–',
    '0',
    '0.4',
    '9.9',
    '12',
    '996',
    '1.0k',
    '4.3k',
    '9.9k',
    '16k',
    '120k',
  ])
})
