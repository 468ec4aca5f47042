// What analysts say of a campaign: overruled words stay to be read, a cut needs two different reports and a reason.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { cell } from '../src/api/client'
import type { CellCampaign } from '../src/api/types'
import { EAGER_FOR_MS } from '../src/lib/eager'
import { CellCampaignPage } from '../src/pages/CellCampaign'
import { SaidOfIt } from '../src/ui/CampaignWords'
import { said as T } from '../src/words/campaign-words'

afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
})

const at = '2026-11-26T10:00:00.000Z'
const report = (n: string) => ({
  case: n,
  at,
  sector: 'Energy',
  attack: 'Phishing',
  severity: 'high',
  title: '',
  passed_to: [],
})
const d = {
  campaign: { id: 'c1' },
  name: { text: 'Silver Heron', by: 'Kit', at },
  words: [
    { at, by: 'Kit', one: 'a', other: 'b', same: false, reason: 'another lure', overruled: true },
    { at, by: 'Ada', one: 'a', other: 'x', same: true, reason: 'the same kit', overruled: false },
  ],
  history: [],
  reports: [report('a'), report('b')],
} as unknown as CellCampaign
const name = (id: string) => ({ a: 'Report 1', b: 'Report 2' })[id] ?? ''
const show = (may: boolean, fresh = () => {}) =>
  render(
    <QueryClientProvider client={new QueryClient()}>
      <SaidOfIt d={d} now={Date.parse(at)} name={name} fresh={fresh} may={may} />
    </QueryClientProvider>,
  )

describe('what is said of a campaign', () => {
  it('is read the latest first, with what counts no more', () => {
    show(false)
    const [latest, before] = screen.getAllByRole('listitem').map(li => li.textContent ?? '')
    expect(latest).toContain(`${T.same('Report 1', T.elsewhere)}: the same kit`)
    expect(before).toContain(T.notSame('Report 1', 'Report 2'))
    expect(before).toContain(T.overruled)
    expect(screen.queryByRole('button')).toBeNull()
  })
  it('is said by those who may: a name at once', async () => {
    vi.spyOn(cell, 'campaigns').mockResolvedValue({ items: [], exercise: true } as never)
    const named = vi.spyOn(cell, 'name').mockResolvedValue(undefined as never),
      fresh = vi.fn()
    show(true, fresh)
    const field = screen.getByLabelText(T.name)
    expect(field).toHaveProperty('value', 'Silver Heron')
    fireEvent.change(field, { target: { value: 'Grey Heron' } })
    fireEvent.submit(field.closest('form')!)
    await vi.waitFor(() => expect(fresh).toHaveBeenCalledOnce())
    expect(named).toHaveBeenCalledWith('c1', 'Grey Heron')
  })
  it('a cut needs two different reports and a reason', async () => {
    vi.spyOn(cell, 'campaigns').mockResolvedValue({ items: [], exercise: true } as never)
    const relate = vi.spyOn(cell, 'relate').mockResolvedValue(undefined as never)
    show(true)
    const form = screen.getByLabelText(T.partOne).closest('form')!,
      fill = (label: string, value: string) =>
        fireEvent.change(within(form).getByLabelText(label), { target: { value } })
    fireEvent.submit(form)
    expect((await screen.findAllByText(T.needReport)).length).toBeGreaterThan(0)
    fill(T.partOne, 'a')
    fill(T.partOther, 'a')
    fill(T.why, 'another lure, another hand')
    fireEvent.submit(form)
    expect((await screen.findAllByText(T.twice)).length).toBeGreaterThan(0)
    expect(relate).not.toHaveBeenCalled()
    fill(T.partOther, 'b')
    fireEvent.submit(form)
    await within(form).findByText(T.done)
    expect(relate).toHaveBeenCalledWith('a', 'b', false, 'another lure, another hand')
  })
})

describe('a campaign that was named', () => {
  it('has its name soon, although the answer that came first does not know it yet', async () => {
    const said = {
      ...d,
      name: undefined,
      words: [],
      reports: [],
      aliases: [],
      reasons: [],
      indicators: [],
      timeline: [],
    }
    const called = (title: string) =>
      ({
        ...said,
        campaign: { id: 'c1', title, letter: 'A', severity: 'high', trend: 'steady', sectors: [], firms: 1 },
      }) as never
    vi.spyOn(cell, 'campaigns').mockResolvedValue({ items: [], exercise: true } as never)
    vi.spyOn(cell, 'name').mockResolvedValue(undefined as never)
    const asked = vi.spyOn(cell, 'campaign').mockResolvedValue(called('Phishing'))
    render(
      <QueryClientProvider client={new QueryClient()}>
        <CellCampaignPage id="c1" exercise={false} lead={false} passes={false} judges />
      </QueryClientProvider>,
    )
    const field = await screen.findByLabelText(T.name)
    fireEvent.change(field, { target: { value: 'Grey Heron' } })
    fireEvent.submit(field.closest('form')!)
    // The first answer after the act is still the old one; what the fold took in meanwhile is in the next.
    await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(2))
    asked.mockResolvedValue(called('Grey Heron'))
    await screen.findByRole('heading', { level: 1, name: /Grey Heron/ }, { timeout: EAGER_FOR_MS })
  })
})
