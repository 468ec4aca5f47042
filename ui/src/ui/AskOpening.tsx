// On the page of a case: a lead asks that two open who reported it.
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { sources } from '../api/sources'
import { sources as T } from '../words/sources'
import { Area, Frame, Go, useForm } from './Form'
import { sure } from './sure'

const REASON_CHARS_MAX = 500
export function AskOpening({ id }: { id: string }) {
  const [asked, done] = useState(false)
  const form = useForm(T.ask, 'opening', { reason: T.needReason }, async get => {
    await sure(() => sources.ask(id, get('reason')))
    done(true)
  })
  return (
    <details className="card">
      <summary>{T.ask}</summary>
      <p className="sub">{T.askText}</p>
      {asked ? (
        <p role="status" className="good">
          {T.asked} <Link to="/admin/sources">{T.toOpenings}</Link>
        </p>
      ) : (
        <Frame of={form}>
          <Area of={form} name="reason" label={T.reason} max={REASON_CHARS_MAX} />
          <Go of={form} label={T.askGo} />
        </Frame>
      )}
    </details>
  )
}
