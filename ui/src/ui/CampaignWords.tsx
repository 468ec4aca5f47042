// On the page of a campaign: what analysts say of it, and what happened to it.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { cell } from '../api/client'
import type { CellCampaign } from '../api/types'
import { both, ms } from '../lib/format'
import { said as T } from '../words/campaign-words'
import { Area, Choice, Frame, Go, Text, useForm } from './Form'

const REASON_CHARS_MAX = 500
const NAME_CHARS_MAX = 80
type Props = { d: CellCampaign; now: number; name: (id: string) => string; fresh: () => void }

function Done({ shown }: { shown: boolean }) {
  return (
    <p role="status" className={shown ? 'good' : 'vh'}>
      {shown && T.done}
    </p>
  )
}

function NameIt({ d, fresh }: Pick<Props, 'd' | 'fresh'>) {
  const [shown, done] = useState(false)
  const form = useForm(
    T.title,
    'name',
    {},
    async get => {
      await cell.name(d.campaign.id, get('name'))
      done(true)
      fresh()
    },
    ['name'],
  )
  return (
    <Frame of={form}>
      <Text
        of={form}
        name="name"
        label={T.name}
        hint={T.nameHint}
        maxLength={NAME_CHARS_MAX}
        defaultValue={d.name?.text}
      />
      <Go of={form} label={T.nameGo} quiet />
      <Done shown={shown} />
    </Frame>
  )
}

function JoinIt({ d, fresh }: Pick<Props, 'd' | 'fresh'>) {
  const [shown, done] = useState(false)
  const others = useQuery({ queryKey: ['cell-campaigns'], queryFn: cell.campaigns })
  const options = (others.data?.items ?? [])
    .filter(c => c.id !== d.campaign.id)
    .map(c => [c.id, `${c.letter} ${c.title}`] as const)
  const form = useForm(T.join, 'join', { other: T.needOther, reason: T.needWhy }, async (get, _, f) => {
    await cell.relate(d.campaign.id, get('other'), true, get('reason'))
    f.reset()
    done(true)
    fresh()
  })
  return (
    <details>
      <summary>{T.join}</summary>
      <p className="sub">{T.joinText}</p>
      <Frame of={form}>
        <Choice of={form} name="other" label={T.joinWith} options={options} none={T.choose} />
        <Area of={form} name="reason" label={T.why} rows={2} max={REASON_CHARS_MAX} />
        <Go of={form} label={T.joinGo} />
        <Done shown={shown} />
      </Frame>
    </details>
  )
}

function PartIt({ d, now, name, fresh }: Props) {
  const [shown, done] = useState(false)
  const options = d.reports.map(
    r =>
      [r.case, [name(r.case), r.title ?? r.attack, r.sector, both(ms(r.at), now)].filter(Boolean).join(', ')] as const,
  )
  const form = useForm(
    T.part,
    'part',
    { one: T.needReport, other: T.needPart, reason: T.needWhy },
    async (get, _, f) => {
      if (get('one') === get('other')) return [{ field: 'other', text: T.twice }]
      await cell.relate(get('one'), get('other'), false, get('reason'))
      f.reset()
      done(true)
      fresh()
      return []
    },
  )
  return (
    <details>
      <summary>{T.part}</summary>
      <p className="sub">{T.partText}</p>
      <Frame of={form}>
        <Choice of={form} name="one" label={T.partOne} options={options} none={T.choose} />
        <Choice of={form} name="other" label={T.partOther} options={options} none={T.choose} />
        <Area of={form} name="reason" label={T.why} rows={2} max={REASON_CHARS_MAX} />
        <Go of={form} label={T.partGo} />
        <Done shown={shown} />
      </Frame>
    </details>
  )
}

/** What was said of its reports, the latest first. */
function Words({ d, now, name }: Omit<Props, 'fresh'>) {
  if (!d.words.length) return null
  const called = (id: string) => name(id) || T.elsewhere
  return (
    <>
      <h3>{T.words}</h3>
      <ol className="steps">
        {d.words.toReversed().map((w, i) => (
          <li key={`${w.at}${i}`}>
            <time dateTime={w.at}>{both(ms(w.at), now)}</time>
            <span className={w.overruled ? 'gone' : undefined}>
              {(w.same ? T.same : T.notSame)(called(w.one), called(w.other))}
              {w.reason && `: ${w.reason}`}
            </span>
            <small>{[w.by, w.overruled && T.overruled].filter(Boolean).join('. ')}</small>
          </li>
        ))}
      </ol>
    </>
  )
}

export function SaidOfIt({
  d,
  now,
  name,
  fresh,
  may,
}: Props & { /** Whether the reader may say something. */ may: boolean }) {
  if (!may && !d.words.length && !d.name) return null
  return (
    <section className="card" aria-labelledby="hsaid">
      <h2 id="hsaid">{T.title}</h2>
      {d.name && <p className="sub">{T.named(d.name.by)}</p>}
      <Words d={d} now={now} name={name} />
      {may && (
        <>
          <NameIt key={d.name?.text ?? ''} d={d} fresh={fresh} />
          <JoinIt d={d} fresh={fresh} />
          {d.reports.length > 1 && <PartIt d={d} now={now} name={name} fresh={fresh} />}
        </>
      )}
    </section>
  )
}

export function History({ d, now, name }: Omit<Props, 'fresh'>) {
  return (
    <section className="card" aria-labelledby="hhist">
      <h2 id="hhist">{T.history}</h2>
      {!d.history.length ? (
        <p className="empty">{T.historyNone}</p>
      ) : (
        <ol className="steps">
          {d.history.toReversed().map((h, i) => (
            <li key={`${h.at}${i}`}>
              <time dateTime={h.at}>{both(ms(h.at), now)}</time>
              <span>
                {T.happened[h.what]?.(h.number) ?? h.what}
                {h.other && h.what !== 'merged' && (
                  <>
                    {': '}
                    <Link to="/campaigns/$id" params={{ id: h.other }}>
                      {T.other}
                    </Link>
                  </>
                )}
              </span>
              <small>{h.by ? T.by(h.by) : h.case ? T.byReport(name(h.case)) : ''}</small>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
