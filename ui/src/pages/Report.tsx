// Reporting an attack: one question a page, the draft kept on the device, and beside it what others will see.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import { useEffect, useState, type FormEvent, type ReactNode } from 'react'
import { firm } from '../api/people'
import { reports, type Preview, type Receipt } from '../api/reports'
import { EMPTY, bodyOf, draftKey, join, readDraft, type Draft } from '../lib/draft'
import { why } from '../ui/Form'
import { useProblems, type Problem } from '../ui/Problems'
import { Name } from '../ui/Rows'
import { Heading, NotFound } from '../ui/States'
import { Value } from '../ui/Value'
import { report as T } from '../words/report'
import { kindWord } from '../words/portal'

export const STEPS = ['now', 'what', 'words', 'values', 'share', 'contact', 'check'] as const
export type Step = (typeof STEPS)[number]
const PREVIEW_REST_MS = 600
const FILE_MAX = 32 * 1024 * 1024

const need = (on: boolean, field: string, text: string): Problem[] => (on ? [] : [{ field, text }])
/** What is missing on a step, in the words that ask for it. */
export function missing(step: Step, d: Draft): Problem[] {
  switch (step) {
    case 'now':
      return need(!!d.ongoing, 'r-now-yes', T.now.need)
    case 'what':
      return need(!!d.attack, `r-what-${T.attacks[0][0]}`, T.what.need)
    case 'words':
      return [
        ...need(!!d.title.trim(), 'r-title', T.words.needOne),
        ...need(!!d.narrative.trim(), 'r-narrative', T.words.needMore),
      ]
    case 'share':
      return [
        ...need(!!d.warn, `r-warn-${T.share.warns[0][0]}`, T.share.needWarn),
        ...need(!!d.know, `r-know-${T.share.knows[0][0]}`, T.share.needKnow),
      ]
    default:
      return []
  }
}

function useDraft(person: string) {
  const key = draftKey(person)
  const [draft, set] = useState<Draft>(() => readDraft(localStorage.getItem(key))),
    [newer, setNewer] = useState<Draft | null>(null)
  useEffect(() => {
    const heard = (e: StorageEvent) => {
      if (e.key === key) setNewer(readDraft(e.newValue))
    }
    addEventListener('storage', heard)
    return () => removeEventListener('storage', heard)
  }, [key])
  return {
    draft,
    newer,
    change: (part: Partial<Draft>) =>
      set(d => {
        const next = { ...d, ...part, version: d.version + 1 }
        localStorage.setItem(key, JSON.stringify(next))
        return next
      }),
    take: () => {
      if (newer) set(newer)
      setNewer(null)
    },
    clear: () => {
      localStorage.removeItem(key)
      set(EMPTY)
      setNewer(null)
    },
  }
}

function useOnline() {
  const [on, set] = useState(navigator.onLine)
  useEffect(() => {
    const see = () => set(navigator.onLine)
    addEventListener('online', see)
    addEventListener('offline', see)
    return () => {
      removeEventListener('online', see)
      removeEventListener('offline', see)
    }
  }, [])
  return on
}

/** One of several, as native radio buttons. */
function Radios({
  name,
  legend,
  options,
  value,
  choose,
  bad = false,
}: {
  name: string
  legend: string
  options: readonly (readonly [string, string, string?])[]
  value: string
  choose: (v: string) => void
  bad?: boolean
}) {
  return (
    <fieldset className={bad ? 'ticks bad' : 'ticks'}>
      <legend>{legend}</legend>
      {options.map(([v, label, hint]) => (
        <div key={v}>
          <label className="tick">
            <input
              type="radio"
              id={`r-${name}-${v}`}
              name={name}
              value={v}
              checked={value === v}
              aria-describedby={hint ? `r-${name}-${v}-hint` : undefined}
              onChange={() => choose(v)}
            />{' '}
            {label}
          </label>
          {hint && (
            <p className="hint" id={`r-${name}-${v}-hint`}>
              {hint}
            </p>
          )}
        </div>
      ))}
    </fieldset>
  )
}

