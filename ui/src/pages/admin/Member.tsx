// One organisation, for the cell: what it is, where it stands, its people, and a way back for who lost a key.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams, useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError } from '../../api/client'
import { office } from '../../api/people'
import type { LinkMade, OrganisationPage, Person, RecoveryDone } from '../../api/types'
import { ActTable } from '../../ui/ActTable'
import { Choice, Frame, Go, Text, Ticks, useForm } from '../../ui/Form'
import { Sent, roleWord, stateColumn } from '../../ui/PersonRows'
import { PROFILE_FIELDS, ProfileFields, Several, profileOf } from '../../ui/Profile'
import { About, Called, Listed, Name, State, Table, usePages } from '../../ui/Rows'
import { Ask } from '../../ui/Sheet'
import { Failed, Heading, Loading, NotFound } from '../../ui/States'
import { sure } from '../../ui/sure'
import { Moment } from '../../ui/When'
import { regionNames, sectorName, sectors, sizeNames } from '../../words/forms'
import { firm } from '../../words/firm'
import { office as words } from '../../words/office'

const T = words.member
const P = firm.people

function Standing({ page, go }: { page: OrganisationPage; go: (status: string) => Promise<unknown> }) {
  const { row } = page,
    name = (
      <p>
        <Name>{row.name}</Name>
      </p>
    )
  const act = (label: string, title: string, text: string, status: string, danger = true) => (
    <Ask
      small={false}
      label={label}
      title={title}
      danger={danger}
      text={
        <>
          {name}
          <p>{text}</p>
        </>
      }
      yes={label}
      go={() => go(status)}
    />
  )
  return (
    <p className="acts">
      {(row.status === 'active' || row.status === 'dormant') &&
        act(T.suspend, T.suspendTitle, T.suspendText, 'suspended')}
      {(row.status === 'suspended' || row.status === 'dormant') &&
        act(T.resume, T.resumeTitle, T.resumeText, 'active', false)}
      {row.status !== 'left' && act(T.end, T.endTitle, T.endText, 'left')}
    </p>
  )
}

/** What another lead asked for, and what to look at before one agrees. */
function Waits({ page, told }: { page: OrganisationPage; told: (done: RecoveryDone | null) => void }) {
  const r = page.recovery
  if (!r) return null
  const whom = r.person ? { person: r.person } : { name: r.name, email: r.email }
  return (
    <section className="card" aria-labelledby="h-waits">
      <h2 id="h-waits">{T.waits}</h2>
      <About names={[r.name, r.email]} text={T.waitsText(r.by)} />
      <p className="sub">
        {T.waitsUntil} <Moment at={r.until} />
      </p>
      <p className="acts">
        {r.own ? (
          <span className="sub">{T.waitsOwn}</span>
        ) : (
          <Ask
            small={false}
            label={T.agree}
            what={r.name}
            title={T.agreeTitle}
            text={<About names={[r.name, r.email]} text={T.agreeText} />}
            yes={T.agree}
            go={async () => told(await office.recovery(page.row.id, whom))}
          />
        )}
        <Ask
          small={false}
          label={T.drop}
          what={r.name}
          title={T.dropTitle}
          text={<About names={[r.name, r.email]} text={T.dropText} />}
          yes={T.drop}
          go={async () => {
            await office.recoveryDrop(page.row.id)
            told(null)
          }}
        />
      </p>
    </section>
  )
}

function NewAdmin({ id, made }: { id: string; made: (done: RecoveryDone) => void }) {
  const form = useForm(P.title, 'admin', { name: P.needName, email: P.needEmail }, async (get, _, f) => {
    made(await sure(() => office.recovery(id, { name: get('name'), email: get('email') })))
    f.reset()
  })
  return (
    <details>
      <summary>{T.newAdmin}</summary>
      <p className="sub">{T.newAdminText}</p>
      <Frame of={form}>
        <Text of={form} name="name" label={P.name} autoComplete="off" dir="auto" />
        <Text of={form} name="email" label={P.email} type="email" autoComplete="off" spellCheck={false} />
        <Go of={form} label={T.recoveryGo} />
      </Frame>
    </details>
  )
}

function Edit({ page, saved }: { page: OrganisationPage; saved: () => void }) {
  const { row } = page,
    [main, ...further] = page.sectors
  const form = useForm(
    row.name,
    'edit',
    { name: words.members.need.name, sector: words.members.need.sector },
    async (get, data) => {
      const sector = get('sector'),
        others = data.getAll('sectors').map(String)
      await sure(() =>
        office.edit(row.id, {
          name: get('name'),
          sectors: [sector, ...others.filter(s => s !== sector)],
          ...profileOf(get),
        }),
      )
      saved()
    },
    ['name', 'sector', 'sectors', ...PROFILE_FIELDS],
  )
  return (
    <Frame of={form}>
      <div className="pair even">
        <Text of={form} name="name" label={words.members.name} defaultValue={row.name} autoComplete="off" dir="auto" />
        <Choice of={form} name="sector" label={words.members.mainSector} options={sectors} value={main} />
      </div>
      <Ticks of={form} name="sectors" label={words.members.otherSectors} options={sectors} chosen={further} />
      <ProfileFields
        of={form}
        held={{ ...page, region: row.region, size: row.size }}
        labels={T.fields}
        own={row.status === 'invited'}
      />
      {row.status !== 'invited' && <p className="hint">{T.editOwn}</p>}
      <Go of={form} label={T.editSave} />
    </Frame>
  )
}

