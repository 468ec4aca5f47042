// Reporting an attack: one question a page, the draft kept on the device, and beside it what others will see.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { reachOf } from '../api/coming'
import { firm } from '../api/people'
import { reports } from '../api/reports'
import { bodyOf, keepReceipt, keptReceipt, newKey, sealsWords, wordsOf, type KeptReceipt } from '../lib/draft'
import { useDraft } from '../lib/use-draft'
import { Call } from '../ui/Call'
import { CannotReport, isKept } from '../ui/CannotReport'
import { why } from '../ui/Form'
import { Icon } from '../ui/Icon'
import { useProblems } from '../ui/Problems'
import { Heading, NotFound } from '../ui/States'
import { report as T } from '../words/report'
import { Others, Received, usePreview } from './ReportParts'
import { Check, Contact, Now, STEPS, Share, What, Words, missing, type Step } from './ReportSteps'
import { Values, useFinding } from './ReportValues'

/** Steps on which there is something that others would see. */
const WITH_OTHERS: readonly Step[] = ['words', 'values', 'share', 'check']
const RECEIVED = 'received'

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

const titles: Record<Step, string> = {
  now: T.now.title,
  what: T.what.title,
  words: T.words.title,
  values: T.paste.title,
  share: T.share.title,
  contact: T.contact.title,
  check: T.check.title,
}

