// On the page of a case: what it was worth, and limiting its source. Both go by the way back: the answer tells nothing of the source.
import { useState } from 'react'
import { cases } from '../api/reports'
import { feedback as T } from '../words/feedback'
import { Area, Frame, Go, useForm } from './Form'
import { Act } from './Sheet'
import { sure } from './sure'

const REASON_CHARS_MAX = 500
type Verdict = 'confirmed' | 'false' | 'open'

/** The letter that the source of a case bore when it came. */
export function Letter({ of: letter }: { of: string }) {
  return (
    <>
      <b>{letter}</b>, {T.letters[letter] ?? letter}
    </>
  )
}

export function Worth({ id, verdict, fresh }: { id: string; verdict: Verdict; fresh: () => unknown }) {
  const say = (to: Verdict) => () => cases.judge(id, to).then(fresh)
  return (
    <section className="card" aria-labelledby="h-worth">
      <h2 id="h-worth">{T.worth}</h2>
      <p className="sub">{T.worthText}</p>
      <p role="status">{T.verdicts[verdict]}</p>
      <p className="acts">
        {verdict !== 'confirmed' && <Act label={T.confirm} go={say('confirmed')} />}
        {verdict !== 'false' && <Act label={T.refute} go={say('false')} />}
        {verdict !== 'open' && <Act label={T.takeBack} go={say('open')} />}
      </p>
    </section>
  )
}

export function LimitSource({ id, fresh }: { id: string; fresh: () => void }) {
  const [said, done] = useState(false)
  const form = useForm(T.limit, 'limit', { reason: T.needReason }, async (get, _, f) => {
    await sure(() => cases.limit(id, get('reason')))
    f.reset()
    done(true)
    fresh()
  })
  return (
    <details className="card">
      <summary>{T.limit}</summary>
      <p className="sub">{T.limitText}</p>
      <Frame of={form}>
        <Area of={form} name="reason" label={T.reason} max={REASON_CHARS_MAX} />
        <Go of={form} label={T.limitGo} />
        <p role="status" className={said ? 'good' : 'vh'}>
          {said && T.limited}
        </p>
      </Frame>
    </details>
  )
}
