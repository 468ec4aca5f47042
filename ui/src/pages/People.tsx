// The people of a member: who can sign in, in which role; inviting, changing and closing.
import { useQueryClient } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { firm } from '../api/people'
import type { LinkMade } from '../api/types'
import { Choice, Frame, Go, Text, useForm } from '../ui/Form'
import { InvitationTable, PersonTable, Sent } from '../ui/PersonRows'
import { Listed, usePages } from '../ui/Rows'
import { Heading, NotFound } from '../ui/States'
import { sure } from '../ui/sure'
import { firm as words } from '../words/firm'

const T = words.people
const ROLES = ['reader', 'reporter', 'organisation-admin']

function Invite({ made }: { made: (link: LinkMade) => void }) {
  const form = useForm(
    T.title,
    'invite',
    { name: T.needName, email: T.needEmail },
    async (get, _, f) => {
      made(await sure(() => firm.invite({ name: get('name'), email: get('email'), role: get('role'), language: 'en' })))
      f.reset()
    },
    ['name', 'email', 'role'],
  )
  return (
    <Frame of={form}>
      <Text of={form} name="name" label={T.name} autoComplete="off" dir="auto" />
      <Text of={form} name="email" label={T.email} type="email" autoComplete="off" spellCheck={false} />
      <Choice
        of={form}
        name="role"
        label={T.role}
        value="reporter"
        options={ROLES.map(r => [r, T.roleMeaning[r]!] as const)}
      />
      <Go of={form} label={T.inviteGo} />
    </Frame>
  )
}

export function People() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    on = face?.face === 'member',
    queries = useQueryClient()
  const people = usePages(['people'], firm.people, on),
    invitations = usePages(['invitations'], firm.invitations, on),
    [made, setMade] = useState<LinkMade | null>(null)
  if (!on || !session) return <NotFound />
  const may = session.rights.includes('manage-own'),
    fresh = () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['people'] }),
        queries.invalidateQueries({ queryKey: ['invitations'] }),
      ])
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
            may={may}
            change={(p, state) => firm.person(p.id, state).then(fresh)}
            close={p => firm.personClose(p.id).then(fresh)}
          />
        )}
      </Listed>
      {may && (
        <section className="card" aria-labelledby="h-invite">
          <h2 id="h-invite">{T.invite}</h2>
          <Invite
            made={link => {
              setMade(link)
              void fresh()
            }}
          />
        </section>
      )}
      <Sent made={made} done={() => setMade(null)} />
      <section aria-labelledby="h-invitations">
        <h2 id="h-invitations">{T.invitations}</h2>
        <Listed of={invitations} empty={T.invitationsNone}>
          {items => (
            <InvitationTable
              rows={items}
              may={may}
              resend={async i => {
                setMade(await firm.resend(i.id))
                await fresh()
              }}
              withdraw={i => firm.withdraw(i.id).then(fresh)}
            />
          )}
        </Listed>
      </section>
    </div>
  )
}
