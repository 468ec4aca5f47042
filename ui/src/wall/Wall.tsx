// The cell's wall: one screen that answers, from across a room, where, since when, what, and whether the screen itself can be trusted.
import { useEffect, useRef, useSyncExternalStore } from 'react'
import type { CampaignRow, ReportRow } from '../api/types'
import { REPORTS_MAX } from '../live/cell'
import { brief, clock, ms, span } from '../lib/format'
import { SevGlyph, Tlp } from '../ui/bits'
import { shared } from '../words/shared'
import { wall as T } from '../words/wall'
import { Behind, Clock, Frame, useSecond } from './Frame'
import { draw } from './lanes'
import type { WallLive } from './live'
import { figure, isBehind, ratio } from './math'
import { say } from './posture'

const REPORTS_SHOWN = 6
const SILENT_SHOWN = 2
const UNCLAIMED_LATE_MS = 300_000
const LINE_CHARS = 45 // what fits beside the EXERCISE sign at full size
const FRESH_MS = 2500
type Slice = 'rows' | 'lanes' | 'link'
const useSlice = (l: WallLive, s: Slice) => useSyncExternalStore(l.subscribe(s), l.version(s))

function Posture({ live }: { live: WallLive }) {
  useSlice(live, 'rows')
  useSlice(live, 'link')
  const { sectors, campaigns, feeds, posture } = live.rows
  const said = say(sectors, live.levels, campaigns, feeds, posture)
  if (!live.ready)
    return (
      <div className="posture" data-word="none">
        <p>{T.connecting}</p>
      </div>
    )
  return (
    <div className="posture" data-word={said.word} role="status" aria-live="polite">
      <strong>{shared.postures[said.word]}</strong>
      <p data-long={Math.max(said.first.length, said.second.length) > LINE_CHARS || undefined}>
        <b>{said.first}</b>
        <span>{said.second}</span>
      </p>
    </div>
  )
}

function Lanes({ live }: { live: WallLive }) {
  const cv = useRef<HTMLCanvasElement>(null)
  useSlice(live, 'rows')
  const rows = useRef<HTMLUListElement>(null)
  const sectors = live.rows.sectors
  useEffect(() => {
    let shown = 0
    const paint = () => {
      const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16
      if (cv.current) draw(cv.current, live, unit)
      const t = performance.now()
      if (!rows.current || t - shown < 900) return
      shown = t
      sectors.forEach((s, i) => {
        // figures change once a second, bars four times
        const el = rows.current?.children[i] as HTMLElement | undefined
        if (!el) return
        const rate = live.rates[i] ?? Number.NaN,
          x = ratio(rate, s.normal),
          lv = live.levels[i] ?? 0
        const times = lv && !Number.isNaN(x) ? `${x >= 99.5 ? '99+' : x.toFixed(1)}×` : ''
        el.dataset.level = String(lv)
        text(el, '.rate', figure(rate))
        text(el, '.times', times)
        text(el, '.vh', Number.isNaN(rate) ? T.laneUnknown : T.laneLabel(Math.round(rate), times.replace('×', '')))
      })
    }
    const un = live.subscribe('lanes')(paint)
    addEventListener('resize', paint)
    document.fonts?.ready.then(paint)
    paint()
    return () => {
      un()
      removeEventListener('resize', paint)
    }
  }, [live, sectors])
  return (
    <section className="tempo" aria-labelledby="h-tempo">
      <header>
        <h2 id="h-tempo">{T.lanes}</h2>
        <p className="key" aria-hidden="true">
          <i className="dot">A</i> {T.keyHit} <i className="rule" /> {T.keyNormal}
        </p>
        <p className="axis" aria-hidden="true">
          {T.axis(Math.round((live.slots * live.slotMs) / 60_000)).map((a, i) => (
            <span key={i}>{a}</span>
          ))}
        </p>
        <p className="units" aria-hidden="true">
          <span>{T.rate}</span>
          <span>{T.times}</span>
        </p>
      </header>
      <div className="lanes">
        <ul className="rows" ref={rows}>
          {sectors.map(s => (
            <li className="lane" key={s.id} data-level="0">
              <span className="name">{s.name}</span>
              <span className="gap" />
              <span className="vh" />
              <span className="rate" aria-hidden="true">
                –
              </span>
              <span className="times" aria-hidden="true" />
            </li>
          ))}
        </ul>
        <canvas ref={cv} role="img" aria-label={T.lanesLabel} />
      </div>
    </section>
  )
}
const text = (el: HTMLElement, sel: string, v: string) => {
  const x = el.querySelector(sel)
  if (x && x.textContent !== v) x.textContent = v
}

