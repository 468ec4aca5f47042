import { describe, expect, it, vi } from 'vitest'
import type { Wall } from '../src/api/types'
import { cellStep, emptyCell, shownCampaigns } from '../src/live/cell'
import { LATEST_MAX, memberStep, release } from '../src/live/member'
import { MemberLive } from '../src/wall/member-live'
import { WallLive } from '../src/wall/live'
import { T0, advisory, at, campaign, home, indicator, report, row, wall } from './things'

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
  it('asks to be fetched anew on resync', () => {
    expect(memberStep(home(), { type: 'resync', data: {} })).toBeNull()
    const live = new MemberLive(),
      again = vi.fn()
    live.onResync = again
    live.event({ type: 'resync', data: {} })
    expect(again).toHaveBeenCalledOnce()
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
  it('ask for a resync', () => expect(cellStep(s, { type: 'resync', data: {} })).toBeNull())
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
  it('asks for a resync rather than showing half a state', () => {
    const { live } = make(),
      again = vi.fn()
    live.onResync = again
    live.event({ type: 'resync', data: {} })
    expect(again).toHaveBeenCalledOnce()
    expect(live.rows.sectors).toHaveLength(2)
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
