// The report's pages as rendered, without a server: what a tab that is behind does, what is kept, what is said of each value and file.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider, createMemoryHistory, createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { act, cleanup, fireEvent, render, renderHook, screen, waitFor } from '@testing-library/react'
import type { ReactNode } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { member } from '../src/api/client'
import type { OwnReport } from '../src/api/coming'
import { reports, type Receipt } from '../src/api/reports'
import { EMPTY, draftKey, forgetKept, keepReceipt, keptReceipt, readDraft } from '../src/lib/draft'
import { fate } from '../src/lib/fate'
import { useDraft } from '../src/lib/use-draft'
import { Received } from '../src/pages/ReportParts'
import { Check, Contact, Now, Share, papWord, warnWord } from '../src/pages/ReportSteps'
import { Values, useFinding } from '../src/pages/ReportValues'
import { Call, dialled } from '../src/ui/Call'
import { Files } from '../src/ui/Files'
import { Said } from '../src/ui/Said'
import { Unread } from '../src/ui/Shell'
import { files as F, report as T, thread } from '../src/words/report'

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
})
afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
})

const KEY = draftKey('Firm/Kit')
const inRouter = async (page: ReactNode) => {
  const root = createRootRoute({ component: () => page })
  const of = (path: string) => createRoute({ getParentRoute: () => root, path })
  const router = createRouter({
    routeTree: root.addChildren([of('/report'), of('/reports/$ref'), of('/search')]),
    history: createMemoryHistory({ initialEntries: ['/report'] }),
  })
  await router.load()
  return render(<RouterProvider router={router as never} />)
}
const receipt = (more: Partial<Receipt['answer']> = {}): Receipt => ({
  status: 'received',
  reference: 'r-1',
  items: [],
  receipt: null,
  exercise: true,
  answer: {
    call: 'Call 0123.',
    known: 0,
    language: 'en',
    looked_up: 0,
    mail: null,
    phone: '0123 4567',
    steps: ['First', 'Second'],
    text: 'Nothing was known.',
    title: 'Phishing',
    values: [],
    ...more,
  },
})

describe('two tabs, one draft', () => {
  const other = (title: string) => localStorage.setItem(KEY, JSON.stringify({ ...EMPTY, title, version: 9 }))
  it('never writes over what another tab wrote, and keeps its own words over a reload', () => {
    const tab = renderHook(() => useDraft('Firm/Kit'))
    act(() => tab.result.current.change({ title: 'mine' }))
    other('theirs')
    act(() => tab.result.current.change({ title: 'mine, longer' }))
    expect(readDraft(localStorage.getItem(KEY)).title).toBe('theirs')
    expect(tab.result.current.newer).toMatchObject({ title: 'theirs' })
    expect(tab.result.current.draft.title).toBe('mine, longer')
    tab.unmount()
    const again = renderHook(() => useDraft('Firm/Kit'))
    expect(again.result.current.draft.title).toBe('mine, longer')
    expect(again.result.current.newer).toMatchObject({ title: 'theirs' })
    act(() => again.result.current.mine())
    expect(readDraft(localStorage.getItem(KEY)).title).toBe('mine, longer')
    expect(again.result.current.newer).toBeNull()
  })
  it('takes the newer one when told to, and goes on from there', () => {
    const tab = renderHook(() => useDraft('Firm/Kit'))
    act(() => tab.result.current.change({ title: 'mine' }))
    other('theirs')
    act(() => void dispatchEvent(new StorageEvent('storage', { key: KEY })))
    expect(tab.result.current.newer).toMatchObject({ title: 'theirs' })
    act(() => tab.result.current.take())
    act(() => tab.result.current.change({ narrative: 'more' }))
    expect(readDraft(localStorage.getItem(KEY))).toMatchObject({ title: 'theirs', narrative: 'more' })
  })
  it('says that the other tab has sent it', () => {
    const tab = renderHook(() => useDraft('Firm/Kit'))
    act(() => tab.result.current.change({ title: 'mine' }))
    localStorage.removeItem(KEY)
    act(() => void dispatchEvent(new StorageEvent('storage', { key: KEY })))
    expect(tab.result.current.newer).toBe('gone')
    expect(tab.result.current.draft.title).toBe('mine')
  })
  it('names one sending until something changes', () => {
    const tab = renderHook(() => useDraft('Firm/Kit')),
      name = vi.fn(() => 'k')
    act(() => void tab.result.current.named(name))
    act(() => void tab.result.current.named(name))
    expect(name).toHaveBeenCalledOnce()
    act(() => tab.result.current.change({ title: 'x' }))
    expect(tab.result.current.draft.key).toBe('')
  })
})

