// The sharing groups that a member is in, and one of them with its members and items.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError } from '../api/client'
import { firm } from '../api/people'
import type { IndicatorView } from '../api/types'
import { Frame, Go, Text, useForm } from '../ui/Form'
import { Listed, Name, Table, usePages } from '../ui/Rows'
import { Failed, Heading, Loading, NotFound } from '../ui/States'
import { Value } from '../ui/Value'
import { Moment } from '../ui/When'
import { Tlp } from '../ui/bits'
import { sure } from '../ui/sure'
import { firm as words } from '../words/firm'
import { kindWord } from '../words/portal'

const T = words.groups
export function Groups() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    on = face?.face === 'member' && !!session?.rights.includes('read-groups')
  const q = useQuery({ queryKey: ['groups'], queryFn: firm.groups, enabled: on })
  if (!on) return <NotFound />
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
        <ul className="lines card">
          {q.data.items.map(g => (
            <li key={g.id}>
              <h2 className="t">
                <Link to="/groups/$id" params={{ id: g.id }}>
                  <Name>{g.name}</Name>
                </Link>
              </h2>
              <p>
                <Name>{g.purpose}</Name>
              </p>
              <p className="meta">
                <span>{T.members(g.members)}</span>
                <span>{T.items(g.items, g.more)}</span>
                <span>
                  {g.ends_at ? (
                    <>
                      {T.ends} <Moment at={g.ends_at} />
                    </>
                  ) : (
                    T.noEnd
                  )}
                </span>
              </p>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Add({ id, added }: { id: string; added: () => void }) {
  const form = useForm(T.title, 'add', { organisation: T.needName }, async (get, _, f) => {
    await sure(() => firm.groupAdd(id, get('organisation')))
    f.reset()
    added()
  })
  return (
    <Frame of={form}>
      <Text of={form} name="organisation" label={T.addName} autoComplete="off" dir="auto" />
      <Go of={form} label={T.addGo} />
    </Frame>
  )
}

export function Group() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { id } = useParams({ from: '/shell/groups/$id' }),
    on = face?.face === 'member' && !!session?.rights.includes('read-groups')
  const q = useQuery({ queryKey: ['group', id], queryFn: () => firm.group(id), enabled: on, retry: false }),
    items = usePages<IndicatorView>(['group-items', id], c => firm.groupItems(id, c), on && !!q.data),
    [said, say] = useState('')
  if (!on) return <NotFound />
  if (q.error instanceof ApiError && q.error.status === 404)
    return <NotFound title={T.notFound} meaning={T.notFoundText} />
  const g = q.data?.group
  return (
    <div className="page">
      {q.isError && <Failed error={q.error} retry={() => void q.refetch()} />}
      {!g && !q.isError && <Loading what={T.title} />}
      {g && (
        <>
          <Heading title={g.name} page={g.name} exercise={session.exercise}>
            <Name>{g.name}</Name>
          </Heading>
          <p className="lede">
            <Name>{g.purpose}</Name>
          </p>
          <section className="card">
            <dl className="facts">
              <div>
                <dt>{T.ends}</dt>
                <dd>{g.ends_at ? <Moment at={g.ends_at} /> : T.noEnd}</dd>
              </div>
              <div>
                <dt>{T.joined}</dt>
                <dd>
                  <Moment at={g.joined_at} />
                  <br />
                  <span className="hint">{T.joinedMeaning}</span>
                </dd>
              </div>
            </dl>
          </section>
          <section className="card" aria-labelledby="h-in">
            <h2 id="h-in">{T.inIt}</h2>
            <ul className="plainlist">
              {q.data?.members.map(m => (
                <li key={m.name}>
                  <Name>{m.name}</Name>
                  {m.organiser && <span className="sub">{T.organiser}</span>}
                </li>
              ))}
            </ul>
            <p className="sub">{T.who[g.who_may_add] ?? ''}</p>
            {g.may_add && (
              <>
                <h3>{T.add}</h3>
                <Add
                  id={id}
                  added={() => {
                    say(T.added)
                    void q.refetch()
                  }}
                />
                <p role="status" className={said ? 'good' : 'vh'}>
                  {said}
                </p>
              </>
            )}
          </section>
          <section aria-labelledby="h-items">
            <h2 id="h-items">{T.shared}</h2>
            <Listed of={items} empty={T.sharedNone}>
              {rows => (
                <Table
                  label={T.shared}
                  rows={rows}
                  id={i => i.id}
                  columns={[
                    { label: T.value, cell: i => <Value value={i.value} kind={i.kind} /> },
                    { label: T.kind, cell: i => kindWord(i.kind) },
                    { label: 'TLP', cell: i => <Tlp v={i.tlp} /> },
                    { label: T.at, cell: i => <Moment at={i.released_at} /> },
                  ]}
                />
              )}
            </Listed>
          </section>
        </>
      )}
    </div>
  )
}
