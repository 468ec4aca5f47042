// People and invitations as rows, with what may be done about them: the same for a member's own people and the cell's.
import type { ReactNode } from 'react'
import { useState } from 'react'
import type { Invitation, LinkMade, NewPersonState, Person } from '../api/types'
import { firm } from '../words/firm'
import { words as forms } from '../words/forms'
import { words } from '../words/portal'
import { Choice, Frame, Go, useForm } from './Form'
import { Once } from './Once'
import { About, Called, Name, State, Table, type Column } from './Rows'
import { Act, Ask, Sheet } from './Sheet'
import { Moment } from './When'
import { sure } from './sure'

const T = firm.people
export const roleWord = (role: string) => words.roles[role] ?? role

function ChangeRole({
  person,
  roles,
  go,
}: {
  person: Person
  roles: readonly string[]
  go: (state: NewPersonState) => Promise<unknown>
}) {
  const [open, set] = useState(false)
  const form = useForm(T.title, `role-${person.id}`, {}, async get => {
    await sure(() => go({ role: get('role') }))
    set(false)
  })
  return (
    <>
      <button type="button" className="btn quiet sm" onClick={() => set(true)}>
        {T.change}
        <span className="vh">
          {' '}
          <bdi>{person.name}</bdi>
        </span>
      </button>
      <Sheet open={open} title={T.changeTitle} close={() => set(false)}>
        <p>
          <Name>{person.name}</Name>
        </p>
        <Frame of={form}>
          <Choice
            of={form}
            name="role"
            label={T.role}
            hint={T.roleTold}
            value={person.role}
            options={roles.map(r => [r, T.roleMeaning[r] ?? roleWord(r)] as const)}
          />
          <Go of={form} label={T.save} />
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

const who = (p: { name: string; email: string }, text: string) => <About names={[p.name, p.email]} text={text} />

/** Whether somebody can sign in. */
export const stateColumn: Column<Person> = {
  label: T.state,
  cell: p => <State v={p.disabled ? 'disabled' : 'active'} word={p.disabled ? T.disabled : T.active} />,
}

export function PersonTable({
  people,
  label,
  roles,
  may,
  change,
  close,
  more,
  extra = [],
}: {
  people: Person[]
  label: string
  roles: readonly string[]
  may: boolean
  change: (person: Person, state: NewPersonState) => Promise<unknown>
  close: (person: Person) => Promise<unknown>
  more?: (person: Person) => ReactNode
  extra?: readonly Column<Person>[]
}) {
  return (
    <Table
      label={label}
      rows={people}
      id={p => p.id}
      columns={[
        {
          label: T.name,
          cell: p => <Called name={p.name} email={p.email} />,
        },
        { label: T.role, cell: p => roleWord(p.role) },
        ...extra,
        stateColumn,
        ...(may
          ? [
              {
                label: T.acts,
                hidden: true,
                cell: (p: Person) => (
                  <span className="doing">
                    {more?.(p)}
                    {roles.includes(p.role) && roles.length > 1 && (
                      <ChangeRole person={p} roles={roles} go={state => change(p, state)} />
                    )}
                    {p.disabled ? (
                      <Act label={T.enable} what={p.name} go={() => change(p, { disabled: false })} />
                    ) : (
                      <Ask
                        label={T.disable}
                        what={p.name}
                        title={T.disableTitle}
                        text={who(p, T.disableText)}
                        yes={T.disable}
                        go={() => change(p, { disabled: true })}
                      />
                    )}
                    <Ask
                      label={T.close}
                      what={p.name}
                      title={T.closeTitle}
                      text={who(p, T.closeText)}
                      yes={T.close}
                      go={() => close(p)}
                    />
                  </span>
                ),
              },
            ]
          : []),
      ]}
    />
  )
}

export function InvitationTable({
  rows,
  may,
  resend,
  withdraw,
}: {
  rows: Invitation[]
  may: boolean
  resend: (i: Invitation) => Promise<unknown>
  withdraw: (i: Invitation) => Promise<unknown>
}) {
  return (
    <Table
      label={T.invitations}
      rows={rows}
      id={i => i.id}
      columns={[
        {
          label: T.name,
          cell: i => <Called name={i.name} email={i.email} of={i.organisation} />,
        },
        { label: T.role, cell: i => roleWord(i.role) },
        { label: T.sent, cell: i => i.day },
        {
          label: T.state,
          cell: i => (
            <>
              <State v={i.state} word={T.states[i.state] ?? i.state} />
              {i.state === 'open' && (
                <small>
                  {T.until} <Moment at={i.expires_at} />
                </small>
              )}
            </>
          ),
        },
        ...(may
          ? [
              {
                label: T.acts,
                hidden: true,
                cell: (i: Invitation) =>
                  i.state === 'open' || i.state === 'expired' ? (
                    <span className="doing">
                      <Act label={T.resend} what={i.email} go={() => resend(i)} />
                      {i.state === 'open' && (
                        <Ask
                          label={T.withdraw}
                          what={i.email}
                          title={T.withdrawTitle}
                          text={who(i, T.withdrawText)}
                          yes={T.withdraw}
                          go={() => withdraw(i)}
                        />
                      )}
                    </span>
                  ) : null,
              },
            ]
          : []),
      ]}
    />
  )
}

/** What became of an invitation: a link to hand over, or a word that it is on its way. */
export function Sent({ made, done, said = T.invited }: { made: LinkMade | null; done: () => void; said?: string }) {
  if (!made) return null
  if (!made.link)
    return (
      <p role="status" className="good">
        {said}
      </p>
    )
  return <Once title={T.linkTitle} text={T.linkText} values={[made.link]} done={done} />
}
