// A member's wall: posture, what to do, campaigns with band and sector marks, and released items as they come. No lanes, rates or read counts.
import { useSyncExternalStore } from 'react'
import type { CampaignView } from '../api/types'
import { fromCommunity } from '../live/member'
import { brief, clock, defang, list, ms, span } from '../lib/format'
import { SevGlyph, Tlp } from '../ui/bits'
import { kindWord, shared } from '../words/shared'
import { wall as T } from '../words/wall'
import { Behind, Clock, Frame, useSecond } from './Frame'
import { isBehind } from './math'
import type { MemberLive } from './member-live'

const CAMPAIGNS_ON_WALL = 5
const ITEMS_ON_WALL = 9
const LINE_CHARS = 45
const FRESH_MS = 2500

function Posture({ live }: { live: MemberLive }) {
  const p = live.home.posture,
    broad = fromCommunity(live.home.campaigns),
    [first, second] = p ? [p.text, broad.first] : [broad.first, broad.second]
  if (!live.ready)
    return (
      <div className="posture" data-word="none">
        <p>{T.connecting}</p>
      </div>
    )
  return (
    <div className="posture" data-word={p?.word ?? 'none'} role="status" aria-live="polite">
      <strong>{p ? shared.postures[p.word] : broad.word}</strong>
      <p data-long={Math.max(first.length, second.length) > LINE_CHARS || undefined}>
        <b>{first}</b>
        <span>{second}</span>
      </p>
    </div>
  )
}
function Campaign({ c, now }: { c: CampaignView; now: number }) {
  return (
    <li>
      <h3>{brief(c.title)}</h3>
      <p className="facts">
        {c.band ? <span className="band">{T.spread(c.band)}</span> : <span className="flat">{T.fewer}</span>}
        {c.sectors.length > 0 && <span className="sectors">{list(c.sectors)}</span>}
        <time className="own" dateTime={new Date(ms(c.updated_at)).toISOString()}>
          {span(now - ms(c.updated_at))}
        </time>
      </p>
    </li>
  )
}
export function MemberWall({ live, exercise }: { live: MemberLive; exercise: boolean }) {
  useSyncExternalStore(live.subscribe, live.version)
  useSecond()
  const { campaigns, latest, advisories } = live.home,
    now = live.now(),
    age = live.age(),
    advice = advisories[0]
  return (
    <Frame
      kind="member"
      stale={live.ready && isBehind(age)}
      exercise={exercise}
      posture={<Posture live={live} />}
      clock={<Clock now={() => live.now()} ready={live.ready} age={() => live.age()} link={live.link} />}
      banner={<Behind ready={live.ready} age={age} link={live.link} wait={live.wait()} />}
    >
      <div className="main">
        <div className="left">
          <section className="advice" aria-labelledby="h-d">
            <h2 id="h-d">{T.doThis}</h2>
            {!advice ? (
              <p className="none-yet">{live.ready ? T.noAdvice : ''}</p>
            ) : (
              <article>
                <p className="meta">
                  <span className={`sev sev-${advice.severity}`}>
                    <SevGlyph v={advice.severity} />
                    {shared.severity[advice.severity]}
                  </span>
                  <Tlp v={advice.tlp} />
                  <time dateTime={new Date(ms(advice.released_at)).toISOString()}>{clock(advice.released_at)}</time>
                </p>
                <h3>{advice.title}</h3>
                <ol>
                  {advice.actions.slice(0, 4).map(a => (
                    <li key={a}>{a}</li>
                  ))}
                </ol>
              </article>
            )}
          </section>
          <section className="shared" aria-labelledby="h-mc">
            <header>
              <h2 id="h-mc">{T.campaigns}</h2>
              {campaigns.length > CAMPAIGNS_ON_WALL && <p>{T.shown(CAMPAIGNS_ON_WALL, campaigns.length)}</p>}
            </header>
            {!campaigns.length && <p className="none-yet">{live.ready ? T.noCampaigns : ''}</p>}
            <ol>
              {campaigns.slice(0, CAMPAIGNS_ON_WALL).map(c => (
                <Campaign key={c.id} c={c} now={now} />
              ))}
            </ol>
          </section>
        </div>
        <section className="items" aria-labelledby="h-i">
          <h2 id="h-i">{T.latest}</h2>
          {!latest.length && <p className="none-yet">{live.ready ? T.noLatest : ''}</p>}
          <ul>
            {latest.slice(0, ITEMS_ON_WALL).map(i => (
              <li key={i.id} className={now - ms(i.released_at) < FRESH_MS ? 'fresh' : ''}>
                <time dateTime={new Date(ms(i.released_at)).toISOString()}>{span(now - ms(i.released_at))}</time>
                <div>
                  <p className="val mono">{defang(i.value, i.kind)}</p>
                  <p className="sub">
                    {kindWord(i.kind)}
                    <Tlp v={i.tlp} />
                  </p>
                </div>
                <span className={i.block ? 'act block' : 'act'}>{i.block ? shared.act.block : shared.act.watch}</span>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Frame>
  )
}
