// Reporting an attack: one question a page, the draft kept on the device, and beside it what others will see.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import { useEffect, useState, type FormEvent, type ReactNode } from 'react'
import { firm } from '../api/people'
import { reports, type Receipt } from '../api/reports'
import { EMPTY, bodyOf, draftKey, keep, kept, readDraft, type Draft } from '../lib/draft'
import { why } from '../ui/Form'
import { useProblems, type Problem } from '../ui/Problems'
import { Name } from '../ui/Rows'
import { Heading, NotFound } from '../ui/States'
import { report as T } from '../words/report'
import { Others, Radios, Received, Values } from './ReportParts'

export const STEPS = ['now', 'what', 'words', 'values', 'share', 'contact', 'check'] as const
export type Step = (typeof STEPS)[number]

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
  const [draft, set] = useState<Draft>(() => kept(key)),
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
        keep(key, next)
        return next
      }),
    take: () => {
      if (newer) set(newer)
      setNewer(null)
    },
    clear: () => {
      keep(key, null)
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
