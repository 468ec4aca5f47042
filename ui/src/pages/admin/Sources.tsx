// Who reported a case: the lead's key on this device, and what two leads open together.
import { useQuery } from '@tanstack/react-query'
import { Link, useRouteContext } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { sources } from '../../api/sources'
import { type LeadKey, keepLeadKey, keptLeadKey, leadKeyOfFile, makeLeadKey, shareOf } from '../../lib/lead'
import { Name, Table } from '../../ui/Rows'
import { Act } from '../../ui/Sheet'
import { Failed, Heading, Loading, NotFound } from '../../ui/States'
import { sure } from '../../ui/sure'
import { sources as T } from '../../words/sources'

const POLL_MS = 5_000
const SAVED_MS = 60_000
type View = Awaited<ReturnType<typeof sources.all>>

function save(text: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  link.download = 'fusioncell-lead.key'
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), SAVED_MS)
}

function OwnKey({
  own,
  key_,
  changed,
}: {
  own: boolean
  key_: LeadKey | null
  changed: (key: LeadKey | null, said: string) => void
}) {
  const [wrong, say] = useState('')
  const make = async () => {
    const { key, file } = await makeLeadKey()
    // Kept and saved first: a key that is enrolled and lost would leave cases that nobody opens.
    await keepLeadKey(key)
    save(file)
    await sure(() => sources.enrol(key.public))
    changed(key, T.made)
  }
  const load = async (file: File | undefined) => {
    const key = file ? await leadKeyOfFile(await file.text()) : null
    say(key ? '' : T.noKey)
    if (!key) return
    await keepLeadKey(key)
    changed(key, T.loaded)
  }
  return (
    <section className="card" aria-labelledby="h-key">
      <h2 id="h-key">{T.key}</h2>
      <p className="sub">{T.keyText}</p>
      <p>{!own ? T.none : key_ ? T.here : T.elsewhere}</p>
      {!own && <Act label={T.make} quiet={false} go={make} />}
      {own && !key_ && (
        <p className="field">
          <label htmlFor="lead-file">{T.load}</label>
          <input id="lead-file" type="file" onChange={e => void load(e.target.files?.[0])} />
        </p>
      )}
      {wrong && (
        <p className="err" role="alert">
          {wrong}
        </p>
      )}
      {own && (
        <Act
          label={T.remove}
          go={async () => {
            await sure(sources.remove)
            changed(key_, T.removed)
          }}
        />
      )}
    </section>
  )
}

function Opening({ of: o, key_, given }: { of: View['openings'][number]; key_: LeadKey | null; given: () => void }) {
  const gave = o.own_given
  return (
    <li>
      <p>
        <b>{T.reason}:</b> <Name>{o.reason}</Name>
      </p>
      <p className="sub">
        <Name>{T.askedBy(o.asked_by)}</Name>{' '}
        {!o.source && <Name>{o.given.length ? T.given(o.given.join(', ')) : T.givenNone}</Name>}
      </p>
      {o.source ? (
        <p className="note" role="status">
          <b>{o.source.organisation ? <Name>{T.source(o.source.organisation)}</Name> : T.outside}</b>
          {o.source.contact && (
            <>
              {' '}
              <Name>{T.reach(o.source.contact)}</Name>
            </>
          )}
        </p>
      ) : !o.secret ? (
        <p className="hint">{T.later}</p>
      ) : !key_ ? (
        <p className="hint">{T.notHere}</p>
      ) : gave ? (
        <p className="hint">{T.gave}</p>
      ) : (
        <Act
          label={T.give}
          quiet={false}
          go={async () => {
            const share = await shareOf(key_, o.secret ?? '', o.case)
            await sure(() => sources.give(o.case, share))
            given()
          }}
        />
      )}
      <p>
        <Link to="/triage/$id" params={{ id: o.case }}>
          {T.case}
        </Link>
      </p>
    </li>
  )
}

export function Sources() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    on = face?.face === 'cell' && !!session?.rights.includes('open-sources')
  const q = useQuery({ queryKey: ['sources'], queryFn: sources.all, enabled: on, refetchInterval: POLL_MS }),
    [kept, keep] = useState<LeadKey | null>(null),
    [said, say] = useState('')
  useEffect(() => {
    void keptLeadKey().then(keep)
  }, [])
  if (!on) return <NotFound />
  const own = q.data?.leads.find(l => l.own)
  return (
    <div className="page">
      <Heading title={T.title} page={T.title} exercise={session.exercise} />
      <p className="lede">{T.lede}</p>
      {q.isError ? (
        <Failed error={q.error} retry={() => void q.refetch()} />
      ) : !q.data ? (
        <Loading what={T.title} />
      ) : (
        <>
          <p className={q.data.sealed ? 'note' : 'note warn'}>{q.data.sealed ? T.on : T.off}</p>
          <section className="card" aria-labelledby="h-openings">
            <h2 id="h-openings">{T.openings}</h2>
            {!q.data.openings.length ? (
              <p className="empty">{T.noOpenings}</p>
            ) : (
              <ul className="lines in">
                {q.data.openings.map(o => (
                  <Opening key={o.case} of={o} key_={own ? kept : null} given={() => void q.refetch()} />
                ))}
              </ul>
            )}
          </section>
          <OwnKey
            own={!!own}
            key_={kept}
            changed={(key, told) => {
              keep(key)
              say(told)
              void q.refetch()
            }}
          />
          <p role="status" className={said ? 'good' : 'vh'}>
            {said}
          </p>
          <section className="card" aria-labelledby="h-leads">
            <h2 id="h-leads">{T.leads}</h2>
            <p className="sub">{T.leadsText}</p>
            <Table
              label={T.leads}
              rows={q.data.leads}
              id={l => l.id}
              columns={[
                { label: T.lead, cell: l => <Name>{l.name}</Name> },
                { label: T.fingerprint, cell: l => <code>{l.fingerprint.match(/.{1,4}/g)?.join(' ')}</code> },
                { label: T.since, cell: l => l.day },
              ]}
            />
          </section>
        </>
      )}
    </div>
  )
}