function Others({ draft, change }: { draft: Draft; change: (part: Partial<Draft>) => void }) {
  const [seen, see] = useState<Preview | null>(null)
  const asked = JSON.stringify(bodyOf(draft, T.contact.sent))
  useEffect(() => {
    let on = true
    const wait = setTimeout(() => {
      void reports
        .preview(JSON.parse(asked) as ReturnType<typeof bodyOf>)
        .then(p => on && see(p))
        .catch(() => undefined)
    }, PREVIEW_REST_MS)
    return () => {
      on = false
      clearTimeout(wait)
    }
  }, [asked])
  return (
    <aside className="card" aria-labelledby="h-others">
      <h2 id="h-others">{T.others.title}</h2>
      {!seen || !draft.warn ? <p>{T.others.nothingYet}</p> : <p>{seen.reach.text}</p>}
      {seen && draft.warn && seen.reach.few && seen.reach.members > 0 && (
        <p className="note warn">{T.others.few(seen.reach.members)}</p>
      )}
      <h3>{T.others.names}</h3>
      {!seen?.findings.length ? (
        <p className="sub">{T.others.namesNone}</p>
      ) : (
        <ul className="lines">
          {seen.findings.map(f => (
            <li key={f.id}>
              <p>
                <Name>{f.text}</Name>
              </p>
              <p className="hint">{f.why}</p>
              {f.holds ? (
                <>
                  <Radios
                    name={`f-${f.id}`}
                    legend={T.others.holds}
                    options={f.may.map(
                      m =>
                        [
                          m,
                          { untick: T.others.untick, generalise: T.others.generalise, keep: T.others.keep }[m] ?? m,
                        ] as const,
                    )}
                    value={draft.findings[f.id] ?? ''}
                    choose={v => change({ findings: { ...draft.findings, [f.id]: v } })}
                  />
                  {f.general && <p className="hint">{f.general}</p>}
                </>
              ) : (
                <p className="hint">{T.others.told}</p>
              )}
            </li>
          ))}
        </ul>
      )}
    </aside>
  )
}

