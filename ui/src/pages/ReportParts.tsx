// Parts of the report's pages: choices, what others will see, and the receipt.
import { Link } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { reports, type Preview, type Receipt } from '../api/reports'
import type { Reach } from '../api/coming'
import { bodyOf, type Draft } from '../lib/draft'
import { defang } from '../lib/format'
import type { Change } from '../lib/use-draft'
import { Call } from '../ui/Call'
import { Icon } from '../ui/Icon'
import { Name } from '../ui/Rows'
import { Heading } from '../ui/States'
import { Value } from '../ui/Value'
import { report as T } from '../words/report'

const PREVIEW_REST_MS = 600
const VALUES_SHOWN = 8

export type Option = readonly [string, string, string?]
/** One of several, as native radio buttons. */
export function Radios({
  name,
  legend,
  options,
  value,
  choose,
  bad = false,
  unseen = false,
}: {
  name: string
  legend: string
  options: readonly Option[]
  value: string
  choose: (v: string) => void
  bad?: boolean
  /** Where the page's heading asks the same already. */
  unseen?: boolean
}) {
  return (
    <fieldset className={bad ? 'choices bad' : 'choices'}>
      <legend className={unseen ? 'vh' : undefined}>{legend}</legend>
      {options.map(([v, label, hint]) => (
        <label className="radio" key={v}>
          <input
            type="radio"
            id={`r-${name}-${v}`}
            name={name}
            value={v}
            checked={value === v}
            onChange={() => choose(v)}
          />
          <span>
            <b>{label}</b>
            {hint && <small>{hint}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}

/** The dry run of a draft, a moment after its last change. */
export function usePreview(draft: Draft, on: boolean): Preview | null | 'failed' {
  const [seen, see] = useState<Preview | null | 'failed'>(null)
  const asked = JSON.stringify(bodyOf(draft))
  useEffect(() => {
    if (!on) return
    let here = true
    const wait = setTimeout(() => {
      void reports
        .preview(JSON.parse(asked) as ReturnType<typeof bodyOf>)
        .then(p => here && see(p))
        .catch(() => here && see('failed'))
    }, PREVIEW_REST_MS)
    return () => {
      here = false
      clearTimeout(wait)
    }
  }, [asked, on])
  return seen
}

const decisions: Record<string, string> = {
  untick: T.others.untick,
  generalise: T.others.generalise,
  keep: T.others.keep,
}
export function Others({ draft, change, told }: { draft: Draft; change: Change; told: Preview | null | 'failed' }) {
  const seen = told === 'failed' ? null : told,
    out = seen?.values.filter(v => v.result !== 'left-out') ?? []
  return (
    <aside className="others" aria-labelledby="h-others">
      <h2 id="h-others">
        <Icon n="eye" />
        {T.others.title}
      </h2>
      <div className="preview">
        <p>
          <b>{T.attacks.find(([k]) => k === draft.attack)?.[1] ?? T.attacks[9][1]}</b>
        </p>
        <p className="sub">{T.others.words}</p>
        {out.length > 0 && (
          <ul>
            {out.slice(0, VALUES_SHOWN).map(v => (
              <li key={v.index}>
                <bdi className="mono">{v.value ? defang(v.value, v.kind ?? '') : '–'}</bdi>
                {T.others.results[v.result] && <span className="sub"> {T.others.results[v.result]}</span>}
              </li>
            ))}
            {out.length > VALUES_SHOWN && <li className="sub">{T.others.more(out.length - VALUES_SHOWN)}</li>}
          </ul>
        )}
      </div>
      <p className={draft.know === 'everybody' ? 'note warn' : 'safe'}>
        {draft.know !== 'everybody' && <Icon n="lock" />}
        <span>{draft.know === 'everybody' ? T.others.named : T.others.safe}</span>
      </p>
      {draft.know === 'nobody' && seen?.source_kept === false && <p className="note">{T.others.notKept}</p>}
      <p>{!seen || !draft.warn ? T.others.nothingYet : seen.reach.text}</p>
      {seen && draft.warn && seen.reach.few && seen.reach.members > 0 && (
        <p className="note warn">{T.others.few(seen.reach.members)}</p>
      )}
      <h3>{T.others.names}</h3>
      {draft.warn === 'cell-only' && <p className="note">{T.others.sealed}</p>}
      {!seen ? (
        <p className="sub">{told === 'failed' ? T.others.namesOffline : T.others.namesWait}</p>
      ) : !seen.findings.length ? (
        <p className="sub">{T.others.namesNone}</p>
      ) : (
        <ul className="lines in">
          {seen.findings.map(f => (
            <li key={f.id}>
              <p>
                <b>
                  <Name>{f.text}</Name>
                </b>
              </p>
              <p className="hint">{f.why}</p>
              {f.holds ? (
                <>
                  <Radios
                    name={`f-${f.id}`}
                    legend={T.others.holds}
                    options={f.may.map(
                      m => [m, decisions[m] ?? m, m === 'generalise' ? (f.general ?? undefined) : undefined] as const,
                    )}
                    value={draft.findings[f.id] ?? ''}
                    choose={v => change(d => ({ findings: { ...d.findings, [f.id]: v } }))}
                  />
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

/** A link that saves a text as a file, without any request. */
export function Saved({ text, name, type, label }: { text: string; name: string; type: string; label: string }) {
  const href = useMemo(() => URL.createObjectURL(new Blob([text], { type })), [text, type])
  useEffect(() => () => URL.revokeObjectURL(href), [href])
  return (
    <a className="btn quiet" href={href} download={name}>
      {label}
    </a>
  )
}
export const receiptText = (r: Receipt) => `${JSON.stringify(r, null, 2)}\n`

export function Received({
  r,
  reach,
  ongoing,
  sent,
  again,
  dismiss,
}: {
  r: Receipt
  reach: Reach
  ongoing: boolean
  /** The bytes that were sent, while this page has them. */
  sent?: string
  again: () => void
  dismiss: () => void
}) {
  const a = r.answer,
    phone = a.phone ?? reach.phone,
    mail = a.mail ?? reach.mail
  return (
    <>
      <div className="received">
        <Icon n="check" size={32} />
        <Heading title={T.receipt.title} page={T.receipt.title} />
        <p>{T.receipt.reference}</p>
        <p className="ref mono">{r.reference}</p>
        <p>{T.receipt.find}</p>
      </div>
      {ongoing && <Call phone={phone} mail={mail} then={T.receipt.callThen} />}
      <section aria-labelledby="h-now">
        <h2 id="h-now">{a.title ? `${T.receipt.now}: ${a.title}` : T.receipt.now}</h2>
        <ol className="numbered">
          {a.steps.map(s => (
            <li key={s}>{s}</li>
          ))}
        </ol>
        {!ongoing && a.call && <p className="note">{a.call}</p>}
      </section>
      <section aria-labelledby="h-next">
        <h2 id="h-next">{T.receipt.next}</h2>
        <ol className="numbered">
          <li>{T.receipt.nexts.read}</li>
          {ongoing && <li>{T.receipt.nexts.ongoing}</li>}
          <li>{T.receipt.nexts.reply}</li>
        </ol>
        <p className="acts">
          <Link className="btn" to="/reports/$ref" params={{ ref: r.reference }}>
            {T.receipt.thread}
          </Link>{' '}
          <button className="btn quiet" onClick={again}>
            {T.receipt.another}
          </button>
        </p>
      </section>
      <section className="card" aria-labelledby="h-known">
        <h2 id="h-known">{T.receipt.known}</h2>
        <p>{a.text}</p>
        {a.values.length > 0 && (
          <ul className="plainlist">
            {a.values.map(v => (
              <li key={`${v.kind}${v.value}`}>
                <Value value={v.value} kind={v.kind} /> <span className="sub">{v.meaning}</span>
              </li>
            ))}
          </ul>
        )}
      </section>
      {r.items.some(i => i.held || i.result !== 'accepted') && (
        <section className="card" aria-labelledby="h-items">
          <h2 id="h-items">{T.receipt.items}</h2>
          <ul className="plainlist">
            {r.items.map(i => (
              <li key={i.index}>
                <bdi className="mono">{i.value && defang(i.value, i.kind ?? '')}</bdi>{' '}
                <span className="sub">
                  {[T.receipt.result[i.result] ?? i.result, i.why, i.held].filter(Boolean).join(': ')}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section className="card" aria-labelledby="h-proof">
        <h2 id="h-proof">{T.receipt.proof}</h2>
        <p className="hint">{T.receipt.proofHint}</p>
        <p className="acts">
          <Saved
            text={receiptText(r)}
            name={`receipt-${r.reference}.json`}
            type="application/json"
            label={T.receipt.download}
          />
          {sent && (
            <Saved
              text={sent}
              name={`report-${r.reference}.json`}
              type="application/json"
              label={T.receipt.downloadSent}
            />
          )}
          <a className="btn quiet" href="/api/v1/receipt-key" download="receipt-key.pem">
            {T.receipt.key}
          </a>
        </p>
        <p className="hint">
          {T.receipt.kept}{' '}
          <button type="button" className="plain" onClick={dismiss}>
            {T.receipt.dismiss}
          </button>
        </p>
      </section>
    </>
  )
}
