// Pages and walls as rendered, without a server.
import { RouterProvider, createMemoryHistory, createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../src/api/client'
import type { CellCampaign } from '../src/api/types'
import { links, matrix } from '../src/lib/matrix'
import { isExercise, setExercise } from '../src/lib/exercise'
import { MARKINGS, refused } from '../src/pages/Write'
import { SignInForm, problemOf } from '../src/pages/SignIn'
import { Verdict } from '../src/pages/Search'
import { Failed } from '../src/ui/States'
import { Exercise, Severity, Tlp } from '../src/ui/bits'
import { Value } from '../src/ui/Value'
import { Behind } from '../src/wall/Frame'
import { Wall } from '../src/wall/Wall'
import { MemberWall } from '../src/wall/MemberWall'
import { MemberLive } from '../src/wall/member-live'
import { WallLive } from '../src/wall/live'
import { say } from '../src/wall/posture'
import { words } from '../src/words/portal'
import { wall as wallWords } from '../src/words/wall'
import { T0, advisory, at, campaign, home, indicator, report, row, wall } from './things'

afterEach(cleanup)
const face = { face: 'member' as const, partnership: 'Northern', exercise: true }

describe('markings', () => {
  it.each(['RED', 'AMBER', 'AMBER+STRICT', 'GREEN', 'CLEAR'])('TLP:%s comes with its meaning in words', v => {
    const { container } = render(<Tlp v={v} meaning />)
    expect(container.textContent).toBe(`TLP:${v} ${words.tlp[v]}`)
    expect(container.querySelector(`.tlp-${v.replace('+', '-')}`)).toBeTruthy()
  })
  it('takes a prefixed label', () => {
    const { container } = render(<Tlp v="tlp:amber" />)
    expect(container.querySelector('.tlp')!.textContent).toBe('TLP:AMBER')
  })
  it('severity is shape and word, not colour alone', () => {
    const { container } = render(<Severity v="critical" />)
    expect(container.textContent).toBe('Critical')
    expect(container.querySelector('svg path')).toBeTruthy()
  })
  it('EXERCISE is shown only in one', () => {
    const { container } = render(
      <>
        <Exercise on={false} />
        <Exercise on />
      </>,
    )
    expect(container.textContent).toBe('EXERCISE')
  })
})

describe('sign-in', () => {
  it('gives a wrong address and a wrong password one answer', () =>
    expect(problemOf(new ApiError(401, 'no such person', null))).toBe(words.signin.wrong))
  it('says how long to wait', () => expect(problemOf(new ApiError(429, '', 30))).toContain('30 seconds'))
  it('tells an unreachable server from a broken one', () => {
    expect(problemOf(new ApiError(0, '', null))).toBe(words.signin.offline)
    expect(problemOf(new ApiError(500, '', null))).toBe(words.signin.broken)
  })
  it('asks for what is missing, in a summary that takes the focus, and sends nothing', () => {
    const submit = vi.fn()
    render(<SignInForm face={face} submit={submit} done={() => {}} />)
    fireEvent.submit(screen.getByRole('button', { name: words.signin.go }).closest('form')!)
    expect(submit).not.toHaveBeenCalled()
    expect(document.activeElement).toBe(screen.getByRole('alert'))
    expect([...document.querySelectorAll('.errsum a')].map(a => a.textContent)).toEqual([
      words.signin.needEmail,
      words.signin.needPassword,
    ])
    expect(document.title).toMatch(/^Error:/)
  })
  it('shows a refusal and keeps the form; leads on only within this site', async () => {
    const done = vi.fn(),
      submit = vi
        .fn()
        .mockRejectedValueOnce(new ApiError(401, '', null))
        .mockResolvedValueOnce({ name: 'P' })
    render(<SignInForm face={face} next="//evil.example" submit={submit} done={done} />)
    fireEvent.change(screen.getByLabelText(words.signin.email), { target: { value: 'a@b.example' } })
    fireEvent.change(screen.getByLabelText(words.signin.password), { target: { value: 'x' } })
    const form = screen.getByLabelText(words.signin.email).closest('form')!
    fireEvent.submit(form)
    await screen.findByText(words.signin.wrong)
    fireEvent.submit(form)
    await waitFor(() => expect(done).toHaveBeenCalledWith({ name: 'P' }, '/'))
  })
})

describe('a refused advisory', () => {
  it.each([
    ['tlp: AMBER+STRICT is not for all members', 'tlp'],
    ['title is longer than 120 characters', 'title'],
    ['action is empty', 'actions'],
    ['campaign: there is none with this id', 'campaign'],
    ['weather: bad', 'send'],
  ])('“%s” belongs to %s', (detail, field) => {
    const p = refused(new ApiError(422, detail, null))
    expect(p.field).toBe(field)
    expect(p.text).toContain(detail.split(/:? /).slice(1).join(' ').slice(-10))
  })
  it('offers no marking that is for fewer than all members', () =>
    expect(MARKINGS).toEqual(['CLEAR', 'GREEN', 'AMBER']))
  it('a failure that is no field’s is said of the whole form', () =>
    expect(
      [refused(new ApiError(403, '', null)), refused(new ApiError(503, 'busy', null)), refused(null)].map(p => p.field),
    ).toEqual(['send', 'send', 'send']))
})

describe('EXERCISE', () => {
  afterEach(() => setExercise(false))
  it('is in the title of an error too, as the face last said', () => {
    setExercise(true)
    render(<Failed error={null} retry={() => {}} />)
    expect(document.title).toBe(`Error: [EXERCISE] ${words.states.failed} – Fusion Cell`)
  })
  it('is remembered while the server cannot be asked', () => {
    setExercise(true)
    expect(localStorage.getItem('fc-exercise')).toBe('1')
    expect(isExercise()).toBe(true)
  })
})

describe('states', () => {
  it('an error says what failed, that work is safe, and offers one action', () => {
    const again = vi.fn()
    render(<Failed error={new ApiError(503, 'the journal is full', null)} retry={again} />)
    expect(screen.getByRole('alert').textContent).toContain('the journal is full')
    expect(screen.getByText(words.states.safe)).toBeTruthy()
    fireEvent.click(screen.getByRole('button'))
    expect(again).toHaveBeenCalledOnce()
  })
  it('“not seen” is said not to be “safe”, even if the server forgets', () => {
    render(<Verdict verdict="not-seen" value="a.example" kind="domain" meaning="Nothing." />)
    expect(screen.getByText(/does not mean safe/)).toBeTruthy()
    expect(screen.getByText('a[.]example')).toBeTruthy()
  })
  it('a verdict has an icon and words', () => {
    const { container } = render(<Verdict verdict="block" value="a.example" kind="domain" meaning="M" />)
    expect(screen.getByRole('heading').textContent).toBe('Block it')
    expect(container.querySelector('h2 svg')).toBeTruthy()
  })
})

describe('the wall’s posture', () => {
  const sectors = [
    { id: 'e', name: 'Energy', normal: 1, walled: false },
    { id: 'w', name: 'Water', normal: 1, walled: false },
  ]
  it('is high when a sector is and something spreads', () =>
    expect(say(sectors, [2, 0], [row('a')], [], null)).toEqual({
      word: 'high',
      first: 'Energy well above normal',
      second: 'Campaign A spreading',
    }))
  it('is never a plain Normal from a part-blind screen', () =>
    expect(say(sectors, [0, 0], [], [{ id: 's', name: 'S', at: null, silent: true }], null)).toMatchObject({
      word: 'normal',
      second: 'Nothing is spreading, but 1 source is silent',
    }))
  it('takes the lead’s word up, never down', () => {
    expect(say(sectors, [0, 0], [], [], { word: 'high', text: 'Told', at: at(0) })).toMatchObject({
      word: 'high',
      first: 'Told',
    })
    expect(say(sectors, [2, 0], [row('a')], [], { word: 'normal', text: 'Calm', at: at(0) }).word).toBe('high')
  })
})

describe('the cell’s wall', () => {
  const made = (w: Parameters<typeof wall>[0] = {}) => {
    const t = { wall: T0 + 15_000, mono: 0 },
      live = new WallLive({ wall: () => t.wall, mono: () => t.mono })
    live.event({ type: 'snapshot', data: wall(w) })
    live.flush()
    return { live, t }
  }
  it('has every panel', () => {
    const { live } = made({
      campaigns: [row('a')],
      reports: [report('r')],
      alerts: [{ id: 'x', title: 'Do it', tlp: 'GREEN', at: at(0), sent: 9, read: 4 }],
      feeds: [{ id: 'p', name: 'Portal', at: at(0), silent: false }],
    })
    const { container } = render(<Wall live={live} exercise />)
    for (const h of [wallWords.lanes, wallWords.same, wallWords.reports, wallWords.alerts, wallWords.sources])
      expect(screen.getByRole('heading', { name: h })).toBeTruthy()
    expect(container.textContent).toMatch(/EXERCISE.*Live/)
    expect(container.textContent).toContain('4 of 9 read')
    expect(container.textContent).toContain('unclaimed')
    expect(container.querySelector('canvas')!.getAttribute('aria-label')).toBeTruthy()
  })
  it('a number of firms that is only the most there can be says so', () => {
    const { live } = made({ campaigns: [row('a', { firms: 2, firms_at_most: true }), row('b', { firms: 5 })] })
    const { container } = render(<Wall live={live} exercise={false} />)
    const told = [...container.querySelectorAll('.facts')].map(p => p.textContent ?? '')
    expect(told.length).toBe(2)
    expect(told.join()).toContain('≤ 2 firms')
    expect(told.join()).not.toContain('≤ 5')
    expect(words.desk.firms(2, true)).toBe('up to 2 firms')
  })
  it('quiet says what it means', () => {
    const { live } = made()
    render(<Wall live={live} exercise={false} />)
    expect(screen.getByText(wallWords.noSame)).toBeTruthy()
    expect(screen.getByText(wallWords.noReports)).toBeTruthy()
    expect(screen.getByText('Normal')).toBeTruthy()
  })
  it('behind: greys and says how far', () => {
    const { live, t } = made()
    t.mono += 10_000
    live.setLink('reconnecting', t.wall + 4000)
    const { container } = render(<Wall live={live} exercise={false} />)
    expect(container.querySelector('.stale')).toBeTruthy()
    const banner = container.querySelector('.behind')!
    expect(banner.textContent).toContain('This screen is 10 seconds behind. Reconnecting…')
    expect(banner.textContent).toContain('Next try in 4 seconds')
  })
  it('behind: is read out once, not with every second', () => {
    const said = [6000, 7000, 65_000].map(age => {
      const { container, unmount } = render(<Behind ready age={age} link="reconnecting" wait={3} />)
      const alerts = [...container.querySelectorAll('[role=alert], [aria-live]')].map(x => x.textContent)
      unmount()
      return alerts.join()
    })
    expect(new Set(said)).toEqual(new Set([wallWords.behindNow]))
  })
  it('hides a pointer at rest and shows it when it moves', () => {
    vi.useFakeTimers()
    const { live } = made()
    render(<Wall live={live} exercise />)
    const still = () => document.documentElement.classList.contains('still')
    vi.advanceTimersByTime(3100)
    expect(still()).toBe(true)
    fireEvent.pointerMove(document.body)
    expect(still()).toBe(false)
    vi.useRealTimers()
  })
  it('signed out says so and offers the way back', () => {
    const { live } = made()
    live.setLink('signed-out', null)
    render(<Wall live={live} exercise={false} />)
    expect(screen.getByRole('link', { name: wallWords.signIn }).getAttribute('href')).toBe('/signin?next=/wall')
  })
  it('not reached yet is not drawn as quiet', () => {
    const live = new WallLive()
    live.setLink('reconnecting', null)
    render(<Wall live={live} exercise={false} />)
    expect(screen.queryByText(wallWords.noReports)).toBeNull()
    expect(screen.getByRole('alert').textContent).toContain(wallWords.cannot)
  })
})

describe('the member’s wall', () => {
  it('shows released form only: no lanes, rates or read counts', () => {
    const live = new MemberLive({ wall: () => T0, mono: () => 0 })
    live.event({
      type: 'snapshot',
      data: home({
        advisories: [advisory('x')],
        campaigns: [campaign('Fake mails', 0, { band: '4+', sectors: ['Energy'] })],
        latest: [indicator('evil', 0, { block: true })],
        posture: { type: 'posture', word: 'raised', text: 'Be careful', released_at: at(0) },
      }),
    })
    const { container } = render(<MemberWall live={live} exercise />)
    expect(container.querySelector('canvas')).toBeNull()
    for (const t of [
      'EXERCISE',
      'Raised',
      'Be careful',
      'at 4+ members',
      'Energy',
      'evil[.]example',
      'Block',
      'First',
      'Second',
    ])
      expect(container.textContent).toContain(t)
    expect(container.textContent).not.toMatch(/\bread\b|a min|× normal|firms/)
  })
})

describe('why reports are linked', () => {
  it('tells two reports once, with all that they share', () => {
    const r = (from: string, to: string, text: string) => ({ from, to, text, at: at(0) })
    expect(
      links([
        r('b', 'a', 'both name x'),
        r('b', 'a', 'both name y'),
        r('c', 'a', 'both name x'),
        r('c', 'a', 'a lead said so'),
        r('c', 'a', 'x is on a host that the other names too'),
      ]).map(l => l.text),
    ).toEqual(['both name x and y', 'both name x; a lead said so'])
  })
})

describe('report × indicator', () => {
  const c: Pick<CellCampaign, 'reports' | 'indicators'> = {
    reports: [
      {
        case: 'a',
        at: at(0),
        sector: 'Energy',
        attack: 'P',
        severity: 'high',
        title: 't',
        passed_to: [],
        withdrawn: false,
      },
      {
        case: 'b',
        at: at(60),
        sector: null,
        attack: 'P',
        severity: 'high',
        title: 't',
        passed_to: [],
        withdrawn: false,
      },
      {
        case: 'c',
        at: at(90),
        sector: 'Energy',
        attack: 'P',
        severity: 'high',
        title: 't',
        passed_to: [],
        withdrawn: false,
      },
    ],
    indicators: [
      { kind: 'domain', value: 'late.example', score: 1, noise: null, reports: [1, 2] },
      { kind: 'domain', value: 'single.example', score: 1, noise: null, reports: [0] },
      { kind: 'domain', value: 'early.example', score: 1, noise: null, reports: [0, 2] },
    ],
  }
  it('groups columns by sector in the order hit, marks who held a value first, and folds singles last', () => {
    const m = matrix(c, 'not shown')
    expect(m.groups).toEqual([
      { sector: 'Energy', span: 2 },
      { sector: 'not shown', span: 1 },
    ])
    expect(m.columns.map(x => x.index)).toEqual([0, 2, 1])
    expect(m.rows.map(r => [r.value, r.cells])).toEqual([
      ['early.example', ['first', 'has', '']],
      ['late.example', ['', 'has', 'first']],
      ['single.example', ['first', '', '']],
    ])
    expect(m.single).toBe(1)
  })
})

describe('a value', () => {
  it.each([
    ['ja3', '0123456789abcdef0123456789abcdef'],
    ['mutex', 'Global\\Quiet Lantern'],
    ['domain', 'evil.example'],
  ])('of kind %s leads to its look-up as that kind', async (kind, value) => {
    const root = createRootRoute(),
      home = createRoute({
        getParentRoute: () => root,
        path: '/',
        component: () => <Value value={value} kind={kind} />,
      }),
      search = createRoute({ getParentRoute: () => root, path: '/search' })
    const router = createRouter({
      routeTree: root.addChildren([home, search]),
      history: createMemoryHistory({ initialEntries: ['/'] }),
    })
    render(<RouterProvider router={router as never} />)
    const to = new URL((await screen.findByRole('link')).getAttribute('href')!, 'http://localhost')
    expect([to.pathname, to.searchParams.get('q'), to.searchParams.get('kind')]).toEqual(['/search', value, kind])
  })
})
