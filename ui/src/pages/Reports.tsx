// An organisation's own reports: how each stands, and whether there is something new in its thread.
import { Link, useRouteContext } from '@tanstack/react-router'
import { reports, type OwnReportRow } from '../api/reports'
import { untitled } from '../lib/fate'
import { Listed, Name, usePages } from '../ui/Rows'
import { Heading, NotFound } from '../ui/States'
import { Moment } from '../ui/When'
import { report as R, thread as T } from '../words/report'

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
          <ul className="lines in">
            {rows.map(r => (
              <li key={r.reference}>
                <h2 className="t">
                  <Link to="/reports/$ref" params={{ ref: r.reference }}>
                    {r.title ? <Name>{r.title}</Name> : untitled(r)}
                  </Link>
                  {r.unread && <strong className="tag"> {T.new}</strong>}
                </h2>
                <p className="meta">
                  <span className={r.state === 'received' ? 'open' : undefined}>{T.states[r.state] ?? r.state}</span>
                  <span>{R.attacks.find(([k]) => k === r.attack)?.[1] ?? r.attack}</span>
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
