// Keys for machines: made with as little as the machine needs and an end, shown once, revoked at once.
import { useQuery } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { firm } from '../api/people'
import type { KeyMade, NewKey } from '../api/types'
import { Choice, Frame, Go, Text, Ticks, useForm } from '../ui/Form'
import { Once } from '../ui/Once'
import { About, Name, Table, Whole } from '../ui/Rows'
import { Ask } from '../ui/Sheet'
import { Heading, NotFound } from '../ui/States'
import { Moment } from '../ui/When'
import { sure } from '../ui/sure'
import { firm as words } from '../words/firm'

const T = words.keys
const DAYS = [30, 90, 180, 366]
const scopeWord = (s: string) => T.scope[s] ?? s

function Make({ made }: { made: (key: KeyMade) => void }) {
  const form = useForm(
    T.title,
    'key',
    { label: T.needLabel },
    async (get, data, f) => {
      const scopes = data.getAll('scopes').map(String)
      if (!scopes.length) return [{ field: 'scopes', text: T.needScope }]
      const key = await sure(() =>
        firm.keyMake({
          label: get('label'),
          scopes,
          days: Number(get('days')),
          warn: get('warn') as NewKey['warn'],
          know: get('know') as NewKey['know'],
        }),
      )
      f.reset()
      made(key)
      return []
    },
    ['label', 'scopes', 'days', 'warn', 'know'],
  )
  return (
    <Frame of={form}>
      <Text of={form} name="label" label={T.label} hint={T.labelHint} maxLength={100} autoComplete="off" dir="auto" />
      <Ticks of={form} name="scopes" label={T.scopes} options={Object.entries(T.scope)} />
      <Choice of={form} name="days" label={T.days} value="90" options={DAYS.map(d => [String(d), T.day(d)] as const)} />
      <Choice of={form} name="warn" label={T.warn} value="cell-only" options={Object.entries(T.warns)} />
      <Choice of={form} name="know" label={T.know} value="nobody" options={Object.entries(T.knows)} />
      <Go of={form} label={T.go} />
    </Frame>
  )
}

export function Keys() {
  const { face, session } = useRouteContext({ from: '/shell' })
  const on = face?.face === 'member' && !!session?.rights.includes('manage-own'),
    q = useQuery({ queryKey: ['machine-keys'], queryFn: firm.keys, enabled: on }),
    [made, setMade] = useState<KeyMade | null>(null)
  if (!on) return <NotFound />
  return (
    <div className="page">
      <Heading title={T.title} page={T.title} exercise={session.exercise} />
      <p className="lede">{T.lede}</p>
      {made ? (
        <Once title={T.madeTitle} text={T.madeText} values={[made.key]} done={() => setMade(null)} />
      ) : (
        <section className="card" aria-labelledby="h-make">
          <h2 id="h-make">{T.make}</h2>
          <Make
            made={k => {
              setMade(k)
              void q.refetch()
            }}
          />
        </section>
      )}
      <Whole of={q} what={T.title} empty={T.none}>
        {items => (
          <Table
            label={T.title}
            rows={items}
            id={k => k.prefix}
            columns={[
              {
                label: T.label,
                cell: k => (
                  <>
                    <Name>{k.label}</Name>
                    <small>
                      <code>{k.prefix}</code>
                    </small>
                  </>
                ),
              },
              { label: T.scopes, cell: k => k.scopes.map(scopeWord).join(', ') },
              { label: T.used, cell: k => k.used_day ?? T.never },
              { label: T.ends, cell: k => (k.ends_at ? <Moment at={k.ends_at} /> : T.noEnd) },
              {
                label: T.revoke,
                hidden: true,
                cell: k => (
                  <Ask
                    label={T.revoke}
                    what={k.label}
                    title={T.revokeTitle}
                    text={<About names={[k.label]} text={T.revokeText} />}
                    yes={T.revoke}
                    go={async () => {
                      await firm.keyRevoke(k.prefix)
                      await q.refetch()
                    }}
                  />
                ),
              },
            ]}
          />
        )}
      </Whole>
    </div>
  )
}
