// Leads' keys on a device, which of them opens a case, and keys of others that wait until somebody heard whose they are.
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core'
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sources } from '../src/api/sources'
import {
  type LeadKey,
  fingerprintOf,
  hex,
  keepLeadKey,
  keptLeadKeys,
  keyFor,
  makeLeadKey,
  shareOf,
} from '../src/lib/lead'
import { ShareByCommand } from '../src/pages/admin/ByCommand'
import { OwnKey, type View, WaitingKeys } from '../src/pages/admin/LeadKeys'
import { sources as T } from '../src/words/sources'

type Asked = { result?: unknown; onsuccess?: () => void }
const later = (work: () => unknown): Asked => {
  const asked: Asked = {}
  queueMicrotask(() => {
    asked.result = work()
    asked.onsuccess?.()
  })
  return asked
}
const store = new Map<string, unknown>()
beforeEach(() => {
  store.clear()
  const objectStore = () => ({
    put: (value: unknown, key: string) => later(() => store.set(key, value)),
    getAll: () => later(() => [...store.values()]),
  })
  const db = { close: () => {}, transaction: () => ({ objectStore }) }
  vi.stubGlobal('indexedDB', { open: () => later(() => db) })
})
afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const made = async () => (await makeLeadKey()).key
async function sealedTo(key: LeadKey, secret: Uint8Array<ArrayBuffer>) {
  const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
  const info = new TextEncoder().encode('fusioncell source register 1')
  const { enc, ct } = await suite.seal({ recipientPublicKey: key.pair.publicKey, info: info.buffer }, secret.buffer)
  return hex(enc) + hex(ct)
}

const FINGERPRINT = '2d7116c4a90e5b3f2d7116c4a90e5b3f'
const waiting = { id: 'p', name: 'Zoe', fingerprint: FINGERPRINT, day: '2026-11-27', confirmed_by: [] as string[] }
const view = (more: Partial<View>): View => ({ sealed: true, leads: [], waiting: [], openings: [], ...more })
const ownLead = { id: 'o', name: 'Ada', fingerprint: 'ff', day: '2026-11-27', own: true }

describe('a lead’s keys on this device', () => {
  it('lie side by side, and the one opens what was sealed to it', async () => {
    const [first, second] = [await made(), await made()]
    for (const key of [first, second, first]) await keepLeadKey(key)
    const kept = await keptLeadKeys()
    expect(kept.map(k => k.public).sort()).toEqual([first.public, second.public].sort())
    const sealed = await sealedTo(first, new Uint8Array(32).fill(7))
    expect((await keyFor(kept, sealed))?.public).toBe(first.public)
    expect(await keyFor([second], sealed)).toBeNull()
    expect(await shareOf(first, sealed, '00000000-0000-4000-8000-00000000000f')).toMatch(/^[0-9a-f]{64}$/)
  })
  it('hold the one of an earlier version once', async () => {
    const key = await made()
    store.set('lead', key)
    await keepLeadKey(key)
    expect(await keptLeadKeys()).toHaveLength(1)
  })
  it('say so when a file holds another than the one that is enrolled, and keep it', async () => {
    const { key, file } = await makeLeadKey()
    const own = { ...waiting, own: true, own_confirmed: false, fingerprint: await fingerprintOf((await made()).public) }
    const enrolled = async (k: LeadKey) => (await fingerprintOf(k.public)) === own.fingerprint
    render(<OwnKey of={view({ waiting: [own] })} here={false} enrolled={enrolled} told={() => {}} />)
    fireEvent.change(screen.getByLabelText(T.load), { target: { files: [new File([file], 'fusioncell-lead.key')] } })
    expect((await screen.findByRole('alert')).textContent).toBe(T.otherKey)
    expect((await keptLeadKeys()).map(k => k.public)).toEqual([key.public])
  })
  it('are read out by their owner while they wait', async () => {
    const own = { ...waiting, own: true, own_confirmed: false, confirmed_by: ['Uma'] }
    render(<OwnKey of={view({ waiting: [own] })} here enrolled={async () => true} told={() => {}} />)
    screen.getByText('2d71 16c4 a90e 5b3f 2d71 16c4 a90e 5b3f')
    screen.getByText(T.waits)
    screen.getByText(T.saidBy('Uma'))
  })
  it('are read out from the device that made them, and never as the server says', () => {
    const own = { ...waiting, own: true, own_confirmed: false }
    const { container } = render(
      <OwnKey of={view({ waiting: [own] })} here={false} enrolled={async () => false} told={() => {}} />,
    )
    screen.getByText(T.readOutElsewhere)
    expect(container.textContent).not.toContain(FINGERPRINT.slice(0, 4))
  })
})

