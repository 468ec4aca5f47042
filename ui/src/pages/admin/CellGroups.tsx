// Sharing groups at the cell: made, ended, and who is in them; what is reported to them is not shown.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { office } from '../../api/people'
import type { CellGroup } from '../../api/types'
import { Area, Choice, Frame, Go, Text, useForm } from '../../ui/Form'
import { Name, State } from '../../ui/Rows'
import { Ask } from '../../ui/Sheet'
import { Failed, Heading, Loading, NotFound } from '../../ui/States'
import { Moment } from '../../ui/When'
import { sure } from '../../ui/sure'
import { office as words } from '../../words/office'

const T = words.groups

function Make({ made }: { made: () => void }) {
  const form = useForm(
    T.title,
    'group',
    T.need,
    async (get, _, f) => {
      await sure(() =>
        office.groupMake({
          name: get('name'),
          purpose: get('purpose'),
          ends_at: get('ends_at') ? `${get('ends_at')}T00:00:00Z` : null,
          who_may_add: get('who_may_add') as CellGroup['who_may_add'],
        }),
      )
      f.reset()
      made()
    },
    ['name', 'purpose', 'ends_at', 'who_may_add'],
  )
  return (
    <Frame of={form}>
      <Text of={form} name="name" label={T.name} autoComplete="off" dir="auto" />
      <Area of={form} name="purpose" label={T.purpose} rows={2} max={500} />
      <div className="pair even">
        <Text of={form} name="ends_at" label={T.ends} hint={T.endsHint} type="date" />
        <Choice of={form} name="who_may_add" label={T.who} value="cell" options={Object.entries(T.whos)} />
      </div>
      <Go of={form} label={T.go} />
    </Frame>
  )
}

function Add({ g, added }: { g: CellGroup; added: () => void }) {
  const form = useForm(
    T.title,
    `add-${g.id}`,
    { organisation: T.needOrganisation },
    async (get, _, f) => {
      await sure(() => office.groupJoin(g.id, get('organisation'), !!get('organiser')))
      f.reset()
      added()
    },
    ['organisation'],
  )
  return (
    <details>
      <summary>{T.add}</summary>
      <Frame of={form}>
        <Text of={form} name="organisation" label={T.addName} hint={T.addMeaning} autoComplete="off" dir="auto" />
        <p>
          <label className="tick">
            <input type="checkbox" name="organiser" value="yes" /> {T.asOrganiser}
          </label>
        </p>
        <Go of={form} label={T.addGo} />
      </Frame>
    </details>
  )
}

const named = (name: string, text: string) => (
  <>
    <p>
      <Name>{name}</Name>
    </p>
    <p>{text}</p>
  </>
)

export function CellGroups() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    on = face?.face === 'cell' && !!session?.rights.includes('manage-members'),
    queries = useQueryClient()
  const q = useQuery({ queryKey: ['cell-groups'], queryFn: office.groups, enabled: on }),
    [said, say] = useState('')
  if (!on) return <NotFound />
  const fresh = () => queries.invalidateQueries({ queryKey: ['cell-groups'] })
  return (
    <div className="page">
      <Heading title={T.title} page={T.title} exercise={session.exercise} />
      <p className="lede">{T.lede}</p>
      {q.isError ? (
        <Failed error={q.error} retry={() => void q.refetch()} />
      ) : !q.data ? (
        <Loading what={T.title} />
      ) : !q.data.items.length ? (
        <p className="empty card">{T.none}</p>
      ) : (
        <ul className="cards">
          {q.data.items.map(g => (
            <li key={g.id} className="card" data-row={g.id}>
              <div className="hd">
                <h2>
                  <Name>{g.name}</Name>
                </h2>
                {g.ended && <State v="left" word={T.ended} />}
              </div>
              <p>
                <Name>{g.purpose}</Name>
              </p>
              <p className="meta">
                <span>
                  {g.ends_at ? (
                    <>
                      {T.endsAt} <Moment at={g.ends_at} />
                    </>
                  ) : (
                    T.noEnd
                  )}
                </span>
                <span>
                  {T.who}: {T.whos[g.who_may_add] ?? g.who_may_add}
                </span>
              </p>
              {!g.members.length ? (
                <p className="empty">{T.empty}</p>
              ) : (
                <ul className="plainlist">
                  {g.members.map(m => (
                    <li key={m.name}>
                      <span>
                        <Name>{m.name}</Name>{' '}
                        <span className="sub">
                          {m.organiser ? `${T.organiser}, ` : ''}
                          {T.since} <Moment at={m.joined_at} />
                        </span>
                      </span>
                      {!g.ended && (
                        <Ask
                          label={T.takeOut}
                          what={m.name}
                          title={T.takeOutTitle}
                          text={named(m.name, T.takeOutText)}
                          yes={T.takeOut}
                          go={() => office.groupLeave(g.id, m.name).then(fresh)}
                        />
                      )}
                    </li>
                  ))}
                </ul>
              )}
              {!g.ended && (
                <>
                  <Add g={g} added={() => void fresh()} />
                  <p className="acts">
                    <Ask
                      label={T.end}
                      what={g.name}
                      title={T.endTitle}
                      text={named(g.name, T.endText)}
                      yes={T.end}
                      go={() => office.groupEnd(g.id, new Date().toISOString()).then(fresh)}
                    />
                  </p>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      <section className="card" aria-labelledby="h-make">
        <h2 id="h-make">{T.make}</h2>
        <Make
          made={() => {
            say(T.made)
            void fresh()
          }}
        />
        <p role="status" className={said ? 'good' : 'vh'}>
          {said}
        </p>
      </section>
    </div>
  )
}