export function Report() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { step: asked } = useSearch({ from: '/shell/report' }),
    nav = useNavigate(),
    online = useOnline(),
    person = `${session?.organisation ?? ''}/${session?.name ?? ''}`
  const on = face?.face === 'member' && !!session?.rights.includes('report')
  const step: Step = STEPS.find(s => s === asked) ?? 'now',
    at = STEPS.indexOf(step)
  const { draft, newer, change, named, sealedAs, take, mine, clear } = useDraft(person)
  const problems = useProblems(titles[step]),
    [tried, tell] = useState<Step>(step),
    [busy, setBusy] = useState(false),
    [last, setLast] = useState<KeptReceipt | null>(() => keptReceipt(person)),
    [sent, setSent] = useState(''),
    finding = useFinding(draft, change),
    unread = useRef('') // a text that could not be looked through, and with which somebody may go on
  const others = WITH_OTHERS.includes(step),
    told = usePreview(draft, on && (others || step === 'contact')),
    kept = told && told !== 'failed' ? told.source_kept : undefined
  const groups = useQuery({
    queryKey: ['groups'],
    queryFn: firm.groups,
    enabled: on && !!session?.rights.includes('read-groups') && (step === 'share' || draft.warn.startsWith('group:')),
  })
  if (!on && face?.face === 'member' && isKept(session))
    return (
      <div className="page">
        <Heading title={T.title} page={T.title} exercise={session?.exercise} />
        <CannotReport session={session} />
        <Call {...reachOf(face)} />
      </div>
    )
  if (!on) return <NotFound />
  const reach = { ...reachOf(face), ...(last && !reachOf(face).phone ? { phone: last.receipt.answer.phone } : {}) },
    go = (s?: string) => void nav({ to: '/report', search: s ? { step: s } : {} }),
    dismiss = () => {
      keepReceipt(person, null)
      setLast(null)
    }
  if (asked === RECEIVED && last)
    return (
      <div className="page receipt">
        <Received
          r={last.receipt}
          reach={reach}
          ongoing={last.ongoing}
          sent={sent || undefined}
          again={() => go()}
          dismiss={() => {
            dismiss()
            go()
          }}
        />
      </div>
    )
  const bad = (field: string) => tried === step && problems.bad(field)
  const send = async () => {
    setBusy(true)
    try {
      let d = named(newKey)
      if (sealsWords(d) && !d.sealed) {
        const sealed = sealedAs(d, await reports.seal(wordsOf(d, T.contact.sent)))
        // Somebody went back and wrote on: what was sealed is not what they mean any more.
        if (!sealed) return
        d = sealed
      }
      const body = bodyOf(d),
        receipt = await reports.send(body, d.key),
        now = { receipt, ongoing: d.ongoing === 'yes' }
      keepReceipt(person, now)
      setLast(now)
      setSent(JSON.stringify(body))
      clear()
      go(RECEIVED)
    } catch (x) {
      problems.set([{ field: 'r-go', text: why(x) }])
    } finally {
      setBusy(false)
    }
  }
  /** Looks through what was pasted and not looked through yet. Whether to go on at once. */
  const looked = async () => {
    if (!draft.paste.trim() || draft.read || unread.current === draft.paste) return true
    const n = await finding.find(draft.paste)
    if (n === null) {
      unread.current = draft.paste
      problems.set([{ field: 'r-paste', text: T.paste.failed }])
      return false
    }
    if (n > 0) setTimeout(() => document.getElementById('r-values')?.focus())
    return n === 0
  }
  const next = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    if (busy || finding.busy) return
    // what is missing is asked for on its own page
    const place = step === 'check' ? (STEPS.find(s => missing(s, draft).length) ?? step) : step,
      wrong = missing(place, draft)
    if (place === 'check' && newer) wrong.push({ field: 'r-newer', text: T.draftChoose })
    tell(place)
    problems.set(wrong)
    if (place !== step) go(place)
    if (wrong.length || (step === 'values' && !(await looked()))) return
    const following = STEPS[at + 1]
    if (following) go(following)
    else await send()
  }
  const part = { draft, change, bad }
  return (
    <div className={others ? 'page wide report beside' : 'page report'}>
      <div className="ask">
        {at > 0 && (
          <button type="button" className="plain back" onClick={() => go(STEPS[at - 1])}>
            <Icon n="back" />
            {T.back}
          </button>
        )}
        <p className="at">
          <span>{T.step(at + 1, STEPS.length)}</span>
          <progress max={STEPS.length} value={at + 1} aria-hidden="true" />
        </p>
        <Heading key={step} title={titles[step]} page={titles[step]} exercise={session.exercise} />
        {step === 'now' && last && (
          <p className="note">
            {T.receipt.last} <span className="mono">{last.receipt.reference}</span>.{' '}
            <Link to="/report" search={{ step: RECEIVED }}>
              {T.receipt.show}
            </Link>{' '}
            <button type="button" className="plain" onClick={dismiss}>
              {T.receipt.dismiss}
            </button>
          </p>
        )}
        {!online && (
          <div role="status">
            <Call {...reach} then={T.offline} />
          </div>
        )}
        {newer && (
          <div className="note warn" role="alert" id="r-newer" tabIndex={-1}>
            <p>{newer === 'gone' ? T.draftGone : T.draftOther}</p>
            <p className="acts">
              <button type="button" className="btn quiet sm" onClick={take}>
                {newer === 'gone' ? T.draftEmpty : T.draftTake}
              </button>{' '}
              <button type="button" className="btn quiet sm" onClick={mine}>
                {T.draftMine}
              </button>
            </p>
          </div>
        )}
        <form className="write" noValidate onSubmit={e => void next(e)}>
          {tried === step && problems.summary}
          {step === 'now' && <Now {...part} reach={reach} />}
          {step === 'what' && <What {...part} />}
          {step === 'words' && <Words {...part} />}
          {step === 'values' && <Values draft={draft} change={change} finding={finding} />}
          {step === 'share' && <Share {...part} groups={groups.data?.items ?? []} />}
          {step === 'contact' && <Contact {...part} kept={kept} />}
          {step === 'check' && <Check draft={draft} groups={groups.data?.items} kept={kept} />}
          <p>
            <button id="r-go" className="btn big" disabled={busy || finding.busy}>
              {step === 'check' ? (busy ? T.check.sending : T.check.send) : T.next}
            </button>
          </p>
          {step === 'check' && <p className="hint">{T.check.after}</p>}
        </form>
        <p className="hint kept">
          {T.draftKept}{' '}
          {!newer && draft.version > 0 && (
            <button
              type="button"
              className="plain"
              onClick={() => {
                clear()
                go()
              }}
            >
              {T.draftDelete}
            </button>
          )}
        </p>
      </div>
      {others && <Others draft={draft} change={change} told={told} />}
    </div>
  )
}
export { STEPS, missing }
