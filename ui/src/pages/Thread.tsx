// One of an organisation's own reports: what was said, its files, what became of each value, and what its reporter changes.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams, useRouteContext } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { ApiError } from '../api/client'
import { reachOf, type OwnReport } from '../api/coming'
import { filesOf } from '../api/files'
import { firm } from '../api/people'
import { reports } from '../api/reports'
import { areSealed, keptReceipt } from '../lib/draft'
import { fate, untitled } from '../lib/fate'
import { Call } from '../ui/Call'
import { Files } from '../ui/Files'
import { Area, Choice, Frame, Go, Text, lines, useForm, why } from '../ui/Form'
import { Icon } from '../ui/Icon'
import { Name } from '../ui/Rows'
import { Reply, Said } from '../ui/Said'
import { Ask } from '../ui/Sheet'
import { Failed, Heading, Loading, NotFound } from '../ui/States'
import { Value } from '../ui/Value'
import { Moment } from '../ui/When'
import { Tlp } from '../ui/bits'
import { report as R, thread as T } from '../words/report'
import { kindWord } from '../words/portal'
import { Saved, receiptText } from './ReportParts'
import { papWord, warnWord } from './ReportSteps'

/** No event of the member's stream is about one report: its notices leave at epochs. A page that is seen asks; one that is not does not. */
const POLL_MS = 3_000
/** A report that was just received is there within a second. */
const FRESH_TRIES = 4

/** The words of a correction: sealed again where the report is for the cell only, and left as they are where nothing is written. */
const corrected = async (of: OwnReport, words: string) => {
  const typed = words.trim()
  if (areSealed(of.narrative) && !typed) return of.narrative
  return of.warn === 'cell-only' && typed && words !== of.narrative ? reports.seal(typed) : words
}

function Correct({ of, done }: { of: OwnReport; done: () => void }) {
  const sealed = areSealed(of.narrative)
  const form = useForm(
    T.correct,
    'fix',
    { title: R.words.needOne },
    async get => {
      const values = (name: string) => lines(get(name)).map(value => ({ value }))
      await reports.correct(of.reference, {
        title: get('title'),
        narrative: await corrected(of, get('narrative')),
        attack: get('attack') as OwnReport['attack'],
        severity: of.severity as OwnReport['severity'],
        ongoing: get('ongoing') === 'yes',
        happened_at: of.happened_at ?? null,
        add: values('add'),
        drop: values('drop'),
      })
      done()
    },
    ['title', 'narrative', 'attack', 'ongoing', 'add', 'drop'],
  )
  return (
    <Frame of={form}>
      <Text of={form} name="title" label={R.words.one} defaultValue={of.title} dir="auto" />
      {sealed && <p className="hint">{of.warn === 'cell-only' ? T.sealedAgain : T.sealedBefore}</p>}
      <Area of={form} name="narrative" label={R.words.more} max={19_000} rows={6} value={sealed ? '' : of.narrative} />
      <Choice
        of={form}
        name="attack"
        label={R.check.kind}
        value={of.attack}
        options={R.attacks.map(a => [a[0], a[1]] as const)}
      />
      <Choice
        of={form}
        name="ongoing"
        label={R.check.going}
        value={of.ongoing ? 'yes' : 'no'}
        options={[
          ['yes', R.check.yes],
          ['no', R.check.no],
        ]}
      />
      <Area of={form} name="add" label={T.add} rows={3} max={20_000} />
      <Area of={form} name="drop" label={T.drop} rows={3} max={20_000} />
      <Go of={form} label={T.correctSave} />
    </Frame>
  )
}

