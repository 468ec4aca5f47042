// Signing in by passkey or code, refusals at their fields, acts that ask who it is, links, navigation by rights.
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../src/api/client'
import type { Session } from '../src/api/types'
import { NoPasskey, fromBase64url, toBase64url, unpacked } from '../src/lib/passkey'
import { Notices } from '../src/pages/Account'
import { tokenOf } from '../src/pages/Join'
import { SignInForm } from '../src/pages/SignIn'
import { lines, place, why } from '../src/ui/Form'
import { Name } from '../src/ui/Rows'
import { navigation } from '../src/ui/Shell'
import { NotSure, sure, sureStore } from '../src/ui/sure'
import { account } from '../src/words/account'
import { words as forms } from '../src/words/forms'
import { words } from '../src/words/portal'

afterEach(cleanup)
const face = { face: 'member' as const, partnership: 'Northern', exercise: true }
const T = words.signin
const refusal = (status: number, detail = '', kind = '') => new ApiError(status, detail, null, kind)

describe('signing in', () => {
  it('offers the passkey alone until a password is asked for', async () => {
    const passkey = vi.fn().mockRejectedValue(refusal(401))
    render(<SignInForm face={face} passkeys passkey={passkey} done={() => {}} />)
    expect(screen.queryByLabelText(T.email)).toBeNull()
    fireEvent.click(screen.getByRole('button', { name: T.passkey }))
    await screen.findByText(T.passkeyWrong)
    fireEvent.click(screen.getByRole('button', { name: T.byPassword }))
    expect(screen.getByLabelText(T.email)).toBeTruthy()
  })
  it('asks for a code after a right password, and takes a recovery code instead', async () => {
    const challenge = {
        challenge: 'c',
        ends_at: new Date(Date.now() + 60_000).toISOString(),
        factors: ['totp', 'recovery-code'],
      },
      second = vi.fn().mockRejectedValueOnce(refusal(401)).mockResolvedValue({ name: 'Kit' }),
      done = vi.fn()
    render(
      <SignInForm
        face={face}
        passkeys={false}
        submit={vi.fn().mockResolvedValue(challenge)}
        second={second}
        done={done}
      />,
    )
    fireEvent.change(screen.getByLabelText(T.email), { target: { value: 'a@b.example' } })
    fireEvent.change(screen.getByLabelText(T.password), { target: { value: 'x' } })
    fireEvent.submit(screen.getByLabelText(T.email).closest('form')!)
    fireEvent.change(await screen.findByLabelText(T.code), { target: { value: '123 456' } })
    fireEvent.submit(screen.getByLabelText(T.code).closest('form')!)
    await screen.findByText(T.wrongCode)
    expect(second).toHaveBeenLastCalledWith('member', 'c', '123456', false)
    fireEvent.click(screen.getByRole('button', { name: T.toRecovery }))
    fireEvent.change(screen.getByLabelText(T.recovery), { target: { value: 'abcd-efgh' } })
    fireEvent.submit(screen.getByLabelText(T.recovery).closest('form')!)
    await vi.waitFor(() => expect(done).toHaveBeenCalledOnce())
    expect(second).toHaveBeenLastCalledWith('member', 'c', 'abcd-efgh', true)
  })
})

describe('refusals', () => {
  it('go to the field that the server names, else to the form', () => {
    expect(place(refusal(422, 'email: no address'), ['name', 'email'], 'go')).toBe('email')
    expect(place(refusal(422, 'nothing known'), ['name'], 'go')).toBe('go')
    expect(place(refusal(409, 'name is taken'), ['name'], 'go')).toBe('go')
  })
  it('say what to do in words', () => {
    expect(why(new NoPasskey())).toBe(forms.noPasskey)
    expect(why(refusal(0))).toBe(forms.offline)
    expect(why(refusal(500, 'boom'))).toBe(forms.broken)
    expect(why(refusal(409, 'this is the last factor'))).toBe('This is the last factor')
  })
})

describe('acts that ask who it is', () => {
  it('are done once more after a yes, and not at all after a no', async () => {
    const act = vi
      .fn()
      .mockRejectedValueOnce(refusal(403, '', 'confirm'))
      .mockResolvedValue('done')
    const first = sure(act)
    await vi.waitFor(() => expect(sureStore.get().open).toBe(true))
    sureStore.get().answer(true)
    expect(await first).toBe('done')
    const never = vi.fn().mockRejectedValue(refusal(403, '', 'confirm')),
      second = sure(never)
    await vi.waitFor(() => expect(sureStore.get().open).toBe(true))
    sureStore.get().answer(false)
    await expect(second).rejects.toBeInstanceOf(NotSure)
    expect(never).toHaveBeenCalledOnce()
  })
})

describe('small things', () => {
  it('turn passkeys’ binary parts there and back', () => {
    const text = 'AAECAwT_-g'
    expect(toBase64url(fromBase64url(text))).toBe(text)
    const o = unpacked({ challenge: text, user: { id: text, name: 'x' }, excludeCredentials: [{ id: text }] })
    expect(new Uint8Array(o['challenge'] as ArrayBuffer)).toEqual(new Uint8Array(fromBase64url(text)))
  })
  it('read a link’s token from behind the sign', () => {
    expect(tokenOf('#fci_abc')).toBe('fci_abc')
    expect(tokenOf('')).toBe('')
  })
  it('read one entry a line', () => expect(lines(' a \n\nb')).toEqual(['a', 'b']))
  it('show a name as text, apart', () => {
    const { container } = render(<Name>{'<img src=x onerror=alert(1)>\u202e'}</Name>)
    expect(container.querySelector('img')).toBeNull()
    expect(container.querySelector('bdi')?.textContent).toContain('<img')
  })
  it('navigation holds what somebody has a right to and no more', () => {
    const to = (f: Session['face'], rights: string[]) =>
      navigation(f, rights).flatMap(part => part.items.map(i => i.to))
    expect(to('member', ['read-released'])).not.toContain('/people')
    expect(to('member', ['manage-own'])).toContain('/people')
    expect(to('cell', ['read-audit', 'run-system'])).toEqual(['/admin/audit', '/admin/mail', '/admin/settings'])
  })
})

describe('news by mail', () => {
  it('is off until somebody turns it on, and says what it tells', async () => {
    const choose = vi.fn().mockResolvedValue(undefined),
      changed = vi.fn()
    render(<Notices on={false} choose={choose} changed={changed} />)
    expect(screen.getByText(account.noticesTell)).toBeTruthy()
    fireEvent.click(screen.getByRole('button', { name: account.noticesStart }))
    await vi.waitFor(() => expect(changed).toHaveBeenCalledWith(account.noticesDone))
    expect(choose).toHaveBeenCalledWith(true)
  })
  it('can be stopped', async () => {
    const choose = vi.fn().mockResolvedValue(undefined)
    render(<Notices on={true} choose={choose} changed={() => {}} />)
    fireEvent.click(screen.getByRole('button', { name: account.noticesStop }))
    await vi.waitFor(() => expect(choose).toHaveBeenCalledWith(false))
  })
})
