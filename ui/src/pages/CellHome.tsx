// The cell's desk: reports in with claim buttons, campaigns, advisories sent, and the lead's posture.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useRef, useState, type FormEvent } from 'react'
import { cell } from '../api/client'
import type { OutsideList, PostureRow, PostureWord, ReportRow, Session } from '../api/types'
import { brief, list, ms } from '../lib/format'
import { isTyping, keysOn } from '../lib/theme'
import { useCellLive } from '../live/portal'
import { Letter, When, useNow } from '../ui/When'
import { Severity, Tlp } from '../ui/bits'
import { Failed, Heading, Loading } from '../ui/States'
import { words } from '../words/portal'

const T = words.desk
const Pass = lazy(() => import('../ui/Pass').then(m => ({ default: m.Pass })))
const REPORTS_LISTED = 15
const FRESH_MS = 6000
const OUTSIDE_MS = 20_000

export function Reports({
  rows,
  now,
  claim,
  passes = false,
}: {
  rows: ReportRow[]
  now: number
  claim: (r: ReportRow) => Promise<void>
  /** Whether the reader may pass cases across walls. */
  passes?: boolean
}) {
  const body = useRef<HTMLUListElement>(null),
    [failed, fail] = useState<string | null>(null),
    [said, say] = useState('')
  const go = async (r: ReportRow) => {
    fail(null)
    try {
      await claim(r)
      say(T.claimedAnnounce(r.attack, '✓'))
    } catch {
      fail(r.case)
    }
  }
  useEffect(() => {
    const k = (e: KeyboardEvent) => {
      if (!keysOn() || isTyping(e) || !body.current) return
      const trs = [...body.current.querySelectorAll<HTMLLIElement>(':scope > li')],
        at = trs.findIndex(r => r.contains(document.activeElement))
      if (e.key === 'j' || e.key === 'k') {
        e.preventDefault()
        trs[Math.min(trs.length - 1, Math.max(0, at + (e.key === 'j' ? 1 : at < 0 ? 1 : -1)))]?.focus()
      }
      if (e.key === 'c' && at >= 0) trs[at]?.querySelector('button')?.click()
    }
    addEventListener('keydown', k)
    return () => removeEventListener('keydown', k)
  }, [])
  return (
    <>
      <p className="vh" role="status" aria-live="polite">
        {said}
      </p>
      <ul className="rep" ref={body}>
        {rows.slice(0, REPORTS_LISTED).map(r => (
          <li key={r.case} data-case={r.case} tabIndex={-1} className={now - ms(r.at) < FRESH_MS ? 'fresh' : ''}>
            <span className="t">
              <When at={r.at} now={now} short />
            </span>
            <Severity v={r.severity} />
            <span className="what">
              <Link to="/triage/$id" params={{ id: r.case }}>
                <b>{r.attack}</b>
              </Link>{' '}
              <span className="sub">{r.sector ?? T.sectorNone}</span>
              {r.outside && <span className="sub held">{T.outside}</span>}
              {r.withdrawn && <span className="sub">{T.withdrawn}</span>}
              {r.waits && <span className="sub held">{T.waits}</span>}
              {r.passed_to.length > 0 && (
                <span className="sub held">
                  <bdi>{T.passedTo(list(r.passed_to, 3))}</bdi>
                </span>
              )}
            </span>
            <span className="link">
              {r.campaign && r.campaign_id ? (
                <Link to="/campaigns/$id" params={{ id: r.campaign_id }} aria-label={`${T.campaign} ${r.campaign}`}>
                  <Letter v={r.campaign} small />
                </Link>
              ) : r.campaign ? (
                <Letter v={r.campaign} small />
              ) : null}
            </span>
            <span className="who">
              {r.owner ?? (
                <button className="btn quiet sm" onClick={() => go(r)}>
                  {T.claim}
                  <span className="vh">
                    {' '}
                    {r.attack}
                    {r.sector ? `, ${r.sector}` : ''}
                  </span>
                </button>
              )}
              {passes && (
                <Suspense>
                  <Pass of={r} />
                </Suspense>
              )}
            </span>
            {failed === r.case && (
              <span className="err" role="alert">
                {T.claimFailed}
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

function SetPosture({ now: current }: { now: PostureRow | null }) {
  const P = words.posture,
    [state, set] = useState<'idle' | 'done' | 'failed' | 'empty'>('idle')
  const send = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const form = e.currentTarget,
      f = new FormData(form),
      text = String(f.get('text') ?? '').trim()
    if (!text) {
      set('empty')
      document.getElementById('ptext')?.focus()
      return
    }
    try {
      await cell.posture(String(f.get('word')) as PostureWord, text)
      set('done')
      form.reset()
    } catch {
      set('failed')
    }
  }
  return (
    <form className="small" onSubmit={send}>
      <p className="field">
        <label htmlFor="pword">{P.word}</label>
        <select id="pword" name="word" defaultValue={current?.word ?? 'normal'} key={current?.word}>
          {(['normal', 'raised', 'high'] as const).map(w => (
            <option key={w} value={w}>
              {words.postures[w]}
            </option>
          ))}
        </select>
      </p>
      <p className="field">
        <label htmlFor="ptext">{P.text}</label>
        <input id="ptext" name="text" maxLength={200} aria-invalid={state === 'empty'} />
      </p>
      <p>
        <button className="btn">{P.set}</button>
      </p>
      <p role="status" className={state === 'done' ? 'good' : 'err'}>
        {state === 'done' ? P.done : state === 'empty' ? P.needText : state === 'failed' ? words.write.failed : ''}
      </p>
    </form>
  )
}

/** What people without an account have told and nobody has read: on a busy wall it would be passed by. */
export function FromOutside({ of, now }: { of: OutsideList; now: number }) {
  if (!of.items.length) return null
  return (
    <section className="card" aria-labelledby="ho">
      <h2 id="ho">{T.outsideTitle(of.waiting)}</h2>
      <p className="sub">{T.outsideText}</p>
      {of.full && <p className="note warn">{T.outsideFull}</p>}
      <ul className="rep">
        {of.items.map(r => (
          <li key={r.case}>
            <span className="t">
              <When at={r.at} now={now} short />
            </span>
            <Severity v={r.severity} />
            <span className="what">
              <Link to="/triage/$id" params={{ id: r.case }}>
                <b>{r.attack}</b>
              </Link>
              {r.withdrawn && <span className="sub"> {T.withdrawn}</span>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

export function CellHome({ session }: { session: Session }) {
  const { live, failed } = useCellLive(),
    now = useNow(5000),
    { reports, campaigns, alerts, feeds, posture } = live.rows
  const passes = session.rights.includes('pass-cases'),
    secondees = useQuery({ queryKey: ['secondees'], queryFn: cell.secondees, enabled: passes, staleTime: 60_000 })
  const outside = useQuery({ queryKey: ['outside'], queryFn: cell.outside, refetchInterval: OUTSIDE_MS })
  if (!live.ready)
    return (
      <div className="page">
        {failed ? <Failed error={null} retry={() => location.reload()} /> : <Loading what={words.loading.home} />}
      </div>
    )
  const open = reports.filter(r => !r.owner).length,
    several = campaigns.filter(c => c.firms > 1)
  return (
    <div className="page wide">
      <Heading title={T.heading(open)} page={T.title} exercise={session.exercise} />
      {live.link !== 'live' && (
        <p className="note warn" role="status">
          {words.states.paused}
        </p>
      )}
      <div className="homegrid">
        <div className="todo-col">
          {outside.data && <FromOutside of={outside.data} now={now} />}
          <section aria-labelledby="hr">
            <h2 id="hr">{T.reports}</h2>
            {!reports.length ? (
              <p className="empty card">{T.noReports}</p>
            ) : (
              <div className="card tight">
                <Reports
                  rows={reports}
                  now={now}
                  passes={passes && !!secondees.data?.items.length}
                  claim={r =>
                    cell.claim(r.case).then(() => {
                      live.event({ type: 'claim', data: { case: r.case, owner: session.name } })
                      live.flush()
                    })
                  }
                />
              </div>
            )}
          </section>
        </div>
        <div className="rail">
          <section className="card" aria-labelledby="hc">
            <div className="hd">
              <h2 id="hc">{T.campaigns}</h2>
              <Link to="/campaigns">{T.all}</Link>
            </div>
            {!several.length ? (
              <p className="empty">{T.noCampaigns}</p>
            ) : (
              <ul className="lines in">
                {several.slice(0, 6).map(c => (
                  <li key={c.id}>
                    <h3 className="t">
                      <Letter v={c.letter} />
                      <Link to="/campaigns/$id" params={{ id: c.id }}>
                        {brief(c.title)}
                      </Link>
                    </h3>
                    <p className="meta">
                      <b>{T.firms(c.firms, c.firms_at_most)}</b>
                      <span>{T.delta(c.delta)}</span>
                      <span className={c.owner ? '' : 'open'}>{c.owner ?? T.nobody}</span>
                    </p>
                    {c.sectors.length > 0 && <p className="sub">{list(c.sectors, 4)}</p>}
                  </li>
                ))}
              </ul>
            )}
          </section>
          <section className="card posture" data-word={posture?.word ?? 'none'} aria-labelledby="hp">
            <h2 id="hp">{words.posture.heading}</h2>
            <p className="word">{posture ? words.postures[posture.word] : words.posture.none}</p>
            {posture && (
              <>
                <p>{posture.text}</p>
                <p className="meta">
                  <When at={posture.at} now={now} />
                </p>
              </>
            )}
            {session.rights.includes('set-posture') && (
              <details>
                <summary>{words.posture.set}</summary>
                <SetPosture now={posture} />
              </details>
            )}
          </section>
          <section className="card" aria-labelledby="ha">
            <div className="hd">
              <h2 id="ha">{T.alerts}</h2>
              <Link to="/advisories/new">{words.write.title}</Link>
            </div>
            {!alerts.length ? (
              <p className="empty">{T.noAlerts}</p>
            ) : (
              <ul className="lines in">
                {alerts.map(a => (
                  <li key={a.id}>
                    <h3 className="t">{a.title}</h3>
                    <p className="meta">
                      <Tlp v={a.tlp} />
                      <When at={a.at} now={now} short />
                      <span>{T.readBy(a.read, a.sent)}</span>
                    </p>
                  </li>
                ))}
              </ul>
            )}
          </section>
          <section className="card" aria-labelledby="hso">
            <h2 id="hso">{T.sources}</h2>
            <ul className="plainlist">
              {feeds.map(f => (
                <li key={f.id}>
                  <span>{f.name}</span>
                  <span className={f.silent ? 'open' : 'sub'}>
                    {f.silent ? T.silent : T.answering}
                    {f.at !== null && (
                      <>
                        {' '}
                        · <When at={f.at} now={now} short />
                      </>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          </section>
        </div>
      </div>
    </div>
  )
}
