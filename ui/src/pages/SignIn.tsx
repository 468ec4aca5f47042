// Sign in: a passkey first, for which no address is needed; a password and a code second. Whatever is wrong has one answer.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouteContext, useRouter, useSearch } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { ApiError, secondStep, signIn } from '../api/client'
import { own } from '../api/people'
import type { Challenge, FaceView, Session } from '../api/types'
import { safeNext } from '../lib/format'
import { NoPasskey, passkeysWork, showPasskey } from '../lib/passkey'
import { Exercise, Mark } from '../ui/bits'
import { Field, useProblems, type Problem } from '../ui/Problems'
import { Heading } from '../ui/States'
import { words } from '../words/portal'

const T = words.signin
type Fields = 'email' | 'password' | 'code' | 'passkey'
const CODE_CHARS_MAX = 40

export function problemOf(e: unknown): string {
  if (e instanceof NoPasskey) return T.passkeyNone
  if (!(e instanceof ApiError)) return T.broken
  if (e.status === 401 || e.status === 400 || e.status === 422) return T.wrong
  if (e.status === 429) return T.slow(e.retryAfter ?? 60)
  return e.offline ? T.offline : T.broken
}
const secondProblem = (e: unknown, recovery: boolean) =>
  e instanceof ApiError && (e.status === 401 || e.status === 422)
    ? recovery
      ? T.wrongRecovery
      : T.wrongCode
    : problemOf(e)

async function byPasskey(face: FaceView['face']): Promise<Session> {
  const o = own(face),
    c = await o.passkeyStart()
  return o.passkeyFinish(c.ceremony, await showPasskey(c.public_key))
}

