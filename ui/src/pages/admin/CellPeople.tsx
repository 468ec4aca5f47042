// The people of the cell: roles, secondees with their vetting and wall, and invitations.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { office } from '../../api/people'
import type { LinkMade } from '../../api/types'
import { Choice, Frame, Go, Text, Ticks, useForm } from '../../ui/Form'
import { PersonTable, Sent } from '../../ui/PersonRows'
import { Listed, Name, usePages } from '../../ui/Rows'
import { Heading, NotFound } from '../../ui/States'
import { sure } from '../../ui/sure'
import { sectorName, sectors } from '../../words/forms'
import { firm } from '../../words/firm'
import { office as words } from '../../words/office'

const T = words.cell
const P = firm.people
const ROLES = ['analyst', 'lead', 'administrator']
const OF_A_FIRM = ['seconded-analyst', 'observer']

function Invite({ made }: { made: (link: LinkMade) => void }) {
  const [role, setRole] = useState('analyst'),
    [part, setPart] = useState(''),
    ofFirm = OF_A_FIRM.includes(role),
    seconded = role === 'seconded-analyst'
  const found = useQuery({
    queryKey: ['find-organisation', part],
    queryFn: () => office.organisations(part, ''),
    enabled: ofFirm && part.length > 1,
  })
  const form = useForm(
    T.title,
    'cell',
    {
      name: P.needName,
      email: P.needEmail,
      ...(ofFirm ? { organisation: T.need.organisation } : {}),
      ...(seconded ? { vetting: T.need.vetting, vetted_until: T.need.vetted_until, wall: T.need.wall } : {}),
    },
    async (get, data, f) => {
      made(
        await sure(() =>
          office.inviteToCell({
            name: get('name'),
            email: get('email'),
            role,
            language: 'en',
            ...(ofFirm ? { organisation: get('organisation') } : {}),
            ...(seconded
              ? { vetting: get('vetting'), vetted_until: get('vetted_until'), wall: data.getAll('wall').map(String) }
              : {}),
          }),
        ),
      )
      f.reset()
      setRole('analyst')
    },
    ['name', 'email', 'role', 'organisation', 'vetting', 'vetted_until', 'wall'],
  )
  return (
    <Frame of={form}>
      <div className="pair even">
        <Text of={form} name="name" label={P.name} autoComplete="off" dir="auto" />
        <Text of={form} name="email" label={P.email} type="email" autoComplete="off" spellCheck={false} />
      </div>
      <Choice
        of={form}
        name="role"
        label={P.role}
        value="analyst"
        options={Object.entries(T.roleMeaning)}
        onChange={setRole}
      />
      {ofFirm && (
        <div className="pair even">
          <div className="field">
            <label htmlFor="cell-find">{T.organisation}</label>
            <p className="hint" id="cell-find-hint">
              {T.organisationHint}
            </p>
            <input
              id="cell-find"
              value={part}
              onChange={e => setPart(e.target.value)}
              aria-describedby="cell-find-hint"
              autoComplete="off"
              maxLength={200}
              dir="auto"
            />
          </div>
          <Choice
            of={form}
            name="organisation"
            label={T.choose}
            none={T.choose}
            key={part}
            value={found.data?.items.length === 1 ? found.data.items[0]!.id : ''}
            options={(found.data?.items ?? []).map(o => [o.id, o.name] as const)}
          />
        </div>
      )}
      {seconded && (
        <>
          <div className="pair even">
            <Text of={form} name="vetting" label={T.vetting} hint={T.vettingHint} maxLength={60} autoComplete="off" />
            <Text of={form} name="vetted_until" label={T.vettedUntil} type="date" />
          </div>
          <Ticks of={form} name="wall" label={T.walls} hint={T.wallsHint} options={sectors} />
        </>
      )}
      <Go of={form} label={P.inviteGo} />
    </Frame>
  )
}

export function CellPeople() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    on = face?.face === 'cell' && !!session?.rights.includes('manage-cell'),
    queries = useQueryClient()
  const people = usePages(['cell-people'], office.people, on),
    [made, setMade] = useState<LinkMade | null>(null)
  if (!on) return <NotFound />
  const fresh = () => queries.invalidateQueries({ queryKey: ['cell-people'] })
  return (
    <div className="page wide">
      <Heading title={T.title} page={T.title} exercise={session.exercise} />
      <p className="lede">{T.lede}</p>
      <Listed of={people} empty={T.none}>
        {items => (
          <PersonTable
            people={items}
            label={T.title}
            roles={ROLES}
            may
            change={(p, state) => office.person(p.id, state).then(fresh)}
            close={p => office.personClose(p.id).then(fresh)}
            extra={[
              {
                label: T.secondment,
                cell: p =>
                  p.role !== 'seconded-analyst' ? (
                    '–'
                  ) : (
                    <>
                      {T.home} <Name>{p.home}</Name>
                      <small>
                        {p.vetting && p.vetted_until ? T.vetted(p.vetting, p.vetted_until.slice(0, 10)) : T.notVetted}
                      </small>
                      <small>
                        {T.wall} {p.wall.map(sectorName).join(', ') || '–'}
                      </small>
                    </>
                  ),
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
      <Sent made={made} done={() => setMade(null)} />
    </div>
  )
}
