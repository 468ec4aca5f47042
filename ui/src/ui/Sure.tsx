// "Is it you?": a passkey, or the password with a code, shown once more before something that matters.
import { useQuery } from '@tanstack/react-query'
import { useState, useSyncExternalStore } from 'react'
import { own } from '../api/people'
import type { Face } from '../api/types'
import { passkeysWork, showPasskey } from '../lib/passkey'
import { words } from '../words/forms'
import { Frame, Go, Text, useForm, why } from './Form'
import { Sheet } from './Sheet'
import { sureStore } from './sure'

const T = words.sure
function Question({ face, only, answer }: { face: Face; only: boolean; answer: (yes: boolean) => void }) {
  const me = useQuery({ queryKey: ['me', face], queryFn: own(face).me }),
    [recovery, setRecovery] = useState(false),
    [trouble, fail] = useState('')
  const form = useForm(
    T.title,
    'sure',
    { password: words.needPassword },
    async get => {
      await own(face).confirm(get('password'), get('code') || undefined, recovery)
      answer(true)
    },
    ['password', 'code'],
  )
  const passkey = async () => {
    fail('')
    try {
      const c = await own(face).confirmPasskeyStart()
      await own(face).confirmPasskeyFinish(c.ceremony, await showPasskey(c.public_key))
      answer(true)
    } catch (x) {
      fail(why(x))
    }
  }
  const f = me.data?.factors
  return (
    <>
      <p>{T.text}</p>
      {f && f.passkeys > 0 && passkeysWork() && (
        <p>
          <button type="button" className="btn" onClick={() => void passkey()}>
            {T.passkey}
          </button>
        </p>
      )}
      {trouble && (
        <p className="err" role="alert">
          {trouble}
        </p>
      )}
      {only && f?.passkeys === 0 && <p className="note warn">{T.needPasskey}</p>}
      {f?.password && !only && (
        <Frame of={form}>
          <Text of={form} name="password" label={words.password} type="password" autoComplete="current-password" />
          {f.totp && (
            <>
              <Text
                of={form}
                name="code"
                label={recovery ? words.recoveryCode : words.code}
                inputMode={recovery ? 'text' : 'numeric'}
                autoComplete="one-time-code"
                key={String(recovery)}
              />
              <p>
                <button type="button" className="plain" onClick={() => setRecovery(!recovery)}>
                  {recovery ? T.app : T.recovery}
                </button>
              </p>
            </>
          )}
          <Go of={form} label={T.go} quiet={f.passkeys > 0} />
        </Frame>
      )}
      <p>
        <button type="button" className="btn quiet" onClick={() => answer(false)}>
          {words.cancel}
        </button>
      </p>
    </>
  )
}
export function Sure({ face }: { face: Face }) {
  const ask = useSyncExternalStore(sureStore.subscribe, sureStore.get)
  return (
    <Sheet open={ask.open} title={T.title} close={() => ask.open && ask.answer(false)}>
      <Question face={face} only={ask.passkey} answer={ask.answer} />
    </Sheet>
  )
}