function Campaigns({ live }: { live: WallLive }) {
  useSlice(live, 'rows')
  const all = live.rows.campaigns.filter(c => c.firms > 1)
  const shown = live.shown.map(id => all.find(c => c.id === id)).filter((c): c is CampaignRow => !!c)
  return (
    <section className="campaigns" aria-labelledby="h-c">
      <header>
        <h2 id="h-c">{T.same}</h2>
        {all.length > shown.length && <p>{T.shown(shown.length, all.length)}</p>}
      </header>
      {!shown.length && <p className="none-yet">{live.ready ? T.noSame : ''}</p>}
      <ol>
        {shown.map(c => (
          <li key={c.id} data-trend={c.trend}>
            <span className="letter">{c.letter}</span>
            <div>
              <h3>{brief(c.title)}</h3>
              <p className="facts">
                <b>{T.upTo(c.firms, c.firms_at_most)}</b> {T.firms(c.firms)}{' '}
                {c.wave && (
                  <span className="wave" title={T.waveMeaning}>
                    {T.wave}
                  </span>
                )}{' '}
                <span className={c.delta ? 'up' : 'flat'}>{c.delta ? T.delta(c.delta) : T.noDelta}</span>
                <span className={c.owner ? 'own' : 'own none'}>
                  {c.owner
                    ? c.state && c.state !== 'new' && c.state !== 'claimed'
                      ? `${c.state} · ${c.owner}`
                      : c.owner
                    : T.nobody}
                </span>
              </p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Row({ r, now }: { r: ReportRow; now: number }) {
  return (
    <li className={now - ms(r.at) < FRESH_MS ? 'fresh' : ''}>
      <time dateTime={new Date(ms(r.at)).toISOString()}>{span(now - ms(r.at))}</time>
      <span className={`sev sev-${r.severity}`}>
        <SevGlyph v={r.severity} />
        <span className="vh">{shared.severity[r.severity]}</span>
      </span>
      <span className="what">
        <b>{r.attack}</b> {r.sector}
      </span>
      <span className="link">{r.campaign && <span className="letter s">{r.campaign}</span>}</span>
      <span className={r.owner ? 'who' : 'who none'}>{r.owner ?? T.open}</span>
    </li>
  )
}
function Reports({ live }: { live: WallLive }) {
  useSlice(live, 'rows')
  useSecond()
  const { reports } = live.rows,
    now = live.now(),
    wait = reports.filter(r => !r.owner),
    oldest = wait.length ? now - Math.min(...wait.map(r => ms(r.at))) : 0
  const some = wait.length >= REPORTS_MAX
  return (
    <section className="reports" aria-labelledby="h-r">
      <header>
        <h2 id="h-r">{T.reports}</h2>
        <p aria-live="polite" className={oldest > UNCLAIMED_LATE_MS ? 'late' : ''}>
          {wait.length
            ? (some ? T.someUnclaimed : T.unclaimed)(wait.length, span(oldest))
            : reports.length
              ? T.allClaimed
              : ''}
        </p>
      </header>
      {!reports.length && <p className="none-yet">{live.ready ? T.noReports : ''}</p>}
      <ul>
        {reports.slice(0, REPORTS_SHOWN).map(r => (
          <Row key={r.case} r={r} now={now} />
        ))}
      </ul>
    </section>
  )
}

function Alerts({ live }: { live: WallLive }) {
  useSlice(live, 'rows')
  const { alerts } = live.rows
  return (
    <section className="alerts" aria-labelledby="h-a">
      <h2 id="h-a">{T.alerts}</h2>
      {!alerts.length ? (
        <p className="quiet">{live.ready ? T.noAlerts : ''}</p>
      ) : (
        <ul>
          {alerts.slice(0, 3).map(a => (
            <li key={a.id}>
              <p>
                <time dateTime={new Date(ms(a.at)).toISOString()}>{clock(a.at)}</time>
                <Tlp v={a.tlp} />
              </p>
              <h3>{a.title}</h3>
              <p className="ack">
                <meter min={0} max={Math.max(1, a.sent)} value={a.read} aria-label={T.readLabel(a.read, a.sent)} />
                <span>{T.read(a.read, a.sent)}</span>
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
function Sources({ live }: { live: WallLive }) {
  useSlice(live, 'rows')
  useSecond()
  const { feeds } = live.rows,
    bad = feeds.filter(f => f.silent),
    now = live.now()
  return (
    <section className="feeds" aria-labelledby="h-f">
      <h2 id="h-f">{T.sources}</h2>
      {!feeds.length ? (
        <p className="quiet">{live.ready ? T.noSources : ''}</p>
      ) : (
        <ul>
          <li className="sum">
            <b>{feeds.length - bad.length}</b> {T.of(feeds.length)}
          </li>
          {bad.slice(0, SILENT_SHOWN).map(f => (
            <li key={f.id} className="bad">
              <span aria-hidden="true">✕</span> {T.silent(f.name, f.at === null ? '' : span(now - ms(f.at)))}
            </li>
          ))}
          {bad.length > SILENT_SHOWN && <li className="bad">{T.moreSilent(bad.length - SILENT_SHOWN)}</li>}
        </ul>
      )}
    </section>
  )
}

export function Wall({ live, exercise }: { live: WallLive; exercise: boolean }) {
  useSlice(live, 'link')
  const age = live.age(),
    stale = live.ready && isBehind(age)
  return (
    <Frame
      stale={stale}
      exercise={exercise || live.rows.exercise}
      posture={<Posture live={live} />}
      clock={<Clock now={() => live.now()} ready={live.ready} age={() => live.age()} link={live.link} />}
      banner={<Behind ready={live.ready} age={age} link={live.link} wait={live.wait()} />}
    >
      <div className="main">
        <Lanes live={live} />
        <div className="side">
          <Campaigns live={live} />
          <Reports live={live} />
        </div>
      </div>
      <footer className="foot">
        <Alerts live={live} />
        <Sources live={live} />
      </footer>
    </Frame>
  )
}
