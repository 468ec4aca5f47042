// Check an indicator: one box, one verdict. The URL holds the question.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { cell, member } from '../api/client'
import type { CellLookup, Face, Lookup } from '../api/types'
import { defang } from '../lib/format'
import { Copy } from '../ui/Copy'
import { Icon, type IconName } from '../ui/Icon'
import { Letter, When, useNow } from '../ui/When'
import { Tlp } from '../ui/bits'
import { Failed, Heading, Loading } from '../ui/States'
import { kindWord, words } from '../words/portal'

const T = words.lookup
const VALUE_CHARS_MAX = 2048
const look: Record<string, { icon: IconName; tone: string }> = {
  block: { icon: 'stop', tone: 'hot' },
  watch: { icon: 'eye', tone: 'warm' },
  seen: { icon: 'eye', tone: 'warm' },
  everyday: { icon: 'noise', tone: 'calm' },
  'not-seen': { icon: 'question', tone: 'calm' },
  unreadable: { icon: 'x', tone: 'calm' },
}

export function Verdict({
  verdict,
  value,
  kind,
  meaning,
  children,
}: {
  verdict: string
  value: string
  kind: string | null
  meaning: string
  children?: ReactNode
}) {
  const l = look[verdict] ?? look['unreadable']!
  return (
    <section className={`verdict ${l.tone}`} data-verdict={verdict}>
      <p className="mono">{defang(value, kind)}</p>
      <h2>
        <Icon n={l.icon} size={30} />
        {T.verdict[verdict] ?? verdict}
      </h2>
      {meaning && <p className="says">{meaning}</p>}
      {verdict === 'not-seen' && !/safe/i.test(meaning) && <p>{T.notSeen}</p>}
      {children}
      {kind && <p className="meta">{T.readAs(kindWord(kind))}</p>}
    </section>
  )
}
function MemberVerdict({ d, now }: { d: Lookup; now: number }) {
  return (
    <Verdict verdict={d.verdict} value={d.normal ?? d.query} kind={d.kind} meaning={d.meaning}>
      {d.indicator && (
        <p className="meta">
          <Tlp v={d.indicator.tlp} meaning />
          <When at={d.indicator.released_at} now={now} />
          <span>{words.home.attributed(d.indicator.attributed_to)}</span>
        </p>
      )}
      {d.campaign && (
        <p>
          {T.part}{' '}
          <Link to="/campaigns/$id" params={{ id: d.campaign.id }}>
            {d.campaign.title}
          </Link>
          {d.campaign.band && (
            <>
              {' '}
              · <span className="band">{words.campaign.band(d.campaign.band)}</span>
            </>
          )}
        </p>
      )}
      {d.indicator && (
        <p className="acts">
          <Copy text={defang(d.indicator.value, d.indicator.kind)} label={words.copy.defanged} />
          <Copy text={d.indicator.value} label={words.copy.plain} />
        </p>
      )}
    </Verdict>
  )
}
function CellVerdict({ d, now }: { d: CellLookup; now: number }) {
  return (
    <Verdict verdict={d.verdict} value={d.normal ?? d.query} kind={d.kind} meaning={d.meaning}>
      {d.reports > 0 && (
        <dl className="nums">
          <div>
            <dt>{T.reports}</dt>
            <dd>{d.reports}</dd>
          </div>
          <div>
            <dt>{T.firms}</dt>
            <dd>{words.cellCampaign.upTo(d.firms, d.firms_at_most)}</dd>
          </div>
          {d.score !== null && (
            <div>
              <dt>{T.score}</dt>
              <dd>{Math.round(d.score * (d.score <= 1 ? 100 : 1))}</dd>
            </div>
          )}
        </dl>
      )}
      {d.first !== null && (
        <p className="meta">
          <When at={d.first} now={now} lead={T.firstSeen} />
          <When at={d.last} now={now} lead={T.lastSeen} />
        </p>
      )}
      {d.noise && <p>{words.campaign.common(d.noise)}</p>}
      {d.campaigns.length > 0 && (
        <ul className="plainlist" aria-label={T.part}>
          {d.campaigns.map(c => (
            <li key={c.id}>
              {c.letter && <Letter v={c.letter} />}
              <Link to="/campaigns/$id" params={{ id: c.id }}>
                {c.title}
              </Link>
            </li>
          ))}
        </ul>
      )}
      {d.reports > 0 && <p className="meta">{d.released ? T.released : T.held}</p>}
    </Verdict>
  )
}

export function Search() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { q, kind } = useSearch({ from: '/shell/search' }),
    nav = useNavigate(),
    now = useNow()
  const f: Face = face?.face ?? 'member'
  const r = useQuery<Lookup | CellLookup>({
    queryKey: ['lookup', f, q, kind],
    queryFn: () => (f === 'cell' ? cell.lookup(q!, kind) : member.lookup(q!, kind)),
    enabled: !!q,
    staleTime: 0,
  })
  return (
    <div className="page">
      <Heading title={T.heading} page={T.title} exercise={!!session?.exercise} />
      <form
        className="bigsearch"
        onSubmit={e => {
          e.preventDefault()
          const v = String(new FormData(e.currentTarget).get('value')).trim()
          void nav({ to: '/search', search: { q: v || undefined } })
        }}
      >
        <label className="vh" htmlFor="value">
          {T.label}
        </label>
        <input
          id="value"
          name="value"
          defaultValue={q}
          key={q}
          className="mono"
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          maxLength={VALUE_CHARS_MAX}
        />
        <button className="btn big">{T.go}</button>
      </form>
      {!q && <p className="hint">{T.hint}</p>}
      <div role="status" aria-live="polite">
        {q && r.isPending && <Loading what={words.loading.lookup} />}
        {r.data &&
          (f === 'cell' ? (
            <CellVerdict d={r.data as CellLookup} now={now} />
          ) : (
            <MemberVerdict d={r.data as Lookup} now={now} />
          ))}
      </div>
      {r.isError && <Failed error={r.error} retry={() => r.refetch()} title={T.failed} meaning={T.failedMeaning} />}
    </div>
  )
}
