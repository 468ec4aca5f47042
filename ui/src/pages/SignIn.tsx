// Sign in by e-mail address and password. A wrong address and a wrong password give one answer.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouteContext, useRouter, useSearch } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { ApiError, signIn } from '../api/client'
import type { FaceView, Session } from '../api/types'
import { safeNext } from '../lib/format'
import { Exercise, Mark } from '../ui/bits'
import { Field, useProblems, type Problem } from '../ui/Problems'
import { Heading } from '../ui/States'
import { words } from '../words/portal'

const T = words.signin
type Fields = 'email' | 'password'

export function problemOf(e: unknown): string {
  if (!(e instanceof ApiError)) return T.broken
  if (e.status === 401 || e.status === 400 || e.status === 422) return T.wrong
  if (e.status === 202) return T.second
  if (e.status === 429) return T.slow(e.retryAfter ?? 60)
  return e.offline ? T.offline : T.broken
}

export function SignInForm({
  face,
  next,
  out,
  submit = signIn,
  done,
}: {
  face: FaceView
  next?: string
  out?: boolean
  submit?: typeof signIn
  done: (s: Session, to: string) => void
}) {
  const { set, summary, any, bad } = useProblems<Fields>(T.heading)
  const [busy, setBusy] = useState(false),
    [shown, show] = useState(false)
  const send = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const f = new FormData(e.currentTarget),
      email = String(f.get('email') ?? '').trim(),
      password = String(f.get('password') ?? '')
    const missing: Problem<Fields>[] = [
      ...(email ? [] : [{ field: 'email' as const, text: T.needEmail }]),
      ...(password ? [] : [{ field: 'password' as const, text: T.needPassword }]),
    ]
    if (missing.length) {
      set(missing)
      return
    }
    setBusy(true)
    try {
      const s = await submit(face.face, email, password)
      set([])
      done(s, safeNext(next))
    } catch (x) {
      set([{ field: 'email', text: problemOf(x) }])
    } finally {
      setBusy(false)
    }
  }
  return (
    <main className="bare signin">
      <p className="brand">
        <Mark />
        <b>{words.product}</b> <Exercise on={face.exercise} />
      </p>
      <div className="card">
        {summary}
        <Heading title={T.heading} page={T.heading} exercise={face.exercise} />
        <p className="hint">{face.face === 'cell' ? T.cell(face.partnership) : T.member(face.partnership)}</p>
        {out && !any && (
          <p role="status" className="note">
            {T.out}
          </p>
        )}
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
      </div>
      <p className="hint">{T.help}</p>
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
        if (to === '/wall') {
          location.assign(to)
          return
        }
        await router.invalidate()
        await nav({ href: to })
      }}
    />
  )
}