export function SignInForm({
  face,
  next,
  out,
  submit = signIn,
  second = secondStep,
  passkey = byPasskey,
  passkeys = passkeysWork(),
  done,
}: {
  face: FaceView
  next?: string
  out?: boolean
  submit?: typeof signIn
  second?: typeof secondStep
  passkey?: typeof byPasskey
  passkeys?: boolean
  done: (s: Session, to: string) => void
}) {
  const { set, summary, any, bad } = useProblems<Fields>(T.heading)
  const [busy, setBusy] = useState(false),
    [shown, show] = useState(false),
    [password, usePassword] = useState(!passkeys),
    [challenge, setChallenge] = useState<Challenge | null>(null),
    [recovery, setRecovery] = useState(false)
  const trying = async (go: () => Promise<void>, failed: (e: unknown) => void) => {
    setBusy(true)
    try {
      await go()
    } catch (x) {
      failed(x)
    } finally {
      setBusy(false)
    }
  }
  const enter = (s: Session) => {
    set([])
    done(s, safeNext(next))
  }
  const withPasskey = () =>
    trying(
      async () => enter(await passkey(face.face)),
      x =>
        set([
          {
            field: 'passkey',
            text: x instanceof ApiError && x.status === 401 ? T.passkeyWrong : problemOf(x),
          },
        ]),
    )
  const send = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const f = new FormData(e.currentTarget),
      email = String(f.get('email') ?? '').trim(),
      secret = String(f.get('password') ?? '')
    const missing: Problem<Fields>[] = [
      ...(email ? [] : [{ field: 'email' as const, text: T.needEmail }]),
      ...(secret ? [] : [{ field: 'password' as const, text: T.needPassword }]),
    ]
    if (missing.length) {
      set(missing)
      return
    }
    void trying(
      async () => {
        const s = await submit(face.face, email, secret)
        if ('challenge' in s) {
          set([])
          setRecovery(!s.factors.includes('totp') && s.factors.includes('recovery-code'))
          setChallenge(s)
        } else enter(s)
      },
      x => set([{ field: 'email', text: problemOf(x) }]),
    )
  }
  const sendCode = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const code = String(new FormData(e.currentTarget).get('code') ?? '').trim()
    if (!code) {
      set([{ field: 'code', text: T.needCode }])
      return
    }
    if (Date.parse(challenge!.ends_at) <= Date.now()) {
      setChallenge(null)
      set([{ field: 'email', text: T.over }])
      return
    }
    const plain = recovery ? code : code.replace(/\s/g, '')
    void trying(
      async () => enter(await second(face.face, challenge!.challenge, plain, recovery)),
      x => set([{ field: 'code', text: secondProblem(x, recovery) }]),
    )
  }
  return (
    <main className="bare signin">
      <p className="brand">
        <Mark />
        <b>{words.product}</b> <Exercise on={face.exercise} />
      </p>
      <div className="card">
        {summary}
        {challenge ? (
          <>
            <Heading key="code" title={T.codeHeading} page={T.heading} exercise={face.exercise} />
            <p className="hint">{recovery ? T.recoveryHint : T.codeHint}</p>
            <form onSubmit={sendCode} noValidate>
              <Field id="code" label={recovery ? T.recovery : T.code} bad={bad('code')}>
                <input
                  id="code"
                  name="code"
                  key={String(recovery)}
                  inputMode={recovery ? 'text' : 'numeric'}
                  autoComplete="one-time-code"
                  autoCapitalize="off"
                  spellCheck={false}
                  maxLength={CODE_CHARS_MAX}
                  aria-invalid={bad('code')}
                  className="mono"
                  required
                />
              </Field>
              <p>
                <button className="btn big" disabled={busy}>
                  {busy ? T.going : T.go}
                </button>
              </p>
            </form>
            <p className="ways">
              {challenge.factors.includes('recovery-code') && (
                <button type="button" className="plain" onClick={() => setRecovery(!recovery)}>
                  {recovery ? T.toCode : T.toRecovery}
                </button>
              )}
              <button
                type="button"
                className="plain"
                onClick={() => {
                  set([])
                  setChallenge(null)
                }}
              >
                {T.again}
              </button>
            </p>
          </>
        ) : (
          <>
            <Heading title={T.heading} page={T.heading} exercise={face.exercise} />
            <p className="hint">{face.face === 'cell' ? T.cell(face.partnership) : T.member(face.partnership)}</p>
            {out && !any && (
              <p role="status" className="note">
                {T.out}
              </p>
            )}
            {passkeys && (
              <div className="passkey">
                <p>
                  <button
                    type="button"
                    id="passkey"
                    className={password ? 'btn quiet' : 'btn big'}
                    disabled={busy}
                    onClick={() => void withPasskey()}
                  >
                    {busy && !password ? T.going : T.passkey}
                  </button>
                </p>
                {!password && <p className="hint">{T.passkeyHint}</p>}
              </div>
            )}
            {!password ? (
              <p>
                <button
                  type="button"
                  className="plain"
                  id="by-password"
                  onClick={() => {
                    set([])
                    usePassword(true)
                    setTimeout(() => document.getElementById('email')?.focus())
                  }}
                >
                  {T.byPassword}
                </button>
              </p>
            ) : (
              <form onSubmit={send} noValidate>
                <Field id="email" label={T.email} bad={bad('email')}>
                  <input
                    id="email"
                    name="email"
                    type="email"
                    autoComplete="username"
                    spellCheck={false}
                    aria-invalid={bad('email')}
                    required
                  />
                </Field>
                <Field id="password" label={T.password} bad={bad('password')}>
                  <input
                    id="password"
                    name="password"
                    type={shown ? 'text' : 'password'}
                    autoComplete="current-password"
                    aria-invalid={bad('password')}
                    required
                  />
                </Field>
                <p>
                  <label className="tick">
                    <input type="checkbox" checked={shown} onChange={e => show(e.target.checked)} /> {T.show}
                  </label>
                </p>
                <p>
                  <button className="btn big" disabled={busy}>
                    {busy ? T.going : T.go}
                  </button>
                </p>
              </form>
            )}
          </>
        )}
      </div>
      <p className="hint">{T.help}</p>
      {face.face === 'member' && (
        <p className="outside">
          <a href="/tell">{T.tell}</a>
          <a href="/break-glass">{T.breakGlass}</a>
        </p>
      )}
    </main>
  )
}

export function SignIn() {
  const { face } = useRouteContext({ from: '__root__' }),
    { next, out } = useSearch({ from: '/signin' })
  const nav = useNavigate(),
    router = useRouter(),
    queries = useQueryClient()
  if (!face) return null
  return (
    <SignInForm
      face={face}
      next={next}
      out={!!out}
      done={async (s, to) => {
        queries.clear()
        queries.setQueryData(['face'], face)
        queries.setQueryData(['session'], s)
        if (to === '/wall' && !s.enrol) {
          location.assign(to)
          return
        }
        await router.invalidate()
        await nav({ href: s.enrol ? '/account' : to })
      }}
    />
  )
}
