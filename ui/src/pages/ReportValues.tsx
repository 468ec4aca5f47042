// What was seen: text that is pasted, files that are chosen or dropped, and the values that are found in them.
import { useEffect, useState, type DragEvent } from 'react'
import { reports, type Extraction } from '../api/reports'
import { join, type Draft, type Picked } from '../lib/draft'
import { defang } from '../lib/format'
import type { Change } from '../lib/use-draft'
import { why } from '../ui/Form'
import { report as T } from '../words/report'
import { kindWord } from '../words/portal'

const FILE_MAX = 32 * 1024 * 1024
const FILES_AT_ONCE = 20

export type Finding = {
  busy: boolean
  said: string
  trouble: string
  left: Extraction['left_out']
  mail: Extraction['mail']
  notes: readonly string[]
  /** How many new values a text or file has; `null` if it could not be looked through. */
  find: (data: string | File) => Promise<number | null>
}

const note = (v: Extraction['values'][number]) =>
  v.own ? T.paste.own : v.internal ? T.paste.internal : v.everyday ? T.paste.everyday : undefined
const picked = (v: Extraction['values'][number]): Picked => ({
  value: v.value,
  kind: v.kind,
  on: v.offered,
  note: note(v),
})

/** Looks through texts and files, and puts what is found into the draft. */
export function useFinding(draft: Draft, change: Change): Finding {
  const [busy, setBusy] = useState(false),
    [said, say] = useState(''),
    [trouble, fail] = useState(''),
    [last, keep] = useState<Extraction | null>(null)
  const find = async (data: string | File) => {
    const name = typeof data === 'string' ? '' : data.name
    if (typeof data !== 'string' && data.size > FILE_MAX) {
      fail(T.paste.tooLarge(name))
      return null
    }
    setBusy(true)
    fail('')
    say('')
    try {
      const x = await reports.extract(data),
        known = new Set(draft.values.map(v => v.value)),
        text = x.values.length ? T.paste.found(x.values.length) : T.paste.none
      change(d => ({
        values: join(d.values, x.values.map(picked)),
        // what was typed meanwhile is not looked through yet
        ...(typeof data === 'string' && d.paste === data ? { read: true } : {}),
      }))
      keep(x)
      say(name ? T.paste.foundIn(name, text) : text)
      return x.values.filter(v => !known.has(v.value)).length
    } catch (e) {
      fail(name ? T.paste.foundIn(name, why(e)) : why(e))
      return null
    } finally {
      setBusy(false)
    }
  }
  return {
    busy,
    said,
    trouble,
    left: last?.left_out ?? [],
    mail: last?.mail ?? null,
    notes: last?.notes ?? [],
    find,
  }
}

const holdsFiles = (e: { dataTransfer: DataTransfer | null }) => !!e.dataTransfer?.types.includes('Files')

