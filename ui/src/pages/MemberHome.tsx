// A member's home: what needs doing, what is attacking the partnership, and released items as they come.
import { Link } from '@tanstack/react-router'
import type { CampaignView, IndicatorView, PostureView, Session } from '../api/types'
import { ago, both, brief, list, ms } from '../lib/format'
import { fromCommunity } from '../live/member'
import { useMemberLive } from '../live/portal'
import { When, useNow } from '../ui/When'
import { Value } from '../ui/Value'
import { Tlp } from '../ui/bits'
import { CannotReport } from '../ui/CannotReport'
import { Failed, Heading, Loading } from '../ui/States'
import { kindWord, words } from '../words/portal'
import { AdvisoryCard, isRead } from './AdvisoryCard'

const T = words.home
const SHOWN = 12
const FRESH_MS = 8000

function Posture({ p, campaigns, now }: { p: PostureView | null; campaigns: CampaignView[]; now: number }) {
  const P = words.posture,
    broad = fromCommunity(campaigns)
  return (
    <section className="card posture" data-word={p?.word ?? 'none'} aria-labelledby="hp">
      <h2 id="hp">{P.heading}</h2>
      {/* only what was said is read out when it changes; how long ago it was changes by itself */}
      <div aria-live="polite">
        {p ? (
          <>
            <p className="word">{words.postures[p.word]}</p>
            <p>{p.text}</p>
          </>
        ) : (
          <>
            <p className="word">{broad.word}</p>
            <p>{broad.first}</p>
          </>
        )}
      </div>
      {p ? (
        <p className="meta">{P.setAt(`${ago(p.released_at, now)} · ${both(p.released_at, now)}`)}</p>
      ) : (
        <p className="meta">{words.community.source}</p>
      )}
    </section>
  )
}
export function CampaignLine({ c, now, page }: { c: CampaignView; now: number; page?: boolean }) {
  const H = page ? 'h2' : 'h3'
  return (
    <li>
      <H className="t">
        <Link to="/campaigns/$id" params={{ id: c.id }}>
          {brief(c.title)}
        </Link>
      </H>
      <p className="meta">
        {c.band && <span className="band">{words.campaign.band(c.band)}</span>}
        <span>{words.campaign.indicators(c.indicators)}</span>
        <When at={c.updated_at} now={now} short lead={words.campaign.updated} />
      </p>
      {c.sectors.length > 0 && (
        <p className="sub">
          {words.campaign.sectors}: {list(c.sectors)}
        </p>
      )}
    </li>
  )
}
function Item({ i, now }: { i: IndicatorView; now: number }) {
  return (
    <li className={now - ms(i.released_at) < FRESH_MS ? 'fresh' : ''}>
      <p className="val">
        <Value value={i.value} kind={i.kind} />
        <span className={i.block ? 'act block' : 'act'}>{i.block ? words.act.block : words.act.watch}</span>
      </p>
      <p className="meta">
        <span>{kindWord(i.kind)}</span>
        <Tlp v={i.tlp} />
        <When at={i.released_at} now={now} short />
      </p>
    </li>
  )
}

export function MemberHome({ session }: { session?: Session | null }) {
  const { live, failed } = useMemberLive(),
    clockNow = useNow(2000)
  const h = live.home,
    now = clockNow + live.skew,
    todo = h.advisories.filter(a => !isRead(a.id))
  if (!live.ready)
    return (
      <div className="page">
        {failed ? <Failed error={null} retry={() => location.reload()} /> : <Loading what={words.loading.home} />}
      </div>
    )
  return (
    <div className="page wide">
      <Heading title={T.todo(todo.length)} page={T.title} exercise={!!session?.exercise} />
      <CannotReport session={session} />
      {live.link !== 'live' && (
        <p className="note warn" role="status">
          {words.states.paused}
        </p>
      )}
      <div className="homegrid">
        <div className="todo-col">
          <section aria-labelledby="ha">
            <div className="hd">
              <h2 id="ha">{T.advisories}</h2>
              {h.advisories.length > 0 && <Link to="/advisories">{T.all}</Link>}
            </div>
            {!h.advisories.length && <p className="empty card">{T.noAdvisories}</p>}
            <ul className="alerts">
              {h.advisories.map(a => (
                <AdvisoryCard key={a.id} a={a} now={now} />
              ))}
            </ul>
          </section>
          <section aria-labelledby="hc">
            <div className="hd">
              <h2 id="hc">{T.campaigns}</h2>
              {h.campaigns.length > 0 && <Link to="/campaigns">{T.allCampaigns}</Link>}
            </div>
            {!h.campaigns.length ? (
              <p className="empty card">{T.noCampaigns}</p>
            ) : (
              <ul className="lines card">
                {h.campaigns.map(c => (
                  <CampaignLine key={c.id} c={c} now={now} />
                ))}
              </ul>
            )}
          </section>
        </div>
        <div className="rail">
          <Posture p={h.posture} campaigns={h.campaigns} now={now} />
          <section className="card latest" aria-labelledby="hl">
            <h2 id="hl">
              {T.latest}{' '}
              <span className={`livemark ${live.link}`}>
                {live.link === 'live' ? words.live.live : words.live.reconnecting}
              </span>
            </h2>
            <p className="sub">{T.latestMeaning}</p>
            {!h.latest.length ? (
              <p className="empty">{T.noLatest}</p>
            ) : (
              <ul className="items">
                {h.latest.slice(0, SHOWN).map(i => (
                  <Item key={i.id} i={i} now={now} />
                ))}
              </ul>
            )}
          </section>
        </div>
      </div>
    </div>
  )
}