const several = (label: string, list: readonly string[]) => <Several label={label} list={list} none={T.nothing} />
const one = (label: string, text: string | null | undefined) => (
  <div>
    <dt>{label}</dt>
    <dd>
      <Name>{text || firm.organisation.notSaid}</Name>
    </dd>
  </div>
)

export function Member() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { id } = useParams({ from: '/shell/admin/members/$id' }),
    on = face?.face === 'cell' && !!session?.rights.includes('manage-members'),
    queries = useQueryClient()
  const q = useQuery({ queryKey: ['organisation', id], queryFn: () => office.organisation(id), enabled: on }),
    people = usePages<Person>(['organisation-people', id], c => office.organisationPeople(id, c), on && !!q.data),
    [made, setMade] = useState<LinkMade | null>(null),
    [saved, setSaved] = useState(0)
  const told = (done: RecoveryDone | null) => {
    setMade(done?.state === 'sent' ? { link: done.link, organisation: null, exercise: done.exercise } : null)
    void q.refetch()
  }
  if (!on) return <NotFound />
  if (q.error instanceof ApiError && (q.error.status === 404 || q.error.status === 400))
    return <NotFound title={T.notFound} />
  const o = q.data
  return (
    <div className="page wide">
      {q.isError && <Failed error={q.error} retry={() => void q.refetch()} />}
      {!o && !q.isError && <Loading what={words.members.title} />}
      {o && (
        <>
          <div>
            <p>
              <Link to="/admin/members">{T.back}</Link>
            </p>
            <Heading title={o.row.name} page={o.row.name} exercise={session.exercise}>
              <Name>{o.row.name}</Name>
            </Heading>
          </div>
          <section className="card" aria-labelledby="h-standing">
            <h2 id="h-standing">{T.standing}</h2>
            <dl className="facts">
              <div>
                <dt>{T.status}</dt>
                <dd>
                  <State v={o.row.status} word={words.members.statuses[o.row.status] ?? o.row.status} />{' '}
                  {o.row.quiet && <span className="sub">{words.members.quiet}</span>}
                </dd>
              </div>
              <div>
                <dt>{T.terms}</dt>
                <dd>
                  {T.version(o.row.terms)} {o.row.overdue && <span className="err">{words.members.overdue}</span>}
                </dd>
              </div>
              {o.sponsor && one(T.sponsor, o.sponsor)}
              {one(T.sectors, o.sectors.map(sectorName).join(', '))}
              {one(T.region, o.row.region && (regionNames[o.row.region] ?? o.row.region))}
              {one(T.size, o.row.size && (sizeNames[o.row.size] ?? o.row.size))}
              {several(T.domains, o.domains)}
              {several(T.ranges, o.ranges)}
              {several(T.brands, o.brands)}
              {several(T.software, o.software)}
            </dl>
            <Standing
              page={o}
              go={async status => {
                await office.status(id, status)
                await queries.invalidateQueries({ queryKey: ['organisation', id] })
                await queries.invalidateQueries({ queryKey: ['organisations'] })
              }}
            />
            <details key={saved} id="edit">
              <summary>{T.edit}</summary>
              <Edit
                page={o}
                saved={() => {
                  void Promise.all([q.refetch(), queries.invalidateQueries({ queryKey: ['organisations'] })]).then(() =>
                    setSaved(saved + 1),
                  )
                }}
              />
            </details>
            <p role="status" className={saved ? 'good' : 'vh'}>
              {saved > 0 && T.editSaved}
            </p>
          </section>
          <Waits page={o} told={told} />
          <section aria-labelledby="h-people">
            <h2 id="h-people">{T.people}</h2>
            <Listed of={people} empty={T.peopleNone}>
              {items => (
                <Table
                  label={T.people}
                  rows={items}
                  id={p => p.id}
                  columns={[
                    {
                      label: P.name,
                      cell: p => <Called name={p.name} email={p.email} />,
                    },
                    { label: P.role, cell: p => roleWord(p.role) },
                    stateColumn,
                    {
                      label: T.recovery,
                      hidden: true,
                      cell: p =>
                        p.role === 'organisation-admin' ? (
                          <Ask
                            label={T.recovery}
                            what={p.name}
                            title={T.recoveryTitle}
                            text={<About names={[p.name, p.email]} text={T.recoveryText} />}
                            yes={T.recoveryGo}
                            go={async () => told(await office.recovery(id, { person: p.id }))}
                          />
                        ) : null,
                    },
                  ]}
                />
              )}
            </Listed>
            <NewAdmin id={id} made={told} />
          </section>
          <Sent made={made} said={T.recoverySent} done={() => setMade(null)} />
          <section className="card" aria-labelledby="h-acts">
            <h2 id="h-acts">{T.acts}</h2>
            <ActTable label={T.acts} rows={o.acts} />
          </section>
        </>
      )}
    </div>
  )
}
