// One's own account: passkeys, password, authenticator app, recovery codes and sessions.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouteContext, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { own } from '../api/people'
import type { Face, Me } from '../api/types'
import { passkeysWork } from '../lib/passkey'
import { AddPasskey, SetPassword, SetTotp } from '../ui/Factors'
import { Once } from '../ui/Once'
import { Name, Table } from '../ui/Rows'
import { Act, Ask } from '../ui/Sheet'
import { Failed, Heading, Loading } from '../ui/States'
import { account as T } from '../words/account'
import { words } from '../words/portal'

function Passkeys({ face, changed }: { face: Face; changed: (said: string) => void }) {
  const q = useQuery({ queryKey: ['passkeys', face], queryFn: own(face).passkeys }),
    [adding, add] = useState(false)
  return (
    <section className="card" aria-labelledby="h-passkeys">
      <h2 id="h-passkeys">{T.passkeys}</h2>
      <p className="sub">{T.passkeysText}</p>
      {q.isError ? (
        <Failed error={q.error} retry={() => void q.refetch()} />
      ) : !q.data ? (
        <Loading what={words.loading.list} />
      ) : !q.data.items.length ? (
        <p className="empty">{T.passkeysNone}</p>
      ) : (
        <Table
          label={T.passkeys}
          rows={q.data.items}
          id={p => p.id}
          columns={[
            { label: T.name, cell: p => <Name>{p.name}</Name> },
            { label: T.added, cell: p => p.created_day },
            { label: T.used, cell: p => p.used_day ?? T.never },
            {
              label: T.remove,
              hidden: true,
              cell: p => (
                <Ask
                  label={T.remove}
                  what={p.name}
                  title={T.passkeyRemoveTitle}
                  text={
                    <>
                      <p>
                        <Name>{p.name}</Name>
                      </p>
                      <p>{T.passkeyRemoveText}</p>
                    </>
                  }
                  yes={T.remove}
                  go={async () => {
                    await own(face).passkeyRemove(p.id)
                    changed('')
                  }}
                />
              ),
            },
          ]}
        />
      )}
      {!passkeysWork() ? (
        <p className="note">{T.passkeysNot}</p>
      ) : adding ? (
        <AddPasskey
          face={face}
          page={T.title}
          done={() => {
            add(false)
            changed(T.passkeyAdded)
          }}
        />
      ) : (
        <p>
          <button type="button" className="btn" onClick={() => add(true)}>
            {T.passkeyAdd}
          </button>
        </p>
      )}
    </section>
  )
}

function Password({ face, me, changed }: { face: Face; me: Me; changed: (said: string) => void }) {
  const f = me.factors,
    [open, set] = useState(false)
  return (
    <section className="card" aria-labelledby="h-password">
      <h2 id="h-password">{T.password}</h2>
      <p className="sub">{f.password ? T.passwordHas : T.passwordNone}</p>
      {open ? (
        <SetPassword
          face={face}
          page={T.title}
          email={me.email}
          done={() => {
            set(false)
            changed(T.passwordDone)
          }}
        />
      ) : (
        <p>
          <button type="button" className="btn quiet" onClick={() => set(true)}>
            {T.passwordNew}
          </button>
        </p>
      )}
      <h3>{T.totp}</h3>
      <p className="sub">{f.totp ? T.totpHas : T.totpNone}</p>
      {f.totp ? (
        <p>
          <Ask
            label={T.remove}
            what={T.totp}
            title={T.totpRemoveTitle}
            text={<p>{T.totpRemoveText}</p>}
            yes={T.remove}
            go={async () => {
              await own(face).totpRemove()
              changed('')
            }}
          />
        </p>
      ) : (
        <SetTotp face={face} page={T.title} done={() => changed(T.totpDone)} />
      )}
    </section>
  )
}

function Recovery({ face, left, changed }: { face: Face; left: number; changed: (said: string) => void }) {
  const [codes, set] = useState<string[] | null>(null)
  if (codes)
    return (
      <Once
        title={T.recoveryTitle}
        text={T.recoveryText}
        values={codes}
        done={() => {
          set(null)
          changed('')
        }}
      />
    )
  const make = async () => set((await own(face).recoveryCodes()).codes)
  return (
    <section className="card" aria-labelledby="h-recovery">
      <h2 id="h-recovery">{T.recovery}</h2>
      <p className="sub">
        {T.recoveryLeft(left)} {left > 0 && T.recoveryVoid}
      </p>
      <p>
        <Act label={T.recoveryMake} go={make} />
      </p>
    </section>
  )
}

