// How events become what a screen shows, with time passing.
import { describe, expect, it, vi } from 'vitest'
import type { Wall } from '../src/api/types'
import { CAMPAIGNS_MAX, aged, cellStep as step, emptyCell, shownCampaigns, type CellState } from '../src/live/cell'
import { LATEST_MAX, fromCommunity, memberStep, release } from '../src/live/member'
import type { StreamEvent } from '../src/live/stream'
import { MemberLive } from '../src/wall/member-live'
import { WallLive } from '../src/wall/live'
import { say } from '../src/wall/posture'
import { T0, advisory, at, campaign, home, indicator, report, row, wall } from './things'

const cellStep = (s: CellState, e: StreamEvent) => step(s, e, T0)

describe('a member’s state', () => {
  it('takes a snapshot whole', () =>
    expect(memberStep(home(), { type: 'snapshot', data: home({ latest: [indicator('a')] }) })?.latest).toHaveLength(1))
  it('puts released items first, by tick then id', () => {
    const h = release(home({ latest: [indicator('a', 0)] }), [indicator('c', 5), indicator('b', 5)])
    expect(h.latest.map(i => i.id)).toEqual(['c', 'b', 'a'])
  })
  it('changes an item in place: nothing reshuffles', () => {
    const h = release(home({ campaigns: [campaign('b', 9), campaign('a', 1)] }), [
      campaign('a', 1, { band: '4+', updated_at: at(99) }),
    ])
    expect(h.campaigns.map(c => [c.id, c.band])).toEqual([
      ['b', null],
      ['a', '4+'],
    ])
  })
  it('puts a campaign that has hit several members before newer ones that have not', () => {
    const h = release(home({ campaigns: [campaign('b', 9, { band: '4+' }), campaign('a', 8)] }), [
      campaign('c', 20),
      campaign('d', 1, { band: '10+' }),
    ])
    expect(h.campaigns.map(c => c.id)).toEqual(['b', 'd', 'c', 'a'])
  })
  it('takes the same release twice without doubling', () => {
    const r = [indicator('a', 1)]
    expect(release(release(home(), r), r).latest).toHaveLength(1)
  })
  it('keeps a bounded list', () =>
    expect(
      release(
        home(),
        Array.from({ length: 99 }, (_, i) => indicator(`i${i}`, i)),
      ).latest,
    ).toHaveLength(LATEST_MAX))
  it('takes posture and advisories', () => {
    const h = release(home(), [advisory('x'), { type: 'posture', word: 'high', text: 'T', released_at: at(1) }])
    expect(h.advisories[0]?.id).toBe('x')
    expect(h.posture?.word).toBe('high')
  })
  it('goes by the last snapshot, whatever was folded before', () => {
    const live = new MemberLive()
    live.event({ type: 'snapshot', data: home({ latest: [indicator('a')] }) })
    live.event({ type: 'snapshot', data: home({ latest: [indicator('b')] }) })
    expect(live.home.latest.map(i => i.id)).toEqual(['b'])
  })
  it('says what the released campaigns say while no lead has set a posture: bands and marks, never a count of members', () => {
    expect(fromCommunity([campaign('a')])).toEqual({
      word: 'Quiet',
      first: 'No campaign is known to have hit several members',
      second: 'From what is shared; the cell has set no posture',
    })
    expect(fromCommunity([campaign('a', 0, { band: '4+', sectors: ['Energy'] }), campaign('b')])).toEqual({
      word: 'Active',
      first: '1 campaign has hit several members',
      second: 'Sectors marked: Energy',
    })
    expect(fromCommunity([campaign('a', 0, { band: '10+' })]).second).toBe('No sector can be named yet')
  })
  it('ignores what it does not know', () => {
    const h = home()
    expect(memberStep(h, { type: 'tick', data: { c: [1] } })).toBe(h)
  })
})

