import { describe, expect, it } from 'vitest'
import {
  barHeight,
  figure,
  isBehind,
  isFrozen,
  level,
  mean3,
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
describe('three-slot mean', () => {
  it('is over the slot and the two before it', () => expect(mean3(lane(9, 3, 6, 9), 3)).toBe(6))
  it('leaves gaps out', () => expect(mean3(lane(NaN, 4, 8), 2)).toBe(6))
  it('is unknown where nothing is known', () => expect(mean3(lane(NaN, NaN), 1)).toBeNaN())
  it('keeps one noisy half-minute from lighting up', () => {
    const l = lane(10, 10, 40),
      x = ratio(mean3(lane(10, 10, 22), 2), 10)
    expect(x).toBeLessThan(1.5)
    expect(mean3(l, 2)).toBe(20)
  })
})
describe('rate', () => {
  it('counts the open slot by the time that has passed in it', () =>
    expect(ratePerMinute(lane(10, 10, 5), 30_000, 15_000)).toBe(20))
  it('does not drop when a slot has just opened', () => expect(ratePerMinute(lane(10, 10, 0), 30_000, 0)).toBe(20))
  it('leaves gaps out of sum and time', () => expect(ratePerMinute(lane(NaN, 10, 0), 30_000, 0)).toBe(20))
  it('is unknown without data', () => expect(ratePerMinute(lane(NaN, NaN, NaN), 30_000, 10_000)).toBeNaN())
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