describe('the receipt', () => {
  it('is kept until it is dismissed or somebody signs out', () => {
    keepReceipt('a', { receipt: receipt(), ongoing: true })
    expect(keptReceipt('a')).toMatchObject({ ongoing: true, receipt: { reference: 'r-1' } })
    expect(keptReceipt('b')).toBeNull()
    localStorage.setItem(KEY, '{}')
    forgetKept()
    expect(keptReceipt('a')).toBeNull()
    expect(localStorage.getItem(KEY)).toBeNull()
  })
  it('numbers what to do, shows the number, and saves a file', async () => {
    await inRouter(<Received r={receipt()} reach={{}} ongoing again={() => {}} dismiss={() => {}} />)
    expect([...document.querySelectorAll('ol.numbered')[0]!.children].map(x => x.textContent)).toEqual([
      'First',
      'Second',
    ])
    expect(screen.getByRole('link', { name: '0123 4567' }).getAttribute('href')).toBe('tel:01234567')
    expect(screen.getByRole('link', { name: T.receipt.download }).getAttribute('download')).toBe('receipt-r-1.json')
  })
})

describe('the questions', () => {
  it('show the number itself while it is going on', () => {
    const { rerender } = render(<Now draft={EMPTY} change={() => {}} bad={() => false} reach={{ phone: '0300 1' }} />)
    expect(screen.queryByText('0300 1')).toBeNull()
    rerender(
      <Now draft={{ ...EMPTY, ongoing: 'yes' }} change={() => {}} bad={() => false} reach={{ phone: '0300 1' }} />,
    )
    expect(screen.getByText('0300 1')).toBeTruthy()
    cleanup()
    render(<Call />)
    expect(screen.getByRole('link', { name: T.now.how })).toBeTruthy()
    expect(dialled('+44 (0) 20-1')).toBe('tel:+440201')
  })
  it('say TLP and PAP in words, and choose no answer', () => {
    render(<Share draft={EMPTY} change={() => {}} bad={() => false} groups={[{ id: 'g', name: 'Ports' }]} />)
    expect(document.querySelectorAll('input:checked')).toHaveLength(0)
    expect(screen.getByLabelText(new RegExp('Ports'))).toBeTruthy()
    expect(screen.getByLabelText(T.share.pap).textContent).toContain('block it')
  })
  it('are checked with contact, markings and the name of the group', async () => {
    const groups = [{ id: 'g', name: 'Ports' }]
    expect(warnWord('group:g', undefined)).toBe('…')
    expect(warnWord('group:x', groups)).toBe(T.share.groupGone)
    const d = { ...EMPTY, warn: 'group:g', know: 'cell', contact: '0777', paste: 'x', title: 't', narrative: 'n' }
    await inRouter(<Check draft={d} groups={groups} kept />)
    const text = document.querySelector('dl')!.textContent
    for (const word of [T.share.group('Ports'), '0777', 'TLP:GREEN', papWord('GREEN'), T.check.unread])
      expect(text).toContain(word)
    cleanup()
    // Where nobody may know, it is kept for two leads, or not at all; the page says which.
    await inRouter(<Check draft={{ ...d, know: 'nobody' }} groups={groups} kept />)
    expect(document.querySelector('dl')!.textContent).toContain(`0777 ${T.contact.sealed}`)
    cleanup()
    await inRouter(<Check draft={{ ...d, know: 'nobody' }} groups={groups} kept={false} />)
    expect(document.querySelector('dl')!.textContent).not.toContain('0777')
    expect(document.querySelector('dl')!.textContent).toContain(T.contact.notSent)
  })
  it('ask how to reach somebody only where that is kept, and say beside it who reads it', () => {
    const asked = (know: string, kept: boolean | undefined) => {
      cleanup()
      render(<Contact draft={{ ...EMPTY, know }} change={() => {}} bad={() => false} kept={kept} />)
      return screen.queryByLabelText(T.contact.label)?.getAttribute('aria-describedby') ?? null
    }
    expect(asked('nobody', false)).toBeNull()
    expect(screen.getByText(T.contact.notKept)).toBeTruthy()
    for (const [know, kept, hint] of [
      ['nobody', true, T.contact.hintNobody],
      ['nobody', undefined, T.contact.hintNobody],
      ['cell', false, T.contact.hint],
    ] as const)
      expect(document.getElementById(asked(know, kept) ?? '')?.textContent).toBe(hint)
  })
  it('look through a file that is dropped', async () => {
    const extract = vi.spyOn(reports, 'extract').mockResolvedValue({
      document: 'mail',
      left_out: [],
      left_out_beyond: 0,
      mail: null,
      notes: [],
      techniques: [],
      values: [
        {
          value: 'a.test',
          defanged: 'a[.]test',
          kind: 'domain',
          offered: true,
          own: false,
          internal: false,
          everyday: false,
          place: 'body',
        },
      ],
      values_beyond: 0,
      exercise: true,
    } as never)
    const Page = () => {
      const { draft, change } = useDraft('Firm/Kit')
      return <Values draft={draft} change={change} finding={useFinding(draft, change)} />
    }
    render(<Page />)
    const file = new File(['x'], 'a.eml')
    fireEvent.drop(document.querySelector('.dropzone')!, { dataTransfer: { types: ['Files'], files: [file] } })
    await waitFor(() => expect(screen.getByText(T.paste.foundIn('a.eml', T.paste.found(1)))).toBeTruthy())
    expect(extract).toHaveBeenCalledWith(file)
    expect(screen.getByText('a[.]test')).toBeTruthy()
  })
})

