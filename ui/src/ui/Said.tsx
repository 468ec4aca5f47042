// A thread as either side reads it, and the field to say something in it.
import { useState } from 'react'
import { thread as T } from '../words/report'
import { Area, Frame, Go, useForm } from './Form'
import { Name } from './Rows'
import { Moment } from './When'

type Row = {
  id?: string | null
  from: string
  at: string
  kind: string
  text: string
  asks: boolean
  name?: string | null
}
export function Said({ rows, of, own }: { rows: readonly Row[]; of: (row: Row) => string; own: string }) {
  if (!rows.length) return <p className="empty">{T.empty}</p>
  return (
    <ol className="thread">
      {rows.map((r, i) => (
        <li
          key={r.id ?? `${r.at}${r.kind}${i}`}
          data-from={r.from === own ? 'own' : 'other'}
          data-kind={r.kind === 'message' ? 'message' : 'change'}
        >
          <p className="meta">
            <b>
              <bdi>{of(r)}</bdi>
            </b>
            <span>
              <Moment at={r.at} />
            </span>
          </p>
          {r.kind === 'message' ? (
            <p className="said">
              <Name>{r.text}</Name>
            </p>
          ) : (
            <>
              <p className="said">{T.kinds[r.kind] ?? r.kind}</p>
              {['opened', 'verdict', 'limited'].includes(r.kind) && (
                <p className="said">
                  <Name>{r.text}</Name>
                </p>
              )}
            </>
          )}
          {r.asks && <p className="asks">{T.asks}</p>}
        </li>
      ))}
    </ol>
  )
}

export function Reply({
  label,
  send,
  done,
  ask = false,
}: {
  label: string
  send: (text: string, asks: boolean) => Promise<unknown>
  done: () => void
  ask?: boolean
}) {
  const [said, say] = useState('')
  const form = useForm(label, 'say', { text: T.needText }, async (get, data, f) => {
    await send(get('text'), data.get('asks') === 'on')
    f.reset()
    say(T.sent)
    done()
  })
  return (
    <Frame of={form}>
      <Area of={form} name="text" label={label} max={10_000} />
      {ask && (
        <p>
          <label className="tick">
            <input type="checkbox" name="asks" /> {T.askShare}
          </label>
        </p>
      )}
      <Go of={form} label={T.send} />
      <p role="status" className={said ? 'good' : 'vh'}>
        {said}
      </p>
    </Frame>
  )
}
