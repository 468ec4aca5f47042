// Who reported a case: leads' keys, and what two leads open together.
import { useQuery } from '@tanstack/react-query'
import { Link, useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { sources } from '../../api/sources'
import { type LeadKey, fingerprintOf, inGroups, keptLeadKeys, keyFor, shareOf } from '../../lib/lead'
import { Name, Table } from '../../ui/Rows'
import { Act } from '../../ui/Sheet'
import { Failed, Heading, Loading, NotFound } from '../../ui/States'
import { sure } from '../../ui/sure'
import { sources as T } from '../../words/sources'
import { ShareByCommand } from './ByCommand'
import { OwnKey, type View, WaitingKeys } from './LeadKeys'

const POLL_MS = 5_000
type Kept = LeadKey & { fingerprint: string }

/** The keys of this device, each with what is read out of it. */
const kept = async (): Promise<Kept[]> =>
  Promise.all((await keptLeadKeys()).map(async key => ({ ...key, fingerprint: await fingerprintOf(key.public) })))

function Give({ of: o, keys, given }: { of: View['openings'][number]; keys: readonly LeadKey[]; given: () => void }) {
  // Of an earlier key too: which one it is shows in what it opens.
  const mine = useQuery({
    queryKey: ['lead-key-for', o.id, o.secret, keys.map(k => k.public).join()],
    queryFn: () => keyFor(keys, o.secret ?? ''),
    staleTime: Infinity,
  })
  if (mine.isPending) return null
  const key = mine.data
  if (!key)
    return (
      <>
        <p className="hint">{T.notHere}</p>
        <ShareByCommand of={o} given={given} />
      </>
    )
  return (
    <Act
      label={T.give}
      quiet={false}
      go={async () => {
        const share = await shareOf(key, o.secret ?? '', o.case)
        await sure(() => sources.give(o.case, o.id, share))
        given()
      }}
    />
  )
}

function Opening({
  of: o,
  keys,
  counts,
  given,
}: {
  of: View['openings'][number]
  keys: readonly LeadKey[]
  /** Whether a key of one's own counts. */
  counts: boolean
  given: () => void
}) {
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
      ) : !counts ? (
        <p className="hint">{T.notCounting}</p>
      ) : o.own_given ? (
        <p className="hint">{T.gave}</p>
      ) : (
        <Give of={o} keys={keys} given={given} />
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
    keys = useQuery({ queryKey: ['lead-keys'], queryFn: kept, enabled: on }),
    [said, say] = useState('')
  if (!on) return <NotFound />
  const mine = [...(q.data?.leads ?? []), ...(q.data?.waiting ?? [])].find(l => l.own)
  const told = (text: string) => {
    say(text)
    void keys.refetch()
    void q.refetch()
  }
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
                  <Opening
                    key={o.id}
                    of={o}
                    keys={keys.data ?? []}
                    counts={q.data.leads.some(l => l.own)}
                    given={() => void q.refetch()}
                  />
                ))}
              </ul>
            )}
          </section>
          <OwnKey
            of={q.data}
            here={!!keys.data?.some(k => k.fingerprint === mine?.fingerprint)}
            enrolled={async key => (await fingerprintOf(key.public)) === mine?.fingerprint}
            told={told}
          />
          <p role="status" className={said ? 'good' : 'vh'}>
            {said}
          </p>
          <WaitingKeys of={q.data} told={told} />
          <section className="card" aria-labelledby="h-leads">
            <h2 id="h-leads">{T.leads}</h2>
            <p className="sub">{T.leadsText}</p>
            <Table
              label={T.leads}
              rows={q.data.leads}
              id={l => l.id}
              columns={[
                { label: T.lead, cell: l => <Name>{l.name}</Name> },
                { label: T.fingerprint, cell: l => <code>{inGroups(l.fingerprint)}</code> },
                { label: T.since, cell: l => l.day },
              ]}
            />
          </section>
        </>
      )}
    </div>
  )
}