function Values({ draft, change }: { draft: Draft; change: (part: Partial<Draft>) => void }) {
  const [busy, setBusy] = useState(false),
    [said, say] = useState(''),
    [trouble, fail] = useState(''),
    [left, leave] = useState<{ text: string; why: string }[]>([]),
    [one, setOne] = useState('')
  const find = async (data: string | File) => {
    if (typeof data === 'string' ? !data.trim() : data.size > FILE_MAX) return
    setBusy(true)
    fail('')
    try {
      const x = await reports.extract(data)
      const note = (v: (typeof x.values)[number]) =>
        v.own ? T.paste.own : v.internal ? T.paste.internal : v.everyday ? T.paste.everyday : undefined
      change({
        values: join(
          draft.values,
          x.values.map(v => ({ value: v.value, kind: v.kind, on: v.offered, note: note(v) })),
        ),
      })
      leave(x.left_out.map(l => ({ text: l.text, why: l.why })))
      say(x.values.length ? T.paste.found(x.values.length) : T.paste.none)
    } catch (x) {
      fail(why(x))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <p className="lede">{T.paste.lede}</p>
      <div className="field">
        <label htmlFor="r-paste">{T.paste.label}</label>
        <textarea id="r-paste" rows={6} value={draft.paste} onChange={e => change({ paste: e.target.value })} />
      </div>
      <p>
        <button type="button" className="btn quiet" disabled={busy} onClick={() => void find(draft.paste)}>
          {busy ? T.paste.finding : T.paste.find}
        </button>
      </p>
      <div className="field">
        <label htmlFor="r-file">{T.paste.file}</label>
        <input
          id="r-file"
          type="file"
          onChange={e => {
            const f = e.target.files?.[0]
            if (f) void find(f)
          }}
        />
      </div>
      <p role="status" className={said ? 'good' : 'vh'}>
        {said}
      </p>
      {trouble && (
        <p className="err" role="alert">
          {trouble}
        </p>
      )}
      {draft.values.length > 0 && (
        <fieldset className="ticks">
          <legend>{T.paste.values}</legend>
          {draft.values.map((v, i) => (
            <label className="tick" key={v.value}>
              <input
                type="checkbox"
                checked={v.on}
                onChange={e =>
                  change({ values: draft.values.map((x, j) => (j === i ? { ...x, on: e.target.checked } : x)) })
                }
              />{' '}
              <bdi className="mono">{v.value}</bdi> {v.kind && <span className="sub">{kindWord(v.kind)}</span>}{' '}
              {v.note && <span className="sub">{v.note}</span>}
            </label>
          ))}
        </fieldset>
      )}
      {left.length > 0 && (
        <details>
          <summary>{T.paste.leftOut(left.length)}</summary>
          <ul className="plainlist">
            {left.map(l => (
              <li key={l.text}>
                <bdi className="mono">{l.text}</bdi> <span className="sub">{l.why}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <div className="field">
        <label htmlFor="r-one">{T.paste.add}</label>
        <input id="r-one" value={one} maxLength={2000} onChange={e => setOne(e.target.value)} />
      </div>
      <p>
        <button
          type="button"
          className="btn quiet"
          onClick={() => {
            if (one.trim()) change({ values: join(draft.values, [{ value: one.trim(), on: true }]) })
            setOne('')
          }}
        >
          {T.paste.addGo}
        </button>
      </p>
    </>
  )
}

function Received({ r, again }: { r: Receipt; again: () => void }) {
  const file = new Blob([JSON.stringify(r, null, 2)], { type: 'application/json' }),
    [href] = useState(() => URL.createObjectURL(file))
  const a = r.answer
  return (
    <>
      <Heading title={T.receipt.title} page={T.receipt.title} />
      <p className="lede">
        {T.receipt.reference} <span className="mono">{r.reference}</span>
      </p>
      <section className="card" aria-labelledby="h-now">
        <h2 id="h-now">{a.title ? `${T.receipt.now}: ${a.title}` : T.receipt.now}</h2>
        {a.call && <p className="note warn">{a.call}</p>}
        <ol>
          {a.steps.map(s => (
            <li key={s}>{s}</li>
          ))}
        </ol>
      </section>
      <section className="card" aria-labelledby="h-known">
        <h2 id="h-known">{T.receipt.known}</h2>
        <p>{a.text}</p>
        <ul className="plainlist">
          {a.values.map(v => (
            <li key={v.value}>
              <Value value={v.value} kind={v.kind} /> <span className="sub">{v.meaning}</span>
            </li>
          ))}
        </ul>
      </section>
      {r.items.some(i => i.held || i.result !== 'accepted') && (
        <section className="card" aria-labelledby="h-items">
          <h2 id="h-items">{T.receipt.items}</h2>
          <ul className="plainlist">
            {r.items.map(i => (
              <li key={i.index}>
                <bdi className="mono">{i.value}</bdi>{' '}
                <span className="sub">
                  {T.receipt.result[i.result] ?? i.result} {i.why} {i.held}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <p>
        <Link className="btn" to="/reports/$ref" params={{ ref: r.reference }}>
          {T.receipt.thread}
        </Link>{' '}
        <a className="btn quiet" href={href} download="receipt.json">
          {T.receipt.download}
        </a>{' '}
        <button className="btn quiet" onClick={again}>
          {T.receipt.another}
        </button>
      </p>
    </>
  )
}

export function Report() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { step: asked } = useSearch({ from: '/shell/report' }),
    nav = useNavigate(),
    online = useOnline()
  const on = face?.face === 'member' && !!session?.rights.includes('report')
  const step: Step = STEPS.find(s => s === asked) ?? 'now',
    at = STEPS.indexOf(step)
  const { draft, newer, change, take, clear } = useDraft(`${session?.organisation ?? ''}/${session?.name ?? ''}`)
  const problems = useProblems(T.title),
    [told, tell] = useState<Step>(step),
    [busy, setBusy] = useState(false),
    [done, finish] = useState<Receipt | null>(null)
  const groups = useQuery({
    queryKey: ['groups'],
    queryFn: firm.groups,
    enabled: on && step === 'share' && !!session?.rights.includes('read-groups'),
  })
  if (!on) return <NotFound />
  if (done)
    return (
      <div className="page">
        <Received
          r={done}
          again={() => {
            finish(null)
            void nav({ to: '/report', search: {} })
          }}
        />
      </div>
    )
  const bad = (field: string) => told === step && problems.bad(field)
  const go = (s: Step) => void nav({ to: '/report', search: { step: s } })
  const next = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const wrong = step === 'check' ? STEPS.flatMap(s => missing(s, draft)) : missing(step, draft)
    tell(step)
    problems.set(wrong)
    if (wrong.length || busy) return
    const following = STEPS[at + 1]
    if (following) {
      go(following)
      return
    }
    setBusy(true)
    try {
      const r = await reports.send(bodyOf(draft, T.contact.sent))
      clear()
      finish(r)
    } catch (x) {
      problems.set([{ field: 'r-go', text: why(x) }])
    } finally {
      setBusy(false)
    }
  }
  const titles: Record<Step, string> = {
    now: T.now.title,
    what: T.what.title,
    words: T.words.title,
    values: T.paste.title,
    share: T.share.title,
    contact: T.contact.title,
    check: T.check.title,
  }
  const line = (label: string, value: ReactNode, s: Step) => (
    <div>
      <dt>{label}</dt>
      <dd>
        {value}{' '}
        <Link to="/report" search={{ step: s }}>
          {T.change}
          <span className="vh"> {label}</span>
        </Link>
      </dd>
    </div>
  )
  return (
    <div className="page wide report">
      <div>
        <Heading key={step} title={titles[step]} page={titles[step]} exercise={session.exercise} />
        <p className="sub">{T.step(at + 1, STEPS.length)}</p>
        {!online && (
          <p className="note warn" role="status">
            {T.offline} <a href="/break-glass">{T.now.how}</a>
          </p>
        )}
        {newer && newer.version !== draft.version && (
          <p className="note" role="status">
            {T.draftOther}{' '}
            <button className="btn quiet sm" onClick={take}>
              {T.draftTake}
            </button>
          </p>
        )}
        <form className="write" noValidate onSubmit={e => void next(e)}>
          {told === step && problems.summary}
          {step === 'now' && (
            <>
              <Radios
                name="now"
                legend={T.now.title}
                bad={bad('r-now-yes')}
                options={[
                  ['yes', T.now.yes],
                  ['no', T.now.no],
                ]}
                value={draft.ongoing}
                choose={v => change({ ongoing: v as Draft['ongoing'] })}
              />
              {draft.ongoing === 'yes' && (
                <p className="note warn" role="status">
                  {T.now.call} <a href="/break-glass">{T.now.how}</a>
                </p>
              )}
            </>
          )}
          {step === 'what' && (
            <>
              <p className="hint">{T.what.hint}</p>
              <Radios
                name="what"
                legend={T.what.title}
                bad={bad(`r-what-${T.attacks[0][0]}`)}
                options={T.attacks}
                value={draft.attack}
                choose={attack => change({ attack })}
              />
            </>
          )}
          {step === 'words' && (
            <>
              <div className={bad('r-title') ? 'field bad' : 'field'}>
                <label htmlFor="r-title">{T.words.one}</label>
                <p className="hint" id="r-title-hint">
                  {T.words.oneHint}
                </p>
                <input
                  id="r-title"
                  maxLength={200}
                  value={draft.title}
                  aria-describedby="r-title-hint"
                  aria-invalid={bad('r-title')}
                  onChange={e => change({ title: e.target.value })}
                />
              </div>
              <div className={bad('r-narrative') ? 'field bad' : 'field'}>
                <label htmlFor="r-narrative">{T.words.more}</label>
                <p className="hint" id="r-narrative-hint">
                  {T.words.moreHint}
                </p>
                <textarea
                  id="r-narrative"
                  rows={8}
                  maxLength={19_000}
                  value={draft.narrative}
                  aria-describedby="r-narrative-hint"
                  aria-invalid={bad('r-narrative')}
                  onChange={e => change({ narrative: e.target.value })}
                />
              </div>
            </>
          )}
          {step === 'values' && <Values draft={draft} change={change} />}
          {step === 'share' && (
            <>
              <Radios
                name="warn"
                legend={T.share.warn}
                bad={bad(`r-warn-${T.share.warns[0][0]}`)}
                options={[
                  ...T.share.warns,
                  ...(groups.data?.items ?? []).map(g => [`group:${g.id}`, T.share.group(g.name)] as const),
                ]}
                value={draft.warn}
                choose={warn => change({ warn })}
              />
              <Radios
                name="know"
                legend={T.share.know}
                bad={bad(`r-know-${T.share.knows[0][0]}`)}
                options={T.share.knows}
                value={draft.know}
                choose={know => change({ know })}
              />
              <Radios
                name="tlp"
                legend={T.share.tlp}
                options={T.share.tlps}
                value={draft.tlp}
                choose={tlp => change({ tlp })}
              />
            </>
          )}
          {step === 'contact' && (
            <>
              <p className="lede">{T.contact.lede}</p>
              {draft.know === 'nobody' && <p className="note">{T.contact.nobody}</p>}
              <div className="field">
                <label htmlFor="r-contact">{T.contact.label}</label>
                <input
                  id="r-contact"
                  maxLength={200}
                  value={draft.contact}
                  disabled={draft.know === 'nobody'}
                  onChange={e => change({ contact: e.target.value })}
                />
              </div>
            </>
          )}
          {step === 'check' && (
            <dl className="facts">
              {line(T.check.going, draft.ongoing === 'yes' ? T.check.yes : T.check.no, 'now')}
              {line(T.check.kind, T.attacks.find(([k]) => k === draft.attack)?.[1] ?? '', 'what')}
              {line(T.check.line, <Name>{draft.title}</Name>, 'words')}
              {line(T.check.text, <Name>{draft.narrative}</Name>, 'words')}
              {line(
                T.check.values,
                draft.values.filter(v => v.on).length
                  ? draft.values
                      .filter(v => v.on)
                      .map(v => v.value)
                      .join(', ')
                  : T.check.noValues,
                'values',
              )}
              {line(
                T.check.warn,
                T.share.warns.find(([k]) => k === draft.warn)?.[1] ??
                  T.share.group(groups.data?.items.find(g => `group:${g.id}` === draft.warn)?.name ?? ''),
                'share',
              )}
              {line(T.check.know, T.share.knows.find(([k]) => k === draft.know)?.[1] ?? '', 'share')}
            </dl>
          )}
          <p>
            {at > 0 && (
              <>
                <button type="button" className="btn quiet" onClick={() => go(STEPS[at - 1] ?? 'now')}>
                  {T.back}
                </button>{' '}
              </>
            )}
            <button id="r-go" className="btn" disabled={busy}>
              {step === 'check' ? (busy ? T.check.sending : T.check.send) : T.next}
            </button>
          </p>
        </form>
        <p className="hint">
          {T.draftKept}{' '}
          <button
            type="button"
            className="btn quiet sm"
            onClick={() => {
              clear()
              go('now')
            }}
          >
            {T.draftDelete}
          </button>
        </p>
      </div>
      <Others draft={draft} change={change} />
    </div>
  )
}
