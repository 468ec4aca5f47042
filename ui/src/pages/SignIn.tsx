// Sign in by e-mail address and password. A wrong address and a wrong password give one answer.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouteContext, useRouter, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { ApiError, signIn } from '../api/client'
import type { FaceView, Session } from '../api/types'
import { safeNext } from '../lib/format'
import { Exercise, Mark } from '../ui/bits'
import { Heading } from '../ui/States'
import { isExercise } from '../lib/exercise'
import { words } from '../words/portal'

const T = words.signin
type Problem = { field: 'email' | 'password'; text: string }

export function problemOf(e: unknown): string {
  if (!(e instanceof ApiError)) return T.broken
  if (e.status === 401 || e.status === 400 || e.status === 422) return T.wrong
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
  const [problems, set] = useState<Problem[]>([]),
    [busy, setBusy] = useState(false),
    [shown, show] = useState(false)
  const summary = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (problems.length) {
      document.title = words.errorTitle(T.heading, isExercise())
      summary.current?.focus()
    }
  }, [problems])
  const send = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const f = new FormData(e.currentTarget),
      email = String(f.get('email') ?? '').trim(),
      password = String(f.get('password') ?? '')
    const missing: Problem[] = [
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
  const of = (field: Problem['field']) => problems.find(p => p.field === field)
  return (
    <main className="bare signin">
      <p className="brand">
        <Mark />
        <b>{words.product}</b> <Exercise on={face.exercise} />
      </p>
      <div className="card">
        {problems.length > 0 && (
          <div className="errsum" role="alert" tabIndex={-1} ref={summary} aria-labelledby="es">
            <h2 id="es">{T.summary}</h2>
            <ul>
              {problems.map(p => (
                <li key={p.text}>
                  <a
                    href={`#${p.field}`}
                    onClick={e => {
                      e.preventDefault()
                      document.getElementById(p.field)?.focus()
                    }}
                  >
                    {p.text}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        )}
        <Heading title={T.heading} page={T.heading} exercise={face.exercise} />
        <p className="hint">{face.face === 'cell' ? T.cell(face.partnership) : T.member(face.partnership)}</p>
        {out && !problems.length && (
          <p role="status" className="note">
            {T.out}
          </p>
        )}
        <form onSubmit={send} noValidate>
          <p className={of('email') ? 'field bad' : 'field'}>
            <label htmlFor="email">{T.email}</label>
            <input
              id="email"
              name="email"
              type="email"
              autoComplete="username"
              spellCheck={false}
              aria-invalid={!!of('email')}
              required
            />
          </p>
          <p className={of('password') ? 'field bad' : 'field'}>
            <label htmlFor="password">{T.password}</label>
            <input
              id="password"
              name="password"
              type={shown ? 'text' : 'password'}
              autoComplete="current-password"
              aria-invalid={!!of('password')}
              required
            />
          </p>
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
