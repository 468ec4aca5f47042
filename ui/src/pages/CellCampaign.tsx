// A campaign as the cell sees it: how it spread by sector, which report held which value first, and why each link was made.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { ApiError, cell } from '../api/client'
import type { CellCampaign } from '../api/types'
import { useEager } from '../lib/eager'
import { both, brief, clock, count, defang, list, ms } from '../lib/format'
import { links, matrix } from '../lib/matrix'
import { History, SaidOfIt } from '../ui/CampaignWords'
import { Copy } from '../ui/Copy'
import { Pass } from '../ui/Pass'
import { Name, Table } from '../ui/Rows'
import { Value } from '../ui/Value'
import { Letter, useNow } from '../ui/When'
import { Severity } from '../ui/bits'
import { Failed, Heading, Loading, NotFound } from '../ui/States'
import { office } from '../words/office'
import { kindWord, words } from '../words/portal'
import { thread } from '../words/report'

const T = words.cellCampaign
const POLL_MS = 10_000
const REASONS_SHOWN = 12
const ROWS_FOLDED = 24
/** The latest reports that are listed with a way to their cases, and can be passed on from here. */
const CASES_LISTED = 40

const TIMELINE_EVENTS_LISTED = 200
export function Spread({ d, now }: { d: CellCampaign; now: number }) {
  const events = d.reports.map(r => ({ at: ms(r.at), lane: r.sector ?? T.noSector, text: r.attack }))
  const others = d.timeline.map(e => ({ at: ms(e.at), lane: e.lane, text: e.text }))
  if (!events.length) return null
  const first = new Map<string, number>()
  for (const e of events) first.set(e.lane, Math.min(first.get(e.lane) ?? Infinity, e.at))
  const lanes = [...first].toSorted((a, b) => a[1] - b[1]).map(([lane]) => lane)
  const t0 = Math.min(...events.map(e => e.at)),
    t1 = Math.max(now, t0 + 60_000),
    L = 190,
    W = 900,
    RH = 44,
    x = (t: number) => L + 12 + ((t - t0) / (t1 - t0)) * (W - L - 28)
  const marks = [0, 1 / 3, 2 / 3, 1].map(k => t0 + k * (t1 - t0))
  return (
    <>
      <div className="scroll" role="group" aria-label={T.spread} tabIndex={0}>
        <svg
          className="tl"
          viewBox={`0 0 ${W} ${lanes.length * RH + 26}`}
          role="img"
          aria-label={`${T.spread}: ${lanes.map(l => `${l} ${clock(first.get(l)!)}`).join(', ')}`}
        >
          {lanes.map((l, i) => (
            <g key={l} transform={`translate(0 ${i * RH})`}>
              <path d={`M${L} ${RH / 2}H${W}`} className="ln" />
              <text x="0" y={RH / 2 + 5} className="lane">
                {l}
              </text>
              {events
                .filter(e => e.lane === l)
                .map((e, j) => (
                  <rect
                    key={`${e.at}${j}`}
                    x={x(e.at) - 7}
                    y={RH / 2 - 7}
                    width="14"
                    height="14"
                    rx="3"
                    className={e.at === first.get(l) ? 'report first' : 'report'}
                  >
                    <title>{`${both(e.at, now)} ${e.text}`}</title>
                  </rect>
                ))}
            </g>
          ))}
          {marks.map((m, i) => (
            <text
              key={m}
              x={x(m)}
              y={lanes.length * RH + 18}
              textAnchor={i === 3 ? 'end' : i ? 'middle' : 'start'}
              className="ax"
            >
              {clock(m)}
            </text>
          ))}
        </svg>
      </div>
      <p className="legend">
        <span>
          <i className="k f" />
          {T.keyHit}
        </span>
        <span>
          <i className="k r" />
          {T.legendReport}
        </span>
      </p>
      <details>
        <summary>{T.spreadTable}</summary>
        <div className="scroll" role="group" aria-label={T.spreadTable} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.campaign.time}</th>
                <th scope="col">{words.desk.sector}</th>
                <th scope="col">{words.campaign.happened}</th>
              </tr>
            </thead>
            <tbody>
              {(others.length ? others : events)
                .toSorted((a, b) => a.at - b.at)
                .slice(0, TIMELINE_EVENTS_LISTED)
                .map((e, i) => (
                  <tr key={`${e.at}${i}`}>
                    <td>{both(e.at, now)}</td>
                    <td>{e.lane}</td>
                    <td>{e.text}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  )
}

export function MatrixTable({ d }: { d: CellCampaign }) {
  const m = useMemo(() => matrix(d, T.noSector), [d]),
    [all, setAll] = useState(false)
  const shared = m.rows.filter(r => r.total > 1),
    rows = all || m.rows.length <= ROWS_FOLDED ? m.rows : shared.length ? shared : m.rows.slice(0, ROWS_FOLDED)
  return (
    <>
      <div className="scroll" role="group" aria-label={T.matrix} tabIndex={0}>
        <table className="mx">
          <thead>
            <tr>
              <th scope="col" rowSpan={2}>
                {words.campaign.value}
              </th>
              <th scope="col" rowSpan={2}>
                {words.campaign.kind}
              </th>
              <th scope="col" rowSpan={2} className="num">
                {T.reports}
              </th>
              {m.groups.map(g => (
                <th key={g.sector} scope="colgroup" colSpan={g.span} className="grp">
                  {g.sector}
                </th>
              ))}
            </tr>
            <tr>
              {m.columns.map(c => (
                <th key={c.index} scope="col" className="tm">
                  <span className="vh">{T.report(c.index + 1)} </span>
                  {clock(c.at)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(r => (
              <tr key={`${r.kind} ${r.value}`}>
                <th scope="row" className="mono">
                  <Value value={r.value} kind={r.kind} />
                  {r.noise && (
                    <small>
                      {T.noise}: {r.noise}
                    </small>
                  )}
                </th>
                <td className="kd">{kindWord(r.kind)}</td>
                <td className="num">{r.total}</td>
                {r.cells.map((x, i) => (
                  <td key={m.columns[i]!.index} className={x}>
                    {x && <span className="vh">{x === 'first' ? T.firstHere : T.yes}</span>}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="legend">
        <span>
          <i className="k f" />
          {T.legendFirst}
        </span>
        <span>
          <i className="k r" />
          {T.legendHas}
        </span>
      </p>
      {m.columns.length < m.reports && <p className="note">{T.onlyFirst(m.columns.length, m.reports)}</p>}
      {rows.length < m.rows.length && (
        <p>
          <button className="btn quiet" onClick={() => setAll(true)}>
            {words.campaign.next}: {T.hiddenRows(m.rows.length - rows.length)}
          </button>
        </p>
      )}
    </>
  )
}

export function CellCampaignView({
  d,
  now,
  exercise,
  lead,
  passes = false,
  judges = false,
  fresh = () => {},
}: {
  d: CellCampaign
  now: number
  exercise: boolean
  lead: boolean
  /** Whether the reader may pass cases across walls. */
  passes?: boolean
  /** Whether the reader may say what is one attack, and name it. */
  judges?: boolean
  fresh?: () => void
}) {
  const c = d.campaign,
    started = d.reports.length ? Math.min(...d.reports.map(r => ms(r.at))) : null
  const reasons = useMemo(() => links(d.reasons), [d])
  const [all, setAll] = useState(false),
    column = new Map(d.reports.map((r, i) => [r.case, i]))
  const name = (id: string) => {
    const i = column.get(id)
    return i === undefined ? '' : T.report(i + 1)
  }
  return (
    <div className="page wide camp">
      <div>
        <p className="meta">
          <Severity v={c.severity} />
          <span>{words.desk.trend[c.trend] ?? c.trend}</span>
          {c.wave && <b>{words.desk.wave}</b>}
          <span>
            {T.owner}: {c.owner ?? T.nobody}
          </span>
          <span className="cellview">
            {T.note} {c.firms_at_most && T.atMost}
          </span>
        </p>
        <Heading title={c.title} page={`${c.letter} ${c.title}`} exercise={exercise}>
          <Letter v={c.letter} />
          {c.title}
        </Heading>
      </div>
      {d.truncated && <p className="note warn">{T.truncated}</p>}
      <dl className="nums">
        <div>
          <dt>{T.firms}</dt>
          <dd>{T.upTo(c.firms, c.firms_at_most)}</dd>
        </div>
        <div>
          <dt>{T.sectors}</dt>
          <dd>{c.sectors.length}</dd>
        </div>
        <div>
          <dt>{T.reports}</dt>
          <dd>{d.reports.length}</dd>
        </div>
        <div>
          <dt>{T.indicators}</dt>
          <dd>{c.indicators}</dd>
        </div>
        {started !== null && (
          <div>
            <dt>{T.first}</dt>
            <dd>{clock(started)}</dd>
          </div>
        )}
      </dl>
      {c.sectors.length > 0 && (
        <p className="sub">
          {words.campaign.sectors}: {list(c.sectors)}
        </p>
      )}
      {lead && (
        <p className="acts">
          <Link to="/advisories/new" search={{ campaign: c.id }} className="btn">
            {words.write.title}
          </Link>
          <Copy text={d.indicators.map(i => defang(i.value, i.kind)).join('\n')} label={words.copy.allDefanged} />
        </p>
      )}
      <section className="card" aria-labelledby="hs">
        <h2 id="hs">{T.spread}</h2>
        <Spread d={d} now={now} />
      </section>
      <section className="card" aria-labelledby="hm">
        <h2 id="hm">{T.matrix}</h2>
        <p className="sub">{T.matrixMeaning}</p>
        <MatrixTable d={d} />
      </section>
      {d.reports.length > 0 && (
        <section className="card" aria-labelledby="hcases">
          <h2 id="hcases">{thread.cases}</h2>
          <details>
            <summary>{passes ? office.pass.cases : thread.casesShow(Math.min(d.reports.length, CASES_LISTED))}</summary>
            <Table
              label={thread.cases}
              rows={d.reports.slice(-CASES_LISTED).toReversed()}
              id={r => r.case}
              columns={[
                {
                  label: T.legendReport,
                  cell: r => (
                    <Link to="/triage/$id" params={{ id: r.case }}>
                      {name(r.case)}
                    </Link>
                  ),
                },
                { label: words.campaign.time, cell: r => both(ms(r.at), now) },
                { label: words.desk.sector, cell: r => r.sector ?? T.noSector },
                ...(passes
                  ? [
                      {
                        label: office.pass.heldBy,
                        cell: (r: CellCampaign['reports'][number]) => <Name>{list(r.passed_to, 4) || '–'}</Name>,
                      },
                      {
                        label: office.pass.open,
                        hidden: true,
                        cell: (r: CellCampaign['reports'][number]) => <Pass of={r} fresh={fresh} />,
                      },
                    ]
                  : []),
              ]}
            />
          </details>
        </section>
      )}
      <SaidOfIt d={d} now={now} name={name} fresh={fresh} may={judges} />
      <History d={d} now={now} name={name} />
      <section className="card" aria-labelledby="hr">
        <h2 id="hr">{T.reasons}</h2>
        {!reasons.length ? (
          <p className="empty">{T.reasonsNone}</p>
        ) : (
          <ol className="steps">
            {reasons.slice(0, all ? undefined : REASONS_SHOWN).map((r, i) => (
              <li key={`${r.from}${r.to}${i}`}>
                <time dateTime={String(r.at)}>{both(r.at, now)}</time>
                <span>{brief(r.text)}</span>
                <small>{[name(r.from), name(r.to)].filter(Boolean).join(' – ')}</small>
              </li>
            ))}
          </ol>
        )}
        {!all && reasons.length > REASONS_SHOWN && (
          <p>
            <button className="btn quiet" onClick={() => setAll(true)}>
              {words.campaign.next}: {count(reasons.length - REASONS_SHOWN, 'link')}
            </button>
          </p>
        )}
        {d.aliases.length > 0 && (
          <details>
            <summary>{T.aliases(d.aliases.length)}</summary>
            <ul className="ids">
              {d.aliases.map(a => (
                <li key={a} className="mono">
                  {a}
                </li>
              ))}
            </ul>
          </details>
        )}
      </section>
    </div>
  )
}
export function CellCampaignPage({
  id,
  exercise,
  lead,
  passes,
  judges,
}: {
  id: string
  exercise: boolean
  lead: boolean
  passes: boolean
  judges: boolean
}) {
  const now = useNow(),
    { every, acted } = useEager(POLL_MS),
    q = useQuery({ queryKey: ['cell-campaign', id], queryFn: () => cell.campaign(id), refetchInterval: every })
  if (q.error instanceof ApiError && q.error.status === 404)
    return <NotFound title={words.campaign.gone} meaning={words.campaign.goneMeaning} />
  if (q.isError)
    return (
      <div className="page">
        <Failed error={q.error} retry={() => q.refetch()} />
      </div>
    )
  return q.data ? (
    <CellCampaignView
      d={q.data}
      now={now}
      exercise={exercise}
      lead={lead}
      passes={passes}
      judges={judges}
      fresh={() => {
        acted()
        void q.refetch()
      }}
    />
  ) : (
    <div className="page">
      <Loading what={words.loading.campaign} />
    </div>
  )
}
