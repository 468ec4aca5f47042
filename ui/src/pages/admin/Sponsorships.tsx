// Firms that members propose: the cell approves, which invites them, or refuses.
import { useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { office } from '../../api/people'
import type { CellSponsorship, LinkMade } from '../../api/types'
import { Area, Frame, Go, useForm } from '../../ui/Form'
import { Sent } from '../../ui/PersonRows'
import { Listed, Name, State, usePages } from '../../ui/Rows'
import { Ask, Sheet } from '../../ui/Sheet'
import { Heading, NotFound } from '../../ui/States'
import { sure } from '../../ui/sure'
import { words as forms, sectorName } from '../../words/forms'
import { office as words } from '../../words/office'

const T = words.sponsorships

function Refuse({ s, done }: { s: CellSponsorship; done: () => void }) {
  const [open, set] = useState(false)
  const form = useForm(T.title, `no-${s.id}`, { reason: T.needReason }, async get => {
    await sure(() => office.refuse(s.id, get('reason')))
    set(false)
    done()
  })
  return (
    <>
      <button type="button" className="btn quiet" onClick={() => set(true)}>
        {T.refuse}
        <span className="vh">
          {' '}
          <bdi>{s.name}</bdi>
        </span>
      </button>
      <Sheet open={open} title={T.refuseTitle} close={() => set(false)}>
        <p>
          <Name>{s.name}</Name>
        </p>
        <Frame of={form}>
          <Area of={form} name="reason" label={T.reason} max={500} rows={3} />
          <Go of={form} label={T.refuse} danger />
        </Frame>
        <p>
          <button type="button" className="btn quiet" onClick={() => set(false)}>
            {forms.cancel}
          </button>
        </p>
      </Sheet>
    </>
  )
}

export function Sponsorships() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    on = face?.face === 'cell' && !!session?.rights.includes('manage-members')
  const list = usePages<CellSponsorship>(['cell-sponsorships'], office.sponsorships, on),
    [made, setMade] = useState<LinkMade | null>(null)
  if (!on) return <NotFound />
  return (
    <div className="page">
      <Heading title={T.title} page={T.title} exercise={session.exercise} />
      <p className="lede">{T.lede}</p>
      <Sent made={made} said={T.approved} done={() => setMade(null)} />
      <Listed of={list} empty={T.none}>
        {items => (
          <ul className="lines in proposals">
            {items.map(s => (
              <li key={s.id} data-row={s.id}>
                <div className="hd">
                  <h2 className="t">
                    <Name>{s.name}</Name>
                  </h2>
                  <State v={s.state === 'pending' ? 'open' : s.state} word={T.states[s.state] ?? s.state} />
                </div>
                <dl className="facts">
                  <div>
                    <dt>{T.by}</dt>
                    <dd>
                      <Name>{s.sponsor}</Name>, {s.day}
                    </dd>
                  </div>
                  <div>
                    <dt>{T.domain}</dt>
                    <dd>
                      <Name>{s.domain}</Name> · {sectorName(s.sector)}
                    </dd>
                  </div>
                  <div>
                    <dt>{T.contact}</dt>
                    <dd>
                      <Name>{s.contact}</Name>, <Name>{s.email}</Name>
                    </dd>
                  </div>
                  <div>
                    <dt>{T.why}</dt>
                    <dd>
                      <Name>{s.why}</Name>
                    </dd>
                  </div>
                  {s.decided_day && (
                    <div>
                      <dt>{T.decided}</dt>
                      <dd>
                        {s.decided_day}
                        {s.reason && (
                          <>
                            {': '}
                            <Name>{s.reason}</Name>
                          </>
                        )}
                      </dd>
                    </div>
                  )}
                </dl>
                {s.state === 'pending' && (
                  <p className="acts">
                    <Ask
                      small={false}
                      danger={false}
                      label={T.approve}
                      what={s.name}
                      title={T.approveTitle}
                      text={
                        <>
                          <p>
                            <Name>{s.name}</Name>: <Name>{s.contact}</Name>, <Name>{s.email}</Name>
                          </p>
                          <p>{T.approveText}</p>
                        </>
                      }
                      yes={T.approve}
                      go={async () => {
                        setMade(await office.approve(s.id))
                        await list.refetch()
                      }}
                    />
                    <Refuse s={s} done={() => void list.refetch()} />
                  </p>
                )}
              </li>
            ))}
          </ul>
        )}
      </Listed>
    </div>
  )
}