describe('the cell’s rows', () => {
  const s = { ...emptyCell, reports: [report('a')], campaigns: [row('x')] }
  it('put a new report first and a changed one in place', () => {
    expect(cellStep(s, { type: 'report', data: report('b') })!.reports.map(r => r.case)).toEqual(['b', 'a'])
    expect(cellStep(s, { type: 'report', data: report('a', 0, { campaign: 'X' }) })!.reports).toHaveLength(1)
  })
  it('show a claim', () =>
    expect(cellStep(s, { type: 'claim', data: { case: 'a', owner: 'R. O' } })!.reports[0]).toMatchObject({
      owner: 'R. O',
      state: 'claimed',
    }))
  it('append a new campaign: letters keep their order', () =>
    expect(cellStep(s, { type: 'campaign', data: row('y') })!.campaigns.map(c => c.id)).toEqual(['x', 'y']))
  it('merge sources by id', () => {
    const f = (id: string, silent: boolean) => ({ id, name: id, at: at(0), silent })
    expect(
      cellStep({ ...s, feeds: [f('p', false), f('k', false)] }, { type: 'feeds', data: [f('k', true)] })!.feeds.map(
        x => x.silent,
      ),
    ).toEqual([false, true])
  })
  it('drop a campaign that joined another or is kept no longer', () => {
    const two = cellStep(s, { type: 'campaign', data: row('y') })
    expect(cellStep(two, { type: 'campaign-gone', data: { id: 'x', into: 'y' } }).campaigns.map(c => c.id)).toEqual([
      'y',
    ])
    expect(cellStep(two, { type: 'campaign-gone', data: { id: 'never', into: null } })).toBe(two)
  })
  it('keep a bounded number of campaigns: single firms give way first, what spreads last', () => {
    let all = cellStep(emptyCell, { type: 'campaign', data: row('spreading') })
    all = cellStep(all, { type: 'campaign', data: row('single', { firms: 1 }) })
    for (let i = 0; i < 99; i++) all = cellStep(all, { type: 'campaign', data: row(`c${i}`, { trend: 'steady' }) })
    expect(all.campaigns).toHaveLength(CAMPAIGNS_MAX)
    expect(all.grown.size).toBe(CAMPAIGNS_MAX)
    expect(all.campaigns.some(c => c.id === 'spreading')).toBe(true)
    expect(all.campaigns.some(c => c.id === 'single')).toBe(false)
  })
  it('age while nothing comes: “in 10 min” and “spreading” end by themselves', () => {
    const MIN = 60_000
    const after = (c: CellState, minutes: number) => {
      const x = aged(c, T0 + minutes * MIN).campaigns[0]!
      return [x.delta, x.trend]
    }
    let one = step(
      emptyCell,
      { type: 'snapshot', data: wall({ now: at(0), campaigns: [row('x', { firms: 3, delta: 2 })] }) },
      T0,
    )
    expect(after(one, 9)).toEqual([2, 'spreading'])
    expect(aged(one, T0 + 9 * MIN)).toBe(one)
    expect(after(one, 10)).toEqual([0, 'steady'])
    expect(after(one, 16)).toEqual([0, 'cooling'])
    one = step(one, { type: 'campaign', data: row('x', { firms: 4, delta: 3 }) }, T0 + 6 * MIN)
    expect(after(one, 11)).toEqual([1, 'spreading'])
    expect(after(one, 16)).toEqual([0, 'steady'])
  })
})

describe('which campaigns a wall shows', () => {
  it('only those at several firms', () => expect(shownCampaigns([], [row('a', { firms: 1 }), row('b')])).toEqual(['b']))
  it('keeps places while nothing spreading waits', () =>
    expect(
      shownCampaigns(
        ['c', 'a'],
        [row('a', { trend: 'cooling' }), row('b', { trend: 'steady', firms: 99 }), row('c')],
        2,
      ),
    ).toEqual(['c', 'a']))
  it('a spreading one takes the place of one at rest, in place', () =>
    expect(shownCampaigns(['c', 'a'], [row('a', { trend: 'cooling' }), row('b'), row('c')], 2)).toEqual(['c', 'b']))
  it('never more than three', () =>
    expect(
      shownCampaigns(
        [],
        ['a', 'b', 'c', 'd'].map(x => row(x)),
      ),
    ).toHaveLength(3))
})

