// Ways to sign in: a passkey, a password, an authenticator app, recovery codes. Used by one's account and by joining.
import { Suspense, lazy, useState } from 'react'
import { own } from '../api/people'
import type { Face, Totp } from '../api/types'
import { makePasskey } from '../lib/passkey'
import { account as T } from '../words/account'
import { words } from '../words/forms'
import { Copy } from './Copy'
import { Frame, Go, Text, useForm } from './Form'
import { Act } from './Sheet'
import { sure } from './sure'

const Qr = lazy(() => import('./Qr').then(m => ({ default: m.Qr })))
export const PASSWORD_CHARS_MIN = 15

export function AddPasskey({ face, page, done }: { face: Face; page: string; done: () => void }) {
  const form = useForm(page, 'key', { name: T.needPasskeyName }, async (get, _, f) => {
    await sure(async () => {
      const c = await own(face).passkeyBegin()
      await own(face).passkeyAdd(c.ceremony, get('name'), await makePasskey(c.public_key))
    })
    f.reset()
    done()
  })
  return (
    <Frame of={form}>
      <Text of={form} name="name" label={T.passkeyName} hint={T.passkeyNameHint} maxLength={60} autoComplete="off" />
      <Go of={form} label={T.passkeyAdd} />
    </Frame>
  )
}

export function SetPassword({
  face,
  page,
  done,
  email,
}: {
  face: Face
  page: string
  done: () => void
  email?: string
}) {
  const form = useForm(page, 'pw', { password: T.needPassword }, async (get, _, f) => {
    if (get('password').length < PASSWORD_CHARS_MIN) return [{ field: 'password', text: T.needPassword }]
    await sure(() => own(face).password(get('password')))
    f.reset()
    done()
    return []
  })
  return (
    <Frame of={form}>
      {email && (
        <input className="vh" name="email" autoComplete="username" defaultValue={email} tabIndex={-1} aria-hidden />
      )}
      <Text
        of={form}
        name="password"
        label={T.passwordNew}
        hint={T.passwordHint}
        type="password"
        autoComplete="new-password"
        maxLength={1000}
      />
      <Go of={form} label={T.passwordSet} />
    </Frame>
  )
}

/** The key of an app in groups of four, as one reads it out. */
export const inFours = (secret: string) => secret.match(/.{1,4}/g)?.join(' ') ?? secret

export function SetTotp({ face, page, done }: { face: Face; page: string; done: () => void }) {
  const [secret, set] = useState<Totp | null>(null)
  const form = useForm(page, 'app', { code: words.needCode }, async get => {
    await sure(() => own(face).totpConfirm(get('code').replace(/\s/g, '')))
    set(null)
    done()
  })
  if (!secret)
    return (
      <p>
        <Act label={T.totpBegin} quiet={false} go={async () => set(await own(face).totpBegin())} />
      </p>
    )
  return (
    <div className="totp">
      <p>{T.totpText}</p>
      <Suspense fallback={<div className="qr" />}>
        <Qr text={secret.uri} label={T.totpQr} />
      </Suspense>
      <dl className="facts">
        <div>
          <dt>{T.totpKey}</dt>
          <dd>
            <code data-secret>{inFours(secret.secret)}</code>
          </dd>
        </div>
      </dl>
      <p className="acts">
        <Copy text={secret.secret} label={words.copy} />
        <a href={secret.uri}>{T.totpOpen}</a>
      </p>
      <Frame of={form}>
        <Text
          of={form}
          name="code"
          label={T.totpCode}
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={12}
          className="mono"
        />
        <Go of={form} label={T.totpConfirm} />
      </Frame>
    </div>
  )
}