describe('a key that waits', () => {
  const other = { ...waiting, own: false, own_confirmed: false }
  it('is confirmed by what its owner read out, which the page does not show', async () => {
    const confirm = vi.spyOn(sources, 'confirm').mockResolvedValue(undefined as never),
      told = vi.fn(),
      { container } = render(<WaitingKeys of={view({ leads: [ownLead], waiting: [other] })} told={told} />)
    expect(container.textContent).not.toContain(FINGERPRINT.slice(0, 4))
    const field = screen.getByLabelText<HTMLInputElement>(T.heard('Zoe'))
    expect(field.value).toBe('')
    fireEvent.submit(field.closest('form')!)
    await screen.findByText(T.needHeard)
    expect(confirm).not.toHaveBeenCalled()
    fireEvent.change(field, { target: { value: '2D71 16c4' } })
    fireEvent.submit(field.closest('form')!)
    await vi.waitFor(() => expect(told).toHaveBeenCalledWith(T.confirmed))
    expect(confirm).toHaveBeenCalledWith('p', '2D71 16c4')
  })
  it('is nobody’s to confirm whose own key does not count, or who has done so', () => {
    const { rerender } = render(<WaitingKeys of={view({ waiting: [other] })} told={() => {}} />)
    screen.getByText(T.notYou)
    const done = { ...other, own_confirmed: true, confirmed_by: ['Ada'] }
    rerender(<WaitingKeys of={view({ leads: [ownLead], waiting: [done] })} told={() => {}} />)
    screen.getByText(T.youSaid)
    expect(screen.queryByRole('button')).toBeNull()
    rerender(<WaitingKeys of={view({ waiting: [{ ...other, own: true }] })} told={() => {}} />)
    screen.getByText(T.waitingNone)
  })
})

describe('a key of the command line', () => {
  const filled = async (label: string, text: string) => {
    const field = screen.getByLabelText<HTMLInputElement>(label)
    fireEvent.submit(field.closest('form')!)
    fireEvent.change(field, { target: { value: text } })
    fireEvent.submit(field.closest('form')!)
  }
  it('is enrolled by its public half', async () => {
    const enrol = vi.spyOn(sources, 'enrol').mockResolvedValue(undefined as never),
      told = vi.fn()
    render(<OwnKey of={view({})} here={false} enrolled={async () => false} told={told} />)
    await filled(T.public, ` 04${'AB'.repeat(64)}\n`)
    await vi.waitFor(() => expect(told).toHaveBeenCalledWith(T.enrolled))
    expect(enrol.mock.calls).toEqual([[`04${'ab'.repeat(64)}`]])
  })
  it('gives a share of the one case, by the command that the page shows', async () => {
    const give = vi.spyOn(sources, 'give').mockResolvedValue(undefined as never),
      given = vi.fn(),
      { container } = render(<ShareByCommand of={{ id: 'i', case: 'c', secret: '5e' }} given={given} />)
    expect(container.querySelector('pre')?.textContent).toBe(T.shareCommand('c', '5e'))
    await filled(T.share, 'ab'.repeat(32))
    await vi.waitFor(() => expect(given).toHaveBeenCalled())
    expect(give.mock.calls).toEqual([['c', 'i', 'ab'.repeat(32)]])
  })
})
