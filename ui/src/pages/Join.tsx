// Joining by a link: what it is for, the terms, then a first way to sign in. The token stands behind `#`, so no log has it.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouteContext, useRouter } from '@tanstack/react-router'
import { useEffect, useState, type ReactNode } from 'react'
import { ApiError } from '../api/client'
import { own } from '../api/people'
import type { Face, Invited, Session } from '../api/types'
import { passkeysWork } from '../lib/passkey'
import { AddPasskey, SetPassword, SetTotp } from '../ui/Factors'
import { Frame, Go, Text, useForm } from '../ui/Form'
import { Once } from '../ui/Once'
import { Name } from '../ui/Rows'
import { Act } from '../ui/Sheet'
import { Failed, Heading, Loading } from '../ui/States'
import { Sure } from '../ui/Sure'
import { TermsText } from '../ui/TermsText'
import { Exercise, Mark } from '../ui/bits'
import { Moment } from '../ui/When'
import { account as A, join as T } from '../words/account'
import { words } from '../words/portal'

/** The token of a link: what stands behind `#`, with or without a name before it. */
export const tokenOf = (hash: string) => hash.replace(/^#/, '').replace(/^(?:join|token)=/, '')

function Invitation({
  face,
  token,
  invited,
  joined,
  again,
  moved,
}: {
  face: Face
  token: string
  invited: Invited
  joined: (s: Session) => void
  again: () => void
  moved: boolean
}) {
  const recovery = invited.kind === 'recovery',
    terms = face === 'member' && !recovery,
    v = invited.terms.version
  const form = useForm(
    T.title,
    'join',
    { ...(recovery ? {} : { name: T.needName }), ...(terms ? { terms: T.needAccept } : {}) },
    async get => {
      try {
        const { ticket } = await own(face).join({
          token,
          name: get('name') || invited.name,
          ...(terms ? { terms: v } : {}),
        })
        joined(await own(face).joinSession(ticket))
      } catch (x) {
        if (!(x instanceof ApiError && x.status === 409 && x.kind === 'terms')) throw x
        again()
      }
    },
  )
  return (
    <Frame of={form}>
      <Heading title={T.heading[invited.kind] ?? T.title} page={T.title} exercise={invited.exercise} />
      {moved && (
        <p className="note warn" role="alert">
          {T.moved}
        </p>
      )}
      <dl className="facts card">
        <div>
          <dt>{T.partnership}</dt>
          <dd>
            <Name>{invited.partnership}</Name>
          </dd>
        </div>
        {invited.organisation && (
          <div>
            <dt>{T.organisation}</dt>
            <dd>
              <Name>{invited.organisation}</Name>
            </dd>
          </div>
        )}
        <div>
          <dt>{T.role}</dt>
          <dd>{words.roles[invited.role] ?? invited.role}</dd>
        </div>
        <div>
          <dt>{T.email}</dt>
          <dd>
            <Name>{invited.email}</Name>
          </dd>
        </div>
        <div>
          <dt>{T.until}</dt>
          <dd>
            <Moment at={invited.expires_at} />
          </dd>
        </div>
      </dl>
      {!recovery && (
        <Text of={form} name="name" label={T.name} defaultValue={invited.name} autoComplete="name" dir="auto" />
      )}
      {terms && (
        <>
          <TermsText terms={invited.terms} />
          <p>
            <label className={form.bad('terms') ? 'tick bad' : 'tick'}>
              <input type="checkbox" id="join-terms" name="terms" value="yes" aria-invalid={form.bad('terms')} />{' '}
              {invited.kind === 'organisation' || invited.role === 'organisation-admin' ? T.accept(v) : T.acceptOwn(v)}
            </label>
          </p>
        </>
      )}
      <Go of={form} label={recovery ? T.goRecovery : T.go} />
    </Frame>
  )
}

type Step = 'choose' | 'passkey' | 'password' | 'app' | 'codes'
function FirstWay({ face, email, done }: { face: Face; email: string; done: () => void }) {
  const can = passkeysWork(),
    [step, go] = useState<Step>(can ? 'choose' : 'password'),
    [codes, setCodes] = useState<string[] | null>(null)
  const page = T.waysTitle
  const head = (title: string, n?: number) => (
    <>
      {n && <p className="sub">{T.step(n, 3)}</p>}
      <Heading key={step} title={title} page={page} />
    </>
  )
  if (step === 'choose')
    return (
      <>
        {head(T.waysTitle)}
        <p className="lede">{T.waysText}</p>
        <div className="card choice">
          <p>
            <button type="button" className="btn big" onClick={() => go('passkey')}>
              {T.withPasskey}
            </button>
          </p>
          <p className="hint">{T.withPasskeyHint}</p>
          <p>
            <button type="button" className="btn quiet" onClick={() => go('password')}>
              {T.withPassword}
            </button>
          </p>
          <p className="hint">{T.withPasswordHint}</p>
        </div>
      </>
    )
  if (step === 'passkey')
    return (
      <>
        {head(T.withPasskey)}
        <div className="card">
          <AddPasskey face={face} page={page} done={done} />
        </div>
        <p>
          <button type="button" className="plain" onClick={() => go('password')}>
            {T.withPassword}
          </button>
        </p>
      </>
    )
  if (step === 'password')
    return (
      <>
        {head(A.passwordNew, 1)}
        <div className="card">
          <SetPassword face={face} page={page} email={email} done={() => go('app')} />
        </div>
        {can && (
          <p>
            <button type="button" className="plain" onClick={() => go('passkey')}>
              {T.withPasskey}
            </button>
          </p>
        )}
      </>
    )
  if (step === 'app')
    return (
      <>
        {head(A.totp, 2)}
        <div className="card">
          <SetTotp face={face} page={page} done={() => go('codes')} />
        </div>
      </>
    )
  return (
    <>
      {head(T.codes, 3)}
      {codes ? (
        <Once title={A.recoveryTitle} text={A.recoveryText} values={codes} done={done} />
      ) : (
        <div className="card">
          <p>{A.recoveryText}</p>
          <p className="acts">
            <Act
              quiet={false}
              label={A.recoveryMake}
              go={async () => setCodes((await own(face).recoveryCodes()).codes)}
            />
          </p>
        </div>
      )}
    </>
  )
}

export function Join() {
  const { face } = useRouteContext({ from: '__root__' }),
    f: Face = face?.face ?? 'member'
  const nav = useNavigate(),
    router = useRouter(),
    queries = useQueryClient()
  const [token, setToken] = useState(() => tokenOf(location.hash)),
    [invited, setInvited] = useState<Invited | null>(null),
    [failed, fail] = useState<unknown>(null),
    [session, setSession] = useState<Session | null>(null),
    [tries, again] = useState(0),
    [moved, setMoved] = useState(false)
  useEffect(() => {
    const heard = () => {
      setToken(tokenOf(location.hash))
      setInvited(null)
      fail(null)
    }
    addEventListener('hashchange', heard)
    return () => removeEventListener('hashchange', heard)
  }, [])
  useEffect(() => {
    if (!token || tries < 0) return
    let on = true
    own(f)
      .look(token)
      .then(i => on && (fail(null), setInvited(i)))
      .catch((x: unknown) => on && fail(x))
    return () => {
      on = false
    }
  }, [token, f, tries])
  const inside = (): ReactNode => {
    if (session)
      return (
        <FirstWay
          face={f}
          email={invited?.email ?? ''}
          done={async () => {
            queries.clear()
            queries.setQueryData(['face'], face)
            await router.invalidate()
            await nav({ to: '/' })
          }}
        />
      )
    if (!token)
      return (
        <>
          <Heading title={T.title} page={T.title} />
          <p className="lede">{T.noToken}</p>
        </>
      )
    if (failed instanceof ApiError && failed.status >= 400 && failed.status < 500 && failed.status !== 429)
      return (
        <>
          <Heading title={T.gone} page={T.gone} key="gone" />
          <p className="lede">{T.goneText}</p>
        </>
      )
    if (failed) return <Failed error={failed} retry={() => again(n => n + 1)} />
    if (!invited) return <Loading what={T.loading} />
    return (
      <Invitation
        key={invited.terms.version}
        face={f}
        token={token}
        invited={invited}
        moved={moved}
        again={() => {
          setMoved(true)
          again(n => n + 1)
        }}
        joined={s => {
          // used up: neither the address bar nor the history keeps it
          history.replaceState(history.state, '', '/join')
          setSession(s)
        }}
      />
    )
  }
  return (
    <main className="bare join">
      <p className="brand">
        <Mark />
        <b>{words.product}</b> <Exercise on={!!face?.exercise} />
      </p>
      {inside()}
      <Sure face={f} />
    </main>
  )
}
