// One case for the cell: what its reporter says, and the thread with them. It never tells who that is.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useRouteContext } from '@tanstack/react-router'
import { ApiError, cell } from '../api/client'
import { cases } from '../api/reports'
import { Name } from '../ui/Rows'
import { Failed, Heading, Loading, NotFound } from '../ui/States'
import { Value } from '../ui/Value'
import { Moment } from '../ui/When'
import { Severity, Tlp } from '../ui/bits'
import { report as R, thread as T } from '../words/report'
import { kindWord, words } from '../words/portal'
import { Reply, Said } from './Reports'

const POLL_MS = 5_000

export function Triage() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { id } = useParams({ from: '/shell/triage/$id' }),
    on = face?.face === 'cell' && !!session?.rights.includes('read-cases'),
    acts = !!session?.rights.includes('act-on-cases')
  const q = useQuery({
    queryKey: ['case', id],
    queryFn: () => cases.one(id),
    enabled: on,
    refetchInterval: POLL_MS,
    retry: false,
  })
  if (!on) return <NotFound />
  if (q.error instanceof ApiError && q.error.status === 404)
    return <NotFound title={T.caseTitle} meaning={T.caseGone} />
  const c = q.data,
    title = c?.title || T.recalledTitle
  return (
    <div className="page">
      {q.isError && <Failed error={q.error} retry={() => void q.refetch()} />}
      {!c && !q.isError && <Loading what={T.caseTitle} />}
      {c && (
        <>
          <Heading title={title} page={title} exercise={session.exercise}>
            <Name>{title}</Name>
          </Heading>
          <p className="lede">{T.noSource}</p>
          <p className="meta">
            <Severity v={c.severity as Parameters<typeof Severity>[0]['v']} />
            <span>{c.attack}</span>
            <span>{c.sector ?? words.desk.sectorNone}</span>
            <span>
              <Moment at={c.at} />
            </span>
            <span>{T.states[c.state] ?? c.state}</span>
            {c.owner && <span>{c.owner}</span>}
            {c.ongoing && <strong>{R.check.going}</strong>}
          </p>
          {!c.owner && acts && (
            <p>
              <button className="btn" onClick={() => void cell.claim(id).then(() => q.refetch())}>
                {words.desk.claim}
              </button>
            </p>
          )}
          <section className="card" aria-labelledby="h-what">
            <h2 id="h-what">{T.what}</h2>
            <p className="said">
              <Name>{c.narrative || T.empty}</Name>
            </p>
            <dl className="facts">
              <div>
                <dt>{T.warn}</dt>
                <dd>{R.share.warns.find(([k]) => k === c.warn)?.[1] ?? c.warn}</dd>
              </div>
              <div>
                <dt>{T.tlp}</dt>
                <dd>
                  <Tlp v={c.tlp as Parameters<typeof Tlp>[0]['v']} />
                </dd>
              </div>
              {c.campaign && (
                <div>
                  <dt>{T.campaign}</dt>
                  <dd>
                    <Link to="/campaigns/$id" params={{ id: c.campaign.id }}>
                      {c.campaign.title}
                    </Link>
                  </dd>
                </div>
              )}
            </dl>
            <h3>{T.values}</h3>
            {c.values.length ? (
              <ul className="plainlist">
                {c.values.map(v => (
                  <li key={`${v.kind}${v.value}`}>
                    <Value value={v.value} kind={v.kind} /> <span className="sub">{kindWord(v.kind)}</span>
                    {v.held && (
                      <span className="sub">
                        {' '}
                        {T.held}: {v.held}
                      </span>
                    )}
                  </li>
                ))}
              </ul>
            ) : (
              <p className="empty">{R.check.noValues}</p>
            )}
          </section>
          <section aria-labelledby="h-thread">
            <h2 id="h-thread">{T.title}</h2>
            <Said rows={c.thread} of={x => (x.from === 'cell' ? (x.name ?? T.cell) : T.reporter)} />
            {acts && (
              <Reply
                label={T.writeReporter}
                ask
                send={(text, asks) => cases.say(id, text, asks)}
                done={() => void q.refetch()}
              />
            )}
          </section>
        </>
      )}
    </div>
  )
}
