// Parts of the report's pages: choices, what others will see, the values of what was pasted, and the receipt.
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { reports, type Preview, type Receipt } from '../api/reports'
import { bodyOf, join, type Draft } from '../lib/draft'
import { why } from '../ui/Form'
import { Name } from '../ui/Rows'
import { Heading } from '../ui/States'
import { Value } from '../ui/Value'
import { report as T } from '../words/report'
import { kindWord } from '../words/portal'

const PREVIEW_REST_MS = 600
const FILE_MAX = 32 * 1024 * 1024

/** One of several, as native radio buttons. */
export function Radios({
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

export function Others({ draft, change }: { draft: Draft; change: (part: Partial<Draft>) => void }) {
  const [seen, see] = useState<Preview | null>(null)
  const asked = JSON.stringify(bodyOf(draft, T.contact.sent))
  useEffect(() => {
    let on = true
    const wait = setTimeout(() => {
      void reports
        .preview(JSON.parse(asked) as ReturnType<typeof bodyOf>)
        .then(p => on && see(p))
        .catch(() => on && see(null))
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
      {!seen ? (
        <p className="sub">{T.others.namesWait}</p>
      ) : !seen.findings.length ? (
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

export function Values({ draft, change }: { draft: Draft; change: (part: Partial<Draft>) => void }) {
  const [busy, setBusy] = useState(false),
    [said, say] = useState(''),
    [trouble, fail] = useState(''),
    [left, leave] = useState<{ text: string; why: string }[]>([]),
    [one, setOne] = useState('')
  const find = async (data: string | File) => {
    if (typeof data !== 'string' && data.size > FILE_MAX) return fail(T.paste.tooLarge)
    if (typeof data === 'string' && !data.trim()) return
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

export function Received({ r, again }: { r: Receipt; again: () => void }) {
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
