// An organisation's own reports, and one of them with its thread: what was said, and what its reporter changes.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams, useRouteContext } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { ApiError } from '../api/client'
import { reports, type OwnReport, type OwnReportRow } from '../api/reports'
import { Area, Choice, Frame, Go, Text, lines, useForm, why } from '../ui/Form'
import { Listed, Name, usePages } from '../ui/Rows'
import { Ask } from '../ui/Sheet'
import { Failed, Heading, Loading, NotFound } from '../ui/States'
import { Value } from '../ui/Value'
import { Moment } from '../ui/When'
import { Tlp } from '../ui/bits'
import { report as R, thread as T } from '../words/report'
import { kindWord } from '../words/portal'

const POLL_MS = 3_000
/** A report that was just received is there within a second. */
const FRESH_TRIES = 4

export function Reports() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    on = face?.face === 'member' && !!session?.rights.includes('report')
  const all = usePages<OwnReportRow>(['own-reports'], c => reports.list(c), on)
  if (!on) return <NotFound />
  return (
    <div className="page">
      <Heading title={T.list} page={T.list} exercise={session.exercise} />
      <p className="lede">{T.listLede}</p>
      <p>
        <Link className="btn" to="/report">
          {R.title}
        </Link>
      </p>
      <Listed of={all} empty={T.none}>
        {rows => (
          <ul className="lines card">
            {rows.map(r => (
              <li key={r.reference}>
                <h2 className="t">
                  <Link to="/reports/$ref" params={{ ref: r.reference }}>
                    {r.title ? <Name>{r.title}</Name> : T.recalledTitle}
                  </Link>
                  {r.unread && <strong className="tag"> {T.new}</strong>}
                </h2>
                <p className="meta">
                  <span>{R.attacks.find(([k]) => k === r.attack)?.[1] ?? r.attack}</span>
                  <span>{T.states[r.state] ?? r.state}</span>
                  <span>
                    <Moment at={r.at} />
                  </span>
                </p>
              </li>
            ))}
          </ul>
        )}
      </Listed>
    </div>
  )
}

type Row = {
  id?: string | null
  from: string
  at: string
  kind: string
  text: string
  asks: boolean
  name?: string | null
}
/** A thread as either side reads it. */
export function Said({ rows, of }: { rows: readonly Row[]; of: (row: Row) => string }) {
  if (!rows.length) return <p className="empty">{T.empty}</p>
  return (
    <ol className="lines card">
      {rows.map((r, i) => (
        <li key={r.id ?? `${r.at}${i}`}>
          <p className="meta">
            <b>{of(r)}</b>
            <span>
              <Moment at={r.at} />
            </span>
          </p>
          {r.kind === 'message' ? (
            <p className="said">
              <Name>{r.text}</Name>
            </p>
          ) : (
            <p className="said">{T.kinds[r.kind] ?? r.kind}</p>
          )}
          {r.asks && <p className="note">{T.asks}</p>}
        </li>
      ))}
    </ol>
  )
}

export function Reply({
  label,
  send,
  done,
  ask = false,
}: {
  label: string
  send: (text: string, asks: boolean) => Promise<unknown>
  done: () => void
  ask?: boolean
}) {
  const [said, say] = useState('')
  const form = useForm(label, 'say', { text: T.needText }, async (get, data, f) => {
    await send(get('text'), data.get('asks') === 'on')
    f.reset()
    say(T.sent)
    done()
  })
  return (
    <Frame of={form}>
      <Area of={form} name="text" label={label} max={10_000} />
      {ask && (
        <p>
          <label className="tick">
            <input type="checkbox" name="asks" /> {T.askShare}
          </label>
        </p>
      )}
      <Go of={form} label={T.send} />
      <p role="status" className={said ? 'good' : 'vh'}>
        {said}
      </p>
    </Frame>
  )
}

