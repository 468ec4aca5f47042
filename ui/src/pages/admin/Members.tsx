// The cell's list of organisations: search, invite, and what was sent.
import { Link, useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { office } from '../../api/people'
import type { LinkMade } from '../../api/types'
import { Area, Choice, Frame, Go, Text, Ticks, lines, useForm } from '../../ui/Form'
import { InvitationTable, Sent } from '../../ui/PersonRows'
import { Listed, Name, State, Table, usePages } from '../../ui/Rows'
import { SearchBox } from '../../ui/SearchBox'
import { Heading, NotFound } from '../../ui/States'
import { sure } from '../../ui/sure'
import { regions, sectorName, sectors, sizes } from '../../words/forms'
import { firm } from '../../words/firm'
import { office as words } from '../../words/office'

const T = words.members

function Invite({ made }: { made: (link: LinkMade) => void }) {
  const form = useForm(
    T.title,
    'firm',
    T.need,
    async (get, data, f) => {
      const main = get('sector')
      made(
        await sure(() =>
          office.invite({
            name: get('name'),
            class: get('class'),
            sectors: [
              main,
              ...data
                .getAll('sectors')
                .map(String)
                .filter(s => s !== main),
            ],
            region: get('region') || null,
            size: get('size') || null,
            domains: lines(get('domains')),
            contact: get('contact'),
            email: get('email'),
            language: 'en',
          }),
        ),
      )
      f.reset()
    },
    [...Object.keys(T.need), 'region', 'size', 'domains', 'sectors'],
  )
  return (
    <Frame of={form}>
      <div className="pair even">
        <Text of={form} name="name" label={T.name} autoComplete="off" dir="auto" />
        <Choice of={form} name="class" label={T.class} value="member" options={Object.entries(T.classes)} />
      </div>
      <div className="pair even">
        <Choice of={form} name="sector" label={T.mainSector} options={sectors} none={T.choose} />
        <Choice of={form} name="size" label={T.size} options={sizes} none={firm.organisation.notSaid} />
      </div>
      <details>
        <summary>{T.otherSectors}</summary>
        <Ticks of={form} name="sectors" label={T.otherSectors} options={sectors} />
      </details>
      <Choice of={form} name="region" label={T.region} options={regions} none={firm.organisation.notSaid} />
      <Area of={form} name="domains" label={T.domains} rows={2} />
      <div className="pair even">
        <Text of={form} name="contact" label={T.contact} autoComplete="off" dir="auto" />
        <Text of={form} name="email" label={T.email} type="email" autoComplete="off" spellCheck={false} />
      </div>
      <Go of={form} label={T.inviteGo} />
    </Frame>
  )
}

export function Members() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { q = '', status = '' } = useSearch({ from: '/shell/admin/members' }),
    nav = useNavigate(),
    queries = useQueryClient(),
    on = face?.face === 'cell' && !!session?.rights.includes('manage-members')
  const list = usePages(['organisations', q, status], c => office.organisations(q, status, c), on),
    invitations = usePages(['cell-invitations'], office.invitations, on),
    [made, setMade] = useState<LinkMade | null>(null)
  if (!on) return <NotFound />
  const go = (next: { q?: string; status?: string }) =>
    void nav({
      to: '/admin/members',
      search: { q: (next.q ?? q) || undefined, status: (next.status ?? status) || undefined },
    })
  const fresh = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ['organisations'] }),
      queries.invalidateQueries({ queryKey: ['cell-invitations'] }),
    ])
  return (
    <div className="page wide">
      <Heading title={T.title} page={T.title} exercise={session.exercise} />
      <p className="lede">{T.lede}</p>
      <div className="filters">
        <SearchBox id="part" label={T.label} value={q} go={T.go} ask={v => go({ q: v })} />
        <p className="field">
          <label htmlFor="status" className="vh">
            {T.status}
          </label>
          <select id="status" value={status} onChange={e => go({ status: e.target.value })}>
            <option value="">{T.any}</option>
            {Object.entries(T.statuses).map(([v, w]) => (
              <option key={v} value={v}>
                {w}
              </option>
            ))}
          </select>
        </p>
      </div>
      <Listed of={list} empty={T.none}>
        {items => (
          <Table
            label={T.title}
            rows={items}
            id={o => o.id}
            columns={[
              {
                label: T.name,
                cell: o => (
                  <>
                    <Link to="/admin/members/$id" params={{ id: o.id }}>
                      <Name>{o.name}</Name>
                    </Link>
                    {o.class === 'observer' && <small>{T.observer}</small>}
                  </>
                ),
              },
              { label: T.sector, cell: o => sectorName(o.sector) },
              { label: T.status, cell: o => <State v={o.status} word={T.statuses[o.status] ?? o.status} /> },
              { label: T.people, cell: o => o.people },
              {
                label: T.notes,
                cell: o => [o.quiet && T.quiet, o.overdue && T.overdue].filter(Boolean).join('. ') || '–',
              },
            ]}
          />
        )}
      </Listed>
      <section className="card" aria-labelledby="h-invite">
        <h2 id="h-invite">{T.invite}</h2>
        <Invite
          made={link => {
            setMade(link)
            void fresh()
          }}
        />
      </section>
      <Sent made={made} said={T.invited} done={() => setMade(null)} />
      <section aria-labelledby="h-invitations">
        <h2 id="h-invitations">{T.invitations}</h2>
        <Listed of={invitations} empty={T.invitationsNone}>
          {items => (
            <InvitationTable
              rows={items}
              may
              resend={async i => {
                setMade(await office.resend(i.id))
                await fresh()
              }}
              withdraw={i => office.withdraw(i.id).then(fresh)}
            />
          )}
        </Listed>
      </section>
    </div>
  )
}