type Noticed = {
  on: boolean
  choose: (mail: boolean) => Promise<unknown>
  changed: (said: string) => void
}

export function Notices({ on, choose, changed }: Noticed) {
  const set = async (mail: boolean) => {
    await choose(mail)
    changed(mail ? T.noticesDone : T.noticesStopped)
  }
  return (
    <section className="card" aria-labelledby="h-notices">
      <h2 id="h-notices">{T.notices}</h2>
      <p className="sub">{T.noticesText}</p>
      <p className="sub">{T.noticesTell}</p>
      <p>{on ? T.noticesOn : T.noticesOff}</p>
      <p>
        <Act label={on ? T.noticesStop : T.noticesStart} go={() => set(!on)} />
      </p>
    </section>
  )
}

function Sessions({ face }: { face: Face }) {
  const q = useQuery({ queryKey: ['sessions', face], queryFn: own(face).sessions }),
    again = () => q.refetch()
  return (
    <section className="card" aria-labelledby="h-sessions">
      <h2 id="h-sessions">{T.sessions}</h2>
      <p className="sub">{T.sessionsText}</p>
      {q.isError ? (
        <Failed error={q.error} retry={() => void q.refetch()} />
      ) : !q.data ? (
        <Loading what={words.loading.list} />
      ) : (
        <Table
          label={T.sessions}
          rows={q.data.items}
          id={s => s.id}
          columns={[
            {
              label: T.session,
              cell: s => (
                <>
                  {T.kinds[s.kind] ?? s.kind}
                  {s.this && <small>{T.this}</small>}
                </>
              ),
            },
            { label: T.begun, cell: s => s.created_day },
            {
              label: T.end,
              hidden: true,
              cell: s =>
                s.this ? null : (
                  <Act
                    label={T.end}
                    what={`${T.kinds[s.kind] ?? s.kind} ${s.created_day}`}
                    go={async () => {
                      await own(face).sessionEnd(s.id)
                      await again()
                    }}
                  />
                ),
            },
          ]}
        />
      )}
      {(q.data?.items.length ?? 0) > 1 && (
        <p>
          <Ask
            small={false}
            label={T.endOthers}
            title={T.endTitle}
            text={<p>{T.endText}</p>}
            yes={T.endOthers}
            go={async () => {
              await own(face).sessionsEnd()
              await again()
            }}
          />
        </p>
      )}
    </section>
  )
}

export function Account() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    f = face?.face ?? 'member'
  const q = useQuery({ queryKey: ['me', f], queryFn: own(f).me }),
    [said, say] = useState(''),
    queries = useQueryClient(),
    router = useRouter()
  const changed = (told: string) => {
    say(told)
    for (const key of ['me', 'passkeys', 'sessions', 'session']) void queries.invalidateQueries({ queryKey: [key] })
    void router.invalidate()
  }
  const me = q.data
  return (
    <div className="page">
      <Heading title={T.title} page={T.title} exercise={!!session?.exercise} />
      {me && (
        <p className="lede">
          <Name>{me.name}</Name> · <Name>{me.email}</Name> · {T.who(words.roles[me.role] ?? me.role)}
        </p>
      )}
      {(me?.enrol ?? session?.enrol) && <p className="note warn">{T.enrol}</p>}
      <p role="status" className={said ? 'good' : 'vh'}>
        {said}
      </p>
      {q.isError && <Failed error={q.error} retry={() => void q.refetch()} />}
      <Passkeys face={f} changed={changed} />
      {me && <Password face={f} me={me} changed={changed} />}
      {me?.factors.password && <Recovery face={f} left={me.factors.recovery_codes} changed={changed} />}
      {me && me.notices !== undefined && me.notices !== null && (
        <Notices on={me.notices} choose={own('member').notices} changed={changed} />
      )}
      <Sessions face={f} />
    </div>
  )
}