export function Values({ draft, change, finding }: { draft: Draft; change: Change; finding: Finding }) {
  const [one, setOne] = useState(''),
    [over, setOver] = useState(false)
  const { busy, said, trouble, left, mail, notes, find } = finding
  // a file that misses the field must not replace the page
  useEffect(() => {
    const stay = (e: globalThis.DragEvent) => {
      if (holdsFiles(e)) e.preventDefault()
    }
    addEventListener('dragover', stay)
    addEventListener('drop', stay)
    return () => {
      removeEventListener('dragover', stay)
      removeEventListener('drop', stay)
    }
  }, [])
  const take = async (list: FileList | null) => {
    for (const f of [...(list ?? [])].slice(0, FILES_AT_ONCE)) await find(f)
  }
  const drag = (on: boolean) => (e: DragEvent) => {
    if (!holdsFiles(e)) return
    e.preventDefault()
    setOver(on)
  }
  return (
    <>
      <p className="lede">{T.paste.lede}</p>
      <div
        className={over ? 'dropzone over' : 'dropzone'}
        onDragEnter={drag(true)}
        onDragOver={drag(true)}
        onDragLeave={drag(false)}
        onDrop={e => {
          drag(false)(e)
          if (holdsFiles(e)) void take(e.dataTransfer.files)
        }}
      >
        <div className="field">
          <label htmlFor="r-paste">{T.paste.label}</label>
          <textarea
            id="r-paste"
            rows={6}
            spellCheck={false}
            className="mono"
            value={draft.paste}
            onChange={e => change({ paste: e.target.value, read: false })}
          />
        </div>
        <p>
          <button
            type="button"
            className="btn quiet"
            id="r-find"
            disabled={busy || !draft.paste.trim()}
            onClick={() => void find(draft.paste)}
          >
            {busy ? T.paste.finding : T.paste.find}
          </button>
        </p>
        <div className="field">
          <label htmlFor="r-file">{T.paste.file}</label>
          <p className="hint" id="r-file-hint">
            {over ? T.paste.drop : T.paste.fileHint}
          </p>
          <input
            id="r-file"
            type="file"
            multiple
            aria-describedby="r-file-hint"
            onChange={e => {
              void take(e.target.files).then(() => (e.target.value = ''))
            }}
          />
        </div>
      </div>
      <p role="status" className={said ? 'good' : 'vh'}>
        {said}
      </p>
      {trouble && (
        <p className="err" role="alert">
          {trouble}
        </p>
      )}
      {notes.map(n => (
        <p className="hint" key={n}>
          {n}
        </p>
      ))}
      {mail && (
        <details>
          <summary>{T.paste.mail}</summary>
          <dl className="facts">
            <div>
              <dt>{T.paste.mailFrom}</dt>
              <dd>
                <bdi>{mail.from || T.paste.none1}</bdi>
              </dd>
            </div>
            <div>
              <dt>{T.paste.mailSubject}</dt>
              <dd>
                <bdi>{mail.subject || T.paste.none1}</bdi>
              </dd>
            </div>
            <div>
              <dt>{T.paste.mailChecks}</dt>
              <dd>{[mail.spf, mail.dkim, mail.dmarc].map(x => x || T.paste.none1).join(', ')}</dd>
            </div>
            <div>
              <dt>{T.paste.mailAttached}</dt>
              <dd>{mail.attachments.length}</dd>
            </div>
          </dl>
        </details>
      )}
      {draft.values.length > 0 && (
        <fieldset className="card found" id="r-values" tabIndex={-1}>
          <legend>{T.paste.values}</legend>
          <p className="hint">{T.paste.valuesHint}</p>
          {draft.values.map((v, i) => (
            <label className="pick" key={v.value}>
              <input
                type="checkbox"
                checked={v.on}
                onChange={e => {
                  const on = e.target.checked
                  change(d => ({ values: d.values.map((x, j) => (j === i ? { ...x, on } : x)) }))
                }}
              />
              <bdi className="mono">{defang(v.value, v.kind ?? '')}</bdi>
              <span className="sub">{[kindWord(v.kind), v.note].filter(Boolean).join(', ')}</span>
            </label>
          ))}
        </fieldset>
      )}
      {left.length > 0 && (
        <details>
          <summary>{T.paste.leftOut(left.length)}</summary>
          <ul className="plainlist">
            {left.map((l, i) => (
              <li key={`${l.text}${i}`}>
                <bdi className="mono">{l.text}</bdi> <span className="sub">{l.why}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <details>
        <summary>{T.paste.add}</summary>
        <div className="small">
          <div className="field">
            <label htmlFor="r-one">{T.paste.one}</label>
            <input id="r-one" value={one} maxLength={2000} onChange={e => setOne(e.target.value)} />
          </div>
          <p>
            <button
              type="button"
              className="btn quiet"
              onClick={() => {
                if (one.trim()) change(d => ({ values: join(d.values, [{ value: one.trim(), on: true }]) }))
                setOne('')
              }}
            >
              {T.paste.addGo}
            </button>
          </p>
        </div>
      </details>
    </>
  )
}
