// A member proposes a firm that it knows; the cell decides.
import { useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { firm } from '../api/people'
import { Area, Choice, Frame, Go, Text, useForm } from '../ui/Form'
import { Listed, Name, State, Table, usePages } from '../ui/Rows'
import { Ask } from '../ui/Sheet'
import { Heading, NotFound } from '../ui/States'
import { sure } from '../ui/sure'
import { regions, sectorName, sectors, sizes } from '../words/forms'
import { firm as words } from '../words/firm'

const T = words.sponsor

function Propose({ done }: { done: () => void }) {
  const form = useForm(
    T.title,
    'firm',
    T.need,
    async (get, _, f) => {
      await sure(() =>
        firm.propose({
          name: get('name'),
          sector: get('sector'),
          region: get('region') || null,
          size: get('size') || null,
          domain: get('domain'),
          contact: get('contact'),
          email: get('email'),
          why: get('why'),
        }),
      )
      f.reset()
      done()
    },
    [...Object.keys(T.need), 'region', 'size'],
  )
  return (
    <Frame of={form}>
      <Text of={form} name="name" label={T.name} autoComplete="off" dir="auto" />
      <div className="pair even">
        <Choice of={form} name="sector" label={T.sector} options={sectors} none={T.choose} />
        <Text
          of={form}
          name="domain"
          label={T.domain}
          autoComplete="off"
          spellCheck={false}
          placeholder="firm.example"
        />
      </div>
      <div className="pair even">
        <Choice
          of={form}
          name="region"
          label={words.organisation.region}
          options={regions}
          none={words.organisation.notSaid}
        />
        <Choice
          of={form}
          name="size"
          label={words.organisation.size}
          options={sizes}
          none={words.organisation.notSaid}
        />
      </div>
      <div className="pair even">
        <Text of={form} name="contact" label={T.contact} autoComplete="off" dir="auto" />
        <Text of={form} name="email" label={T.email} type="email" autoComplete="off" spellCheck={false} />
      </div>
      <Area of={form} name="why" label={T.why} max={2000} />
      <Go of={form} label={T.go} />
    </Frame>
  )
}

export function Sponsor() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    on = face?.face === 'member' && !!session?.organisation
  const list = usePages(['sponsorships'], firm.sponsorships, on),
    [said, say] = useState('')
  if (!on) return <NotFound />
  const may = session.rights.includes('manage-own')
  return (
    <div className="page">
      <Heading title={T.title} page={T.title} exercise={session.exercise} />
      <p className="lede">{T.lede}</p>
      {may && (
        <section className="card">
          <Propose
            done={() => {
              say(T.done)
              void list.refetch()
            }}
          />
          <p role="status" className={said ? 'good' : 'vh'}>
            {said}
          </p>
        </section>
      )}
      <section aria-labelledby="h-own">
        <h2 id="h-own">{T.own}</h2>
        <Listed of={list} empty={T.none}>
          {items => (
            <Table
              label={T.own}
              rows={items}
              id={s => s.id}
              columns={[
                {
                  label: T.firm,
                  cell: s => (
                    <>
                      <Name>{s.name}</Name>
                      <small>
                        {sectorName(s.sector)} · <Name>{s.domain}</Name>
                      </small>
                    </>
                  ),
                },
                { label: T.day, cell: s => s.day },
                { label: T.state, cell: s => <State v={s.state} word={T.states[s.state] ?? s.state} /> },
                ...(may
                  ? [
                      {
                        label: T.withdraw,
                        hidden: true,
                        cell: (s: (typeof items)[number]) =>
                          s.state === 'pending' ? (
                            <Ask
                              label={T.withdraw}
                              what={s.name}
                              title={T.withdrawTitle}
                              text={
                                <>
                                  <p>
                                    <Name>{s.name}</Name>
                                  </p>
                                  <p>{T.withdrawText}</p>
                                </>
                              }
                              yes={T.withdraw}
                              go={async () => {
                                await firm.sponsorshipWithdraw(s.id)
                                await list.refetch()
                              }}
                            />
                          ) : null,
                      },
                    ]
                  : []),
              ]}
            />
          )}
        </Listed>
      </section>
    </div>
  )
}
