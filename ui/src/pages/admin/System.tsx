// What an administrator looks after: mail on its way, and the times and limits of joining. No content.
import { useQuery } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { office } from '../../api/people'
import { Frame, Go, Text, useForm } from '../../ui/Form'
import { Name, State, Table } from '../../ui/Rows'
import { Failed, Heading, Loading, NotFound } from '../../ui/States'
import { sure } from '../../ui/sure'
import { office as words } from '../../words/office'

const useSystem = () => {
  const { face, session } = useRouteContext({ from: '/shell' })
  return { on: face?.face === 'cell' && !!session?.rights.includes('run-system'), exercise: !!session?.exercise }
}

export function Mail() {
  const T = words.mail,
    { on, exercise } = useSystem()
  const q = useQuery({ queryKey: ['outbox'], queryFn: office.outbox, enabled: on, refetchInterval: 10_000 })
  if (!on) return <NotFound />
  return (
    <div className="page wide">
      <Heading title={T.title} page={T.title} exercise={exercise} />
      <p className="lede">{T.lede}</p>
      {q.isError ? (
        <Failed error={q.error} retry={() => void q.refetch()} />
      ) : !q.data ? (
        <Loading what={T.title} />
      ) : (
        <>
          <dl className="nums card">
            {([T.waiting, T.sent, T.failed] as const).map((label, i) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{[q.data.waiting, q.data.sent, q.data.failed][i]}</dd>
              </div>
            ))}
          </dl>
          {!q.data.items.length ? (
            <p className="empty card">{T.none}</p>
          ) : (
            <div className="card tight">
              <Table
                label={T.title}
                rows={q.data.items.map((m, i) => ({ ...m, key: String(i) }))}
                id={m => m.key}
                columns={[
                  { label: T.to, cell: m => <Name>{m.to}</Name> },
                  { label: T.kind, cell: m => T.kinds[m.kind] ?? m.kind },
                  {
                    label: T.state,
                    cell: m => (
                      <>
                        <State v={m.state} word={T.states[m.state] ?? m.state} />
                        {m.attempts > 1 && <small>{T.tries(m.attempts)}</small>}
                      </>
                    ),
                  },
                  { label: T.day, cell: m => m.day },
                  {
                    label: T.trouble,
                    cell: m => (
                      <>
                        <Name>{m.trouble ?? '–'}</Name>
                        {m.unsure && <small>{T.unsure}</small>}
                      </>
                    ),
                  },
                ]}
              />
            </div>
          )}
        </>
      )}
    </div>
  )
}

function One({ name, value, changed }: { name: string; value: string; changed: () => void }) {
  const T = words.settings,
    [said, say] = useState('')
  const form = useForm(T.title, `set-${name}`, {}, async get => {
    await sure(() => office.set(name, get('value')))
    say(T.done)
    changed()
  })
  return (
    <li className="card" data-row={name}>
      <Frame of={form} className="one">
        <Text of={form} name="value" label={T.names[name] ?? name} defaultValue={value} autoComplete="off" />
        <Go of={form} label={T.set} quiet />
      </Frame>
      <p role="status" className={said ? 'good' : 'vh'}>
        {said}
      </p>
    </li>
  )
}

/** Single-use links go where these say, so nobody of the cell sets them. */
const BY_OPERATOR = ['member-url', 'cell-url']

function Fixed({ name, value }: { name: string; value: string }) {
  const T = words.settings
  return (
    <li className="card" data-row={name}>
      <p>
        <b>{T.names[name] ?? name}</b>: <Name>{value || '–'}</Name>
      </p>
      <p className="hint">{T.byOperator}</p>
      <p>
        <code>{T.command(name)}</code>
      </p>
    </li>
  )
}

export function Settings() {
  const T = words.settings,
    { on, exercise } = useSystem()
  const q = useQuery({ queryKey: ['settings'], queryFn: office.settings, enabled: on })
  if (!on) return <NotFound />
  return (
    <div className="page">
      <Heading title={T.title} page={T.title} exercise={exercise} />
      <p className="lede">{T.lede}</p>
      {q.isError ? (
        <Failed error={q.error} retry={() => void q.refetch()} />
      ) : !q.data ? (
        <Loading what={T.title} />
      ) : (
        <ul className="cards">
          {q.data.items.map(s =>
            BY_OPERATOR.includes(s.name) ? (
              <Fixed key={s.name} name={s.name} value={s.value} />
            ) : (
              <One key={s.name} name={s.name} value={s.value} changed={() => void q.refetch()} />
            ),
          )}
        </ul>
      )}
    </div>
  )
}
