// A campaign as members see it: band, sector marks, when things were shared, and the indicators to use.
import { useQuery } from '@tanstack/react-query'
import { ApiError, member } from '../api/client'
import type { CampaignPage } from '../api/types'
import { both, defang, list } from '../lib/format'
import { Copy } from '../ui/Copy'
import { Value } from '../ui/Value'
import { When, useNow } from '../ui/When'
import { Tlp } from '../ui/bits'
import { Failed, Heading, Loading, NotFound } from '../ui/States'
import { kindWord, words } from '../words/portal'

const T = words.campaign
export function MemberCampaignView({ d, now, exercise }: { d: CampaignPage; now: number; exercise: boolean }) {
  const c = d.campaign
  return (
    <div className="page wide camp">
      <div>
        <p className="meta">
          <Tlp v={c.tlp} meaning />
          {c.attack && <span>{c.attack}</span>}
          <When at={c.updated_at} now={now} lead={T.updated} />
        </p>
        <Heading title={c.title} page={c.title} exercise={exercise} />
      </div>
      <dl className="facts">
        <div>
          <dt>{T.breadth}</dt>
          <dd>{c.band ? <span className="band">{T.band(c.band)}</span> : T.bandNone}</dd>
        </div>
        <div>
          <dt>{T.sectors}</dt>
          <dd>
            {c.sectors.length ? (
              <ul className="marks">
                {c.sectors.map(s => (
                  <li key={s}>✓ {s}</li>
                ))}
              </ul>
            ) : (
              T.noSectors
            )}
          </dd>
        </div>
        {c.regions.length > 0 && (
          <div>
            <dt>{T.regions}</dt>
            <dd>{list(c.regions)}</dd>
          </div>
        )}
        {c.techniques.length > 0 && (
          <div>
            <dt>{T.techniques}</dt>
            <dd className="mono">{c.techniques.join(', ')}</dd>
          </div>
        )}
      </dl>
      <p className="hint">{T.bandMeaning}</p>
      <section className="card" aria-labelledby="ht">
        <h2 id="ht">{T.timeline}</h2>
        <p className="sub">{T.timelineMeaning}</p>
        <ol className="steps">
          {d.timeline.map((e, i) => (
            <li key={`${e.at}${i}`}>
              <time dateTime={String(e.at)}>{both(e.at, now)}</time>
              <span>{e.text}</span>
              {e.indicators > 0 && <b>{T.indicators(e.indicators)}</b>}
            </li>
          ))}
        </ol>
      </section>
      <section className="card" aria-labelledby="hi">
        <div className="hd">
          <h2 id="hi">{T.table}</h2>
          {d.indicators.length > 0 && (
            <p className="acts">
              <Copy text={d.indicators.map(i => defang(i.value, i.kind)).join('\n')} label={words.copy.allDefanged} />
              <Copy text={d.indicators.map(i => i.value).join('\n')} label={words.copy.allPlain} />
            </p>
          )}
        </div>
        {!d.indicators.length ? (
          <p className="empty">{T.noIndicators}</p>
        ) : (
          <div className="scroll" role="group" aria-labelledby="hi" tabIndex={0}>
            <table className="inds">
              <thead>
                <tr>
                  <th scope="col">{T.value}</th>
                  <th scope="col">{T.kind}</th>
                  <th scope="col">{T.what}</th>
                  <th scope="col">{T.marking}</th>
                  <th scope="col">{T.shared}</th>
                  <th scope="col">{T.copy}</th>
                </tr>
              </thead>
              <tbody>
                {d.indicators.map(i => (
                  <tr key={i.id}>
                    <th scope="row">
                      <Value value={i.value} kind={i.kind} />
                      {i.common && <small>{T.common(i.common)}</small>}
                    </th>
                    <td>{kindWord(i.kind)}</td>
                    <td>
                      <span className={i.block ? 'act block' : 'act'}>
                        {i.block ? words.act.block : words.act.watch}
                      </span>
                    </td>
                    <td>
                      <Tlp v={i.tlp} />
                    </td>
                    <td>
                      <When at={i.released_at} now={now} short />
                    </td>
                    <td className="two">
                      <div>
                        <Copy
                          text={defang(i.value, i.kind)}
                          label={words.copy.defanged}
                          what={defang(i.value, i.kind)}
                        />
                        <Copy text={i.value} label={words.copy.plain} what={defang(i.value, i.kind)} />
                      </div>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {d.more && (
          <p className="note">
            {T.more} <a href="/api/v1/feeds/watch.txt">{T.feed}</a>
          </p>
        )}
      </section>
    </div>
  )
}
export function MemberCampaignPage({ id, exercise }: { id: string; exercise: boolean }) {
  const now = useNow(),
    q = useQuery({ queryKey: ['campaign', id], queryFn: () => member.campaign(id), refetchInterval: 10_000 })
  if (q.error instanceof ApiError && q.error.status === 404) return <NotFound title={T.gone} meaning={T.goneMeaning} />
  if (q.isError)
    return (
      <div className="page">
        <Failed error={q.error} retry={() => q.refetch()} />
      </div>
    )
  return q.data ? (
    <MemberCampaignView d={q.data} now={now} exercise={exercise} />
  ) : (
    <div className="page">
      <Loading what={words.loading.campaign} />
    </div>
  )
}