function Correct({ of, done }: { of: OwnReport; done: () => void }) {
  const form = useForm(
    T.correct,
    'fix',
    { title: R.words.needOne },
    async get => {
      const values = (name: string) => lines(get(name)).map(value => ({ value }))
      await reports.correct(of.reference, {
        title: get('title'),
        narrative: get('narrative'),
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
      <Area of={form} name="narrative" label={R.words.more} max={20_000} rows={6} value={of.narrative} />
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
  const unread = q.data?.unread
  useEffect(() => {
    if (!unread) return
    void reports
      .read(ref)
      .then(() => queries.invalidateQueries({ queryKey: ['own-reports'] }))
      .catch(() => undefined)
  }, [unread, ref, queries])
  if (!on) return <NotFound />
  if (q.error instanceof ApiError && q.error.status === 404) return <NotFound title={T.report} meaning={T.gone} />
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
  const r = q.data
  const open = r && r.state !== 'withdrawn' && r.state !== 'recalled'
  return (
    <div className="page">
      {q.isError && <Failed error={q.error} retry={() => void q.refetch()} />}
      {!r && !q.isError && <Loading what={T.report} />}
      {r && (
        <>
          <Heading title={r.title || T.recalledTitle} page={r.title || T.recalledTitle} exercise={session.exercise}>
            {r.title ? <Name>{r.title}</Name> : T.recalledTitle}
          </Heading>
          <p className="lede">
            {T.states[r.state] ?? r.state}
            {r.released && <> {T.kinds.released}</>}
          </p>
          <p role="status" className={said ? 'good' : 'vh'}>
            {said}
          </p>
          {failed && (
            <p className="err" role="alert">
              {failed}
            </p>
          )}
          <section aria-labelledby="h-thread">
            <h2 id="h-thread">{T.title}</h2>
            <Said
              rows={r.thread}
              of={x => (x.from === 'cell' ? T.cell : x.from === 'reporter' ? T.you : T.partnership)}
            />
            <Reply label={T.write} send={text => reports.say(ref, text)} done={() => void q.refetch()} />
            {open && r.warn !== 'now' && (
              <>
                <p>{T.consentText}</p>
                <p>
                  <button className="btn" onClick={() => void act(() => reports.consent(ref, 'now'), T.consented)}>
                    {T.consent}
                  </button>
                </p>
              </>
            )}
          </section>
          <section className="card" aria-labelledby="h-facts">
            <h2 id="h-facts">{T.facts}</h2>
            {r.narrative && (
              <p className="said">
                <Name>{r.narrative}</Name>
              </p>
            )}
            <dl className="facts">
              <div>
                <dt>{R.receipt.reference}</dt>
                <dd className="mono">{r.reference}</dd>
              </div>
              <div>
                <dt>{T.warn}</dt>
                <dd>{R.share.warns.find(([k]) => k === r.warn)?.[1] ?? r.warn}</dd>
              </div>
              {r.tlp && (
                <div>
                  <dt>{T.tlp}</dt>
                  <dd>
                    <Tlp v={r.tlp as Parameters<typeof Tlp>[0]['v']} />
                  </dd>
                </div>
              )}
            </dl>
            {r.values.length > 0 && (
              <ul className="plainlist">
                {r.values.map(v => (
                  <li key={`${v.kind}${v.value}`}>
                    <Value value={v.value} kind={v.kind} /> <span className="sub">{kindWord(v.kind)}</span>
                    {v.held && <span className="sub"> {v.held}</span>}
                  </li>
                ))}
              </ul>
            )}
          </section>
          {open && (
            <section aria-labelledby="h-change">
              <h2 id="h-change">{T.correct}</h2>
              {fixing ? (
                <Correct
                  of={r}
                  done={() => {
                    say(T.corrected)
                    fix(false)
                    void q.refetch()
                  }}
                />
              ) : (
                <p>
                  <button className="btn quiet" onClick={() => fix(true)}>
                    {T.correct}
                  </button>
                </p>
              )}
              <p>
                <Ask
                  label={T.withdraw}
                  title={T.withdraw}
                  text={T.withdrawText}
                  yes={T.withdraw}
                  go={async () => {
                    await reports.withdraw(ref)
                    say(T.withdrawn)
                    await q.refetch()
                  }}
                />
              </p>
            </section>
          )}
          {r.state !== 'recalled' && (
            <p>
              <Ask
                label={T.recall}
                title={T.recall}
                text={T.recallText}
                yes={T.recallGo}
                go={async () => {
                  await reports.recall(ref)
                  say(T.recalled)
                  await q.refetch()
                }}
              />
            </p>
          )}
        </>
      )}
    </div>
  )
}
