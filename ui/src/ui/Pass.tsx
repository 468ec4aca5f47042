// Passing one case across a secondee's wall, by name, and taking it back.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, cell } from '../api/client'
import { list } from '../lib/format'
import { words as forms } from '../words/forms'
import { office as words } from '../words/office'
import { Choice, Frame, Go, useForm } from './Form'
import { Name } from './Rows'
import { Sheet } from './Sheet'
import { sure } from './sure'

const T = words.pass
const SECONDEES_FRESH_MS = 60_000
export type Passable = { case: string; attack: string; sector: string | null; passed_to: readonly string[] }

function PassForm({ of: c, done }: { of: Passable; done: (said: string) => void }) {
  const q = useQuery({ queryKey: ['secondees'], queryFn: cell.secondees, staleTime: SECONDEES_FRESH_MS })
  const called = (id: string) => q.data?.items.find(s => s.id === id)?.name ?? ''
  const form = useForm(T.title, `pass-${c.case}`, { to: T.need }, async get => {
    await sure(() => cell.pass(c.case, get('to')))
    done(T.passed(called(get('to'))))
  })
  const back = useForm(T.title, `back-${c.case}`, { to: T.need }, async get => {
    try {
      await sure(() => cell.takeBack(c.case, get('to')))
    } catch (x) {
      if (x instanceof ApiError && x.status === 404) return [{ field: 'to', text: T.notTheirs }]
      throw x
    }
    done(T.taken(called(get('to'))))
    return []
  })
  if (q.isError) return <p className="err">{forms.broken}</p>
  if (!q.data) return <p className="loading">{forms.loading}</p>
  if (!q.data.items.length) return <p className="empty">{T.nobody}</p>
  const has = q.data.items.filter(s => c.passed_to.includes(s.name)),
    others = q.data.items.filter(s => !has.includes(s))
  return (
    <>
      {others.length > 0 && (
        <Frame of={form}>
          <Choice
            of={form}
            name="to"
            label={T.to}
            none={T.choose}
            options={others.map(s => [s.id, s.walled.length ? T.walled(s.name, list(s.walled, 4)) : s.name] as const)}
          />
          <Go of={form} label={T.go} />
        </Frame>
      )}
      {has.length > 0 && (
        <Frame of={back}>
          <Choice
            of={back}
            name="to"
            label={T.has}
            value={has[0]!.id}
            options={has.map(s => [s.id, s.name] as const)}
          />
          <p className="hint">{T.backText}</p>
          <Go of={back} label={T.back} quiet />
        </Frame>
      )}
    </>
  )
}

export function Pass({ of: c, fresh }: { of: Passable; fresh?: () => void }) {
  const [open, set] = useState(false),
    [said, say] = useState('')
  return (
    <span className="actone">
      <button type="button" className="btn quiet sm" onClick={() => set(true)}>
        {T.open}
        <span className="vh">
          {' '}
          {c.attack}
          {c.sector ? `, ${c.sector}` : ''}
        </span>
      </button>
      <span role="status" className={said ? 'good' : 'vh'}>
        {said && <Name>{said}</Name>}
      </span>
      <Sheet open={open} title={T.title} close={() => set(false)}>
        <p>
          <b>{c.attack}</b> {c.sector}
        </p>
        <p className="sub">{T.text}</p>
        <PassForm
          of={c}
          done={text => {
            set(false)
            say(text)
            fresh?.()
          }}
        />
        <p>
          <button type="button" className="btn quiet" onClick={() => set(false)}>
            {forms.cancel}
          </button>
        </p>
      </Sheet>
    </span>
  )
}
