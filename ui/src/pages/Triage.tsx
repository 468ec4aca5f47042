// One case for the cell: what its reporter says, and the thread with them. It never tells who that is.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useRouteContext } from '@tanstack/react-router'
import { Suspense, lazy } from 'react'
import { ApiError, cell } from '../api/client'
import { filesOf } from '../api/files'
import { cases } from '../api/reports'
import { Letter, LimitSource, Worth } from '../ui/Feedback'
import { Files } from '../ui/Files'
import { Name } from '../ui/Rows'
import { Reply, Said } from '../ui/Said'
import { Act } from '../ui/Sheet'
import { Failed, Heading, Loading, NotFound } from '../ui/States'
import { useEager } from '../lib/eager'
import { untitled } from '../lib/fate'
import { Value } from '../ui/Value'
import { Moment } from '../ui/When'
import { Severity, Tlp } from '../ui/bits'

const AskOpening = lazy(() => import('../ui/AskOpening').then(m => ({ default: m.AskOpening })))
import { feedback } from '../words/feedback'
import { report as R, thread as T } from '../words/report'
import { kindWord, words } from '../words/portal'
import { papWord } from './ReportSteps'

/** The cell's stream tells of new cases, not of what is said in one: a page that is seen asks, one that is not does not. */
const POLL_MS = 5_000

export function Triage() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { id } = useParams({ from: '/shell/triage/$id' }),
    on = face?.face === 'cell' && !!session?.rights.includes('read-cases'),
    { every, acted } = useEager(POLL_MS),
    acts = !!session?.rights.includes('act-on-cases')
  const q = useQuery({
    queryKey: ['case', id],
    queryFn: () => cases.one(id),
    enabled: on,
    refetchInterval: every,
    retry: false,
  })
  if (!on) return <NotFound />
  if (q.error instanceof ApiError && q.error.status === 404)
    return <NotFound title={T.caseTitle} meaning={T.caseGone} />
  const c = q.data,
    title = c?.title || untitled(c),
    fresh = () => {
      acted()
      return q.refetch()
    },
    going = c?.ongoing && c.state === 'open'
  return (
    <div className="page threadpage">
      {q.isError && <Failed error={q.error} retry={fresh} />}
      {!c && !q.isError && <Loading what={T.caseTitle} />}
      {c && (
        <>
          <div>
            <p className="meta">
              <Severity v={c.severity as Parameters<typeof Severity>[0]['v']} />
              <Tlp v={c.tlp} />
              <span>{c.attack}</span>
              <span>{c.sector ?? words.desk.sectorNone}</span>
              <span>
                <Moment at={c.at} />
              </span>
              <b className={c.state === 'open' ? undefined : 'open'}>{T.states[c.state] ?? c.state}</b>
            </p>
            <Heading title={title} page={title} exercise={session.exercise}>
              <Name>{title}</Name>
            </Heading>
            <p className="sub">{T.noSource}</p>
            {c.outside && <p className="note">{T.outside}</p>}
          </div>
          {going && (
            <p className="note warn">
              <b>{T.ongoing}</b>
              {!c.owner && `: ${T.unclaimed}`}
            </p>
          )}
          {c.owner ? (
            <p className="sub">{words.desk.claimed(c.owner)}</p>
          ) : (
            acts &&
            c.state === 'open' && (
              <p>
                <Act label={words.desk.claim} quiet={false} go={() => cell.claim(id).then(fresh)} />
              </p>
            )
          )}
          <section className="card" aria-labelledby="h-what">
            <h2 id="h-what">{T.what}</h2>
            <p className="said">
              <Name>{c.narrative || (c.words === 'gone' ? '' : T.empty)}</Name>
            </p>
            {c.words === 'opened' && <p className="hint">{T.wordsOpened}</p>}
            {c.words === 'gone' && <p className="note warn">{T.wordsGone}</p>}
            <dl className="facts">
              <div>
                <dt>{T.warn}</dt>
                <dd>{R.share.warns.find(([k]) => k === c.warn)?.[1] ?? (c.warn === 'group' ? T.groupOnly : c.warn)}</dd>
              </div>
              <div>
                <dt>{T.tlp}</dt>
                <dd>
                  <Tlp v={c.tlp} meaning />
                </dd>
              </div>
              <div>
                <dt>{T.pap}</dt>
                <dd>{papWord(c.pap)}</dd>
              </div>
              {c.happened_at && (
                <div>
                  <dt>{T.happened}</dt>
                  <dd>
                    <Moment at={c.happened_at} />
                  </dd>
                </div>
              )}
              {c.grade && (
                <div>
                  <dt>{feedback.source}</dt>
                  <dd>
                    <Letter of={c.grade} />
                  </dd>
                </div>
              )}
              {c.named && (
                <div>
                  <dt>{T.named}</dt>
                  <dd>
                    <Name>{c.named}</Name>
                  </dd>
                </div>
              )}
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
          </section>
          <section className="card" aria-labelledby="h-values">
            <h2 id="h-values">{T.values}</h2>
            {c.values.length ? (
              <ul className="lines in fates">
                {c.values.map(v => (
                  <li key={`${v.kind}${v.value}`}>
                    <p>
                      <Value value={v.value} kind={v.kind} /> <span className="sub">{kindWord(v.kind)}</span>
                    </p>
                    {v.held && (
                      <p className="hint">
                        {T.held}: {v.held}
                      </p>
                    )}
                    {v.kept && (
                      <p className="open">
                        {T.kept}: {v.kept}
                      </p>
                    )}
                  </li>
                ))}
              </ul>
            ) : (
              <p className="empty">{R.check.noValues}</p>
            )}
            {c.truncated && <p className="note">{T.truncated}</p>}
          </section>
          <section className="talk" aria-labelledby="h-thread">
            <h2 id="h-thread">{T.titleCell}</h2>
            <Said rows={c.thread} own="cell" of={x => (x.from === 'cell' ? (x.name ?? T.cell) : T.reporter)} />
            {acts && c.state !== 'recalled' && (
              <Reply label={T.writeReporter} ask send={(text, asks) => cases.say(id, text, asks)} done={fresh} />
            )}
          </section>
          <Files
            at={filesOf('cell', id)}
            files={c.files}
            who={by => (by === 'cell' ? T.cell : T.reporter)}
            may={acts && c.state !== 'recalled'}
            cell
            fresh={fresh}
          />
          {session.rights.includes('judge-cases') && <Worth id={id} verdict={c.judged} fresh={fresh} />}
          {session.rights.includes('open-sources') && <LimitSource id={id} fresh={fresh} />}
          {session.rights.includes('open-sources') && (
            <Suspense>
              <AskOpening id={id} />
            </Suspense>
          )}
        </>
      )}
    </div>
  )
}