describe('the thread', () => {
  const view = (more: Partial<OwnReport>): OwnReport =>
    ({ state: 'read', warn: 'now', tlp: 'GREEN', ...more }) as OwnReport
  const v = { kind: 'domain', value: 'a.test', held: null }
  it('says by rule what became of each value', () => {
    const F2 = thread.fates
    expect(fate(view({}), v).word).toBe(F2.now)
    expect(fate(view({ state: 'recalled' }), v).word).toBe(F2.recalled)
    expect(fate(view({ state: 'withdrawn' }), v).word).toBe(F2.withdrawn)
    expect(fate(view({}), { ...v, held: 'own name' }).word).toBe(F2.held('own name'))
    expect(fate(view({ warn: 'cell-only' }), v).word).toBe(F2.cell)
    expect(fate(view({ tlp: 'RED' }), v).word).toBe(F2.red)
    expect(fate(view({ warn: 'group:x' }), v).word).toBe(F2.group)
    expect(fate(view({}), { ...v, released_at: '2026-01-01T00:00:00Z' })).toMatchObject({ word: F2.since })
  })
  it('shows hostile words as text', () => {
    const row = { from: 'cell', at: '2026-01-01T00:00:00Z', kind: 'message', text: '<svg onload=x>', asks: true }
    render(<Said rows={[row]} own="reporter" of={() => 'The cell'} />)
    expect(document.querySelector('svg')).toBeNull()
    expect(screen.getByText('<svg onload=x>')).toBeTruthy()
    expect(screen.getByText(thread.asks)).toBeTruthy()
  })
  it('counts what is new', async () => {
    vi.spyOn(member, 'unread').mockResolvedValue(3)
    render(
      <QueryClientProvider client={new QueryClient()}>
        <Unread />
      </QueryClientProvider>,
    )
    await screen.findByText('3')
  })
})

describe('files', () => {
  const props = { at: '/api/v1/reports/r/files', who: () => 'You', may: true, fresh: () => {} }
  const one = { id: 'f', name: '<b>.eml', size: 2048, sha256: 'ab', kind: 'mail', notes: ['not opened'] }
  it('are not there while the view has none', () => {
    render(<Files {...props} files={undefined} />)
    expect(document.querySelector('section')).toBeNull()
  })
  it('are saved by a link, with what there is to know of them', () => {
    render(<Files {...props} files={[one]} />)
    const save = screen.getByRole('link', { name: new RegExp(F.download) })
    expect(save.getAttribute('href')).toBe('/api/v1/reports/r/files/f')
    expect(screen.getByText('not opened')).toBeTruthy()
    expect(document.querySelector('section b')).toBeNull()
  })
  it('are refused here when none is chosen or it is empty, and no more than twenty are asked for', () => {
    const { rerender } = render(<Files {...props} files={[]} />)
    fireEvent.submit(document.querySelector('form')!)
    expect(screen.getByText(F.need)).toBeTruthy()
    rerender(<Files {...props} files={Array.from({ length: 20 }, (_, i) => ({ ...one, id: `${i}` }))} />)
    expect(document.querySelector('form')).toBeNull()
    expect(screen.getByText(F.full(20))).toBeTruthy()
  })
})