function Fates({ of: r }: { of: OwnReport }) {
  if (!r.values.length) return null
  return (
    <section className="card" aria-labelledby="h-fates">
      <h2 id="h-fates">{T.valuesWay}</h2>
      <ul className="lines in fates">
        {r.values.map(v => {
          const f = fate(r, v)
          return (
            <li key={`${v.kind}${v.value}`}>
              <p>
                <Value value={v.value} kind={v.kind} /> <span className="sub">{kindWord(v.kind)}</span>
              </p>
              <p className="hint">
                {f.word}
                {f.at && (
                  <>
                    {' '}
                    <Moment at={f.at} />
                  </>
                )}
              </p>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** What the report says, as its reporter sent it. */
function Facts({ of: r, groups }: { of: OwnReport; groups: readonly { id: string; name: string }[] | undefined }) {
  return (
    <section className="card" aria-labelledby="h-facts">
      <h2 id="h-facts">{T.facts}</h2>
      {areSealed(r.narrative) ? (
        <p className="note">{T.sealed}</p>
      ) : (
        r.narrative && (
          <p className="said">
            <Name>{r.narrative}</Name>
          </p>
        )
      )}
      <dl className="facts">
        <div>
          <dt>{R.receipt.reference}</dt>
          <dd className="mono">{r.reference}</dd>
        </div>
        <div>
          <dt>{R.check.kind}</dt>
          <dd>{R.attacks.find(([k]) => k === r.attack)?.[1] ?? r.attack}</dd>
        </div>
        <div>
          <dt>{T.warn}</dt>
          <dd>
            <bdi>{warnWord(r.warn, groups)}</bdi>
          </dd>
        </div>
        <div>
          <dt>{R.check.know}</dt>
          <dd>{R.share.knows.find(([k]) => k === r.know)?.[1] ?? r.know}</dd>
        </div>
        {r.tlp && (
          <div>
            <dt>{T.tlp}</dt>
            <dd>
              <Tlp v={r.tlp} meaning />
            </dd>
          </div>
        )}
        {r.pap && (
          <div>
            <dt>{T.pap}</dt>
            <dd>{papWord(r.pap)}</dd>
          </div>
        )}
      </dl>
    </section>
  )
}

export function Thread() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { ref } = useParams({ from: '/shell/reports/$ref' }),
    queries = useQueryClient(),
    on = face?.face === 'member' && !!session?.rights.includes('report')
  const q = useQuery({
      queryKey: ['own-report', ref],
      queryFn: () => reports.one(ref),
      enabled: on,
      refetchInterval: POLL_MS,
      retry: (n, e) => n < FRESH_TRIES && e instanceof ApiError && (e.status === 404 || e.status === 0),
      retryDelay: 800,
    }),
    [said, say] = useState(''),
    [failed, fail] = useState(''),
    [fixing, fix] = useState(false)
  const r = q.data,
    unread = r?.unread,
    groups = useQuery({
      queryKey: ['groups'],
      queryFn: firm.groups,
      enabled: on && !!r?.warn.startsWith('group:') && !!session?.rights.includes('read-groups'),
    })
  useEffect(() => {
    if (!unread) return
    void reports
      .read(ref)
      .then(() => queries.invalidateQueries({ queryKey: ['own-reports'] }))
      .catch(() => undefined)
  }, [unread, ref, queries])
  if (!on) return <NotFound />
  if (q.error instanceof ApiError && q.error.status === 404) return <NotFound title={T.report} meaning={T.gone} />
  const fresh = () => void q.refetch()
  const act = async (go: () => Promise<unknown>, done: string) => {
    fail('')
    try {
      await go()
      say(done)
      fix(false)
      await q.refetch()
    } catch (x) {
      fail(why(x))
    }
  }
  const open = r && r.state !== 'withdrawn' && r.state !== 'recalled',
    unreadByCell = !!open && r.state !== 'aged' && (r.read === false || r.state === 'received'),
    asked = !!open && r.thread.findLast(x => x.kind === 'message' && x.from === 'cell')?.asks,
    kept = session && keptReceipt(`${session.organisation ?? ''}/${session.name}`),
    receipt = kept?.receipt.reference === ref ? kept.receipt : null,
    releasedAt = r?.thread.findLast(x => x.kind === 'released')?.at
  const consent = open && r.state !== 'aged' && r.warn !== 'now' && (
    <div className={asked ? 'note' : undefined}>
      <p>{T.consentText}</p>
      <p className="acts">
        <button
          className={asked ? 'btn' : 'btn quiet'}
          onClick={() => void act(() => reports.consent(ref, 'now'), T.consented)}
        >
          {T.consent}
        </button>
      </p>
    </div>
  )
  return (
    <div className="page threadpage">
      {q.isError && <Failed error={q.error} retry={fresh} />}
      {!r && !q.isError && <Loading what={T.report} />}
      {r && (
        <>
          <div>
            <Link to="/reports" className="plain back">
              <Icon n="back" />
              {T.back}
            </Link>
            <Heading title={r.title || untitled(r)} page={r.title || untitled(r)} exercise={session.exercise}>
              {r.title ? <Name>{r.title}</Name> : untitled(r)}
            </Heading>
            <p className="meta">
              <b className={unreadByCell ? 'open' : undefined}>
                {unreadByCell ? T.states.received : (T.states[r.state] ?? r.state)}
              </b>
              {open && r.ongoing && <b>{T.ongoing}</b>}
              <span>
                <Moment at={r.at} />
              </span>
              <span className="mono">{r.reference}</span>
            </p>
          </div>
          {unreadByCell && r.ongoing && <Call {...reachOf(face)} then={`${T.notRead} ${T.notReadOngoing}`} />}
          {r.released && (
            <p className="note good">
              {T.releasedAt}
              {releasedAt && (
                <>
                  {': '}
                  <Moment at={releasedAt} />
                </>
              )}
            </p>
          )}
          <p role="status" className={said ? 'good' : 'vh'}>
            {said}
          </p>
          {failed && (
            <p className="err" role="alert">
              {failed}
            </p>
          )}
          <section className="talk" aria-labelledby="h-thread">
            <h2 id="h-thread">{T.title}</h2>
            <Said
              rows={r.thread}
              own="reporter"
              of={x => (x.from === 'cell' ? T.cell : x.from === 'reporter' ? T.you : T.partnership)}
            />
            {asked && consent}
            {r.state !== 'recalled' && <Reply label={T.write} send={text => reports.say(ref, text)} done={fresh} />}
          </section>
          <Files
            at={filesOf('member', ref)}
            files={r.files}
            who={by => (by === 'cell' ? T.cell : T.you)}
            may={!!open}
            seal={r.warn === 'cell-only' ? file => reports.sealFile(ref, file) : undefined}
            fresh={fresh}
          />
          <Fates of={r} />
          <Facts of={r} groups={groups.data?.items} />
          {open && (
            <section aria-labelledby="h-change">
              <h2 id="h-change">{T.changes}</h2>
              {!asked && consent}
              {fixing ? (
                <Correct
                  of={r}
                  done={() => {
                    say(T.corrected)
                    fix(false)
                    fresh()
                  }}
                />
              ) : (
                <p className="acts">
                  <button className="btn quiet" onClick={() => fix(true)}>
                    {T.correct}
                  </button>{' '}
                  <Ask
                    label={T.withdraw}
                    title={T.withdraw}
                    text={T.withdrawText}
                    yes={T.withdraw}
                    small={false}
                    go={async () => {
                      await reports.withdraw(ref)
                      say(T.withdrawn)
                      await q.refetch()
                    }}
                  />
                </p>
              )}
            </section>
          )}
          {(receipt || r.state !== 'recalled') && (
            <p className="acts">
              {receipt && (
                <Saved
                  text={receiptText(receipt)}
                  name={`receipt-${ref}.json`}
                  type="application/json"
                  label={R.receipt.download}
                />
              )}{' '}
              {r.state !== 'recalled' && (
                <Ask
                  label={T.recall}
                  title={T.recall}
                  text={T.recallText}
                  yes={T.recallGo}
                  small={false}
                  go={async () => {
                    await reports.recall(ref)
                    say(T.recalled)
                    await q.refetch()
                  }}
                />
              )}
            </p>
          )}
        </>
      )}
    </div>
  )
}
