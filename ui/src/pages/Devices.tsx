// Screens on walls: paired by a link that works once, read-only, revoked at once.
import { useQuery } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { own } from '../api/people'
import { Frame, Go, Text, useForm } from '../ui/Form'
import { Once } from '../ui/Once'
import { About, Name, State, Table, Whole } from '../ui/Rows'
import { Ask } from '../ui/Sheet'
import { Heading, NotFound } from '../ui/States'
import { sure } from '../ui/sure'
import { firm as words } from '../words/firm'

const T = words.devices

export function Devices() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    f = face?.face ?? 'member',
    on = !!session?.rights.includes(f === 'cell' ? 'read-cases' : 'manage-own')
  const q = useQuery({ queryKey: ['devices', f], queryFn: own(f).devices, enabled: on }),
    [link, setLink] = useState<string | null>(null)
  const form = useForm(T.title, 'wall', { label: T.needLabel }, async (get, _, frm) => {
    const made = await sure(() => own(f).deviceMake(get('label')))
    frm.reset()
    setLink(location.origin + made.link)
    void q.refetch()
  })
  if (!on) return <NotFound />
  return (
    <div className="page">
      <Heading title={T.title} page={T.title} exercise={session.exercise} />
      <p className="lede">{T.lede}</p>
      {link ? (
        <Once title={T.madeTitle} text={T.madeText} values={[link]} done={() => setLink(null)} />
      ) : (
        <section className="card" aria-labelledby="h-make">
          <h2 id="h-make">{T.make}</h2>
          <Frame of={form}>
            <Text
              of={form}
              name="label"
              label={T.label}
              hint={T.labelHint}
              maxLength={100}
              autoComplete="off"
              dir="auto"
            />
            <Go of={form} label={T.go} />
          </Frame>
        </section>
      )}
      <Whole of={q} what={T.title} empty={T.none}>
        {items => (
          <Table
            label={T.title}
            rows={items}
            id={d => d.id}
            columns={[
              { label: T.label, cell: d => <Name>{d.label}</Name> },
              {
                label: T.state,
                cell: d => <State v={d.paired ? 'active' : 'open'} word={d.paired ? T.paired : T.unpaired} />,
              },
              { label: T.by, cell: d => <Name>{d.made_by}</Name> },
              { label: T.used, cell: d => d.used_day ?? words.keys.never },
              { label: T.ends, cell: d => d.ends_day },
              {
                label: T.revoke,
                hidden: true,
                cell: d => (
                  <Ask
                    label={T.revoke}
                    what={d.label}
                    title={T.revokeTitle}
                    text={<About names={[d.label]} text={T.revokeText} />}
                    yes={T.revoke}
                    go={async () => {
                      await own(f).deviceRevoke(d.id)
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