describe('the wall’s clockwork', () => {
  const make = (w: Partial<Wall> = {}) => {
    const t = { wall: T0 + 15_000, mono: 0 },
      live = new WallLive({ wall: () => t.wall, mono: () => t.mono })
    live.event({ type: 'snapshot', data: wall(w) })
    const pass = (ms: number) => {
      t.wall += ms
      t.mono += ms
    }
    return { live, pass }
  }
  it('starts from the snapshot, the open slot included', () => {
    const { live } = make()
    expect([...live.lanes[0]!]).toEqual([10, 10, 10, 5])
    expect(live.rates[0]).toBeCloseTo(20)
  })
  it('leaves a short history as blank columns', () => {
    const { live } = make({
      history: [
        [7, 1],
        [null, 2],
      ],
    })
    expect([...live.lanes[0]!]).toEqual([NaN, NaN, 7, 1])
    expect([...live.lanes[1]!]).toEqual([NaN, NaN, NaN, 2])
  })
  it('adds a tick to the open slot, and opens the next one in time', () => {
    const { live, pass } = make()
    live.event({ type: 'tick', data: { at: at(15), c: [3, 0] } })
    expect(live.lanes[0]![3]).toBe(8)
    for (let i = 0; i < 16; i++) {
      pass(1000)
      live.event({ type: 'tick', data: { at: at(16), c: [1, 0] } })
    }
    expect([...live.lanes[0]!]).toEqual([10, 10, 22, 2])
  })
  it('freezes its rates when it stops hearing, and leaves a gap', () => {
    const { live, pass } = make(),
      before = live.rates[0]
    pass(1300)
    for (let i = 0; i < 50; i++) {
      pass(1000)
      live.second()
    }
    expect(live.rates[0]).toBe(before)
    expect([...live.lanes[0]!].slice(-2).every(Number.isNaN)).toBe(true)
  })
  it('counts nothing as heard that passed before the first event back', () => {
    const { live, pass } = make()
    pass(70_000)
    live.event({ type: 'tick', data: { at: at(85), c: [4, 0] } })
    expect(live.lanes[0]![2]).toBeNaN()
    expect(live.lanes[0]![3]).toBe(4)
  })
  it('a beat that is merely late leaves no gap', () => {
    const { live, pass } = make({ now: at(29) })
    pass(1500)
    live.second()
    pass(500)
    live.event({ type: 'beat', data: { at: at(17) } })
    expect(live.lanes[0]![3]).toBe(0)
  })
  it('runs on the server’s clock', () => {
    const t = { wall: T0 - 3_600_000, mono: 0 },
      live = new WallLive({ wall: () => t.wall, mono: () => t.mono })
    live.event({ type: 'snapshot', data: wall() })
    expect(live.now()).toBe(T0 + 15_000)
  })
  it('a second snapshot replaces the open slot: nothing is counted twice', () => {
    const { live } = make()
    live.event({ type: 'tick', data: { at: at(15), c: [3, 0] } })
    live.event({
      type: 'snapshot',
      data: wall({
        history: [
          [10, 10, 10, 8],
          [5, 5, 5, 2],
        ],
      }),
    })
    expect(live.lanes[0]![3]).toBe(8)
  })
  it('comes back to Normal when things die down', () => {
    const { live, pass } = make({
      campaigns: [row('a')],
      history: [
        [10, 10, 60, 60],
        [5, 5, 5, 2],
      ],
    })
    const said = () => say(live.rows.sectors, live.levels, live.rows.campaigns, live.rows.feeds, null).word
    expect(said()).toBe('high')
    for (let i = 0; i < 700; i++) {
      pass(1000)
      live.event({ type: 'beat', data: { at: at(15 + i) } })
      live.second()
    }
    expect(said()).toBe('normal')
    expect(live.rows.campaigns[0]).toMatchObject({ delta: 0, trend: 'steady' })
  })
  it('tells its readers only when flushed', () => {
    const { live } = make(),
      f = vi.fn()
    live.flush()
    live.subscribe('lanes')(f)
    live.event({ type: 'tick', data: { at: at(15), c: [1, 1] } })
    live.event({ type: 'tick', data: { at: at(15), c: [1, 1] } })
    expect(f).not.toHaveBeenCalled()
    live.flush()
    live.flush()
    expect(f).toHaveBeenCalledOnce()
  })
})
