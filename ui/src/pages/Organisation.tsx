// A member's own organisation: what belongs to it, how it stands to the terms, and what its people did.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouteContext, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { firm } from '../api/people'
import type { OwnOrganisation } from '../api/types'
import { Frame, Go, useForm } from '../ui/Form'
import { ActTable } from '../ui/ActTable'
import { PROFILE_FIELDS, ProfileFields, Several, profileOf } from '../ui/Profile'
import { Name } from '../ui/Rows'
import { Act } from '../ui/Sheet'
import { Failed, Heading, Loading, NotFound } from '../ui/States'
import { TermsText } from '../ui/TermsText'
import { sectorName } from '../words/forms'
import { firm as words } from '../words/firm'

const T = words.organisation

function Edit({ o, page, saved }: { o: OwnOrganisation; page: string; saved: () => void }) {
  const form = useForm(
    page,
    'own',
    {},
    async get => {
      await firm.edit(profileOf(get))
      saved()
    },
    PROFILE_FIELDS,
  )
  return (
    <Frame of={form}>
      <ProfileFields of={form} held={o} labels={T} />
      {o.proposed && <p className="note warn">{T.proposedWhy}</p>}
      <Go of={form} label={o.proposed ? T.confirm : T.save} />
    </Frame>
  )
}

function TermsCard({ may }: { may: boolean }) {
  const q = useQuery({ queryKey: ['own-terms'], queryFn: firm.terms }),
    queries = useQueryClient()
  if (q.isError) return <Failed error={q.error} retry={() => void q.refetch()} />
  if (!q.data) return <Loading what={words.organisation.termsTitle} />
  const { terms, accepted, until_day, overdue } = q.data,
    waits = accepted < terms.version && (terms.version > 1 || accepted > 0)
  return (
    <section className="card" aria-labelledby="h-terms">
      <h2 id="h-terms">{T.termsTitle}</h2>
      <p>{accepted ? T.termsAccepted(accepted) : T.termsNone}</p>
      {overdue ? (
        <p className="note warn">{T.termsOverdue}</p>
      ) : (
        waits && until_day && <p className="note warn">{T.termsUntil(until_day)}</p>
      )}
      <details open={waits}>
        <summary>{T.termsRead(terms.version)}</summary>
        <TermsText terms={terms} level={3} />
      </details>
      {may && accepted < terms.version && (
        <p>
          <Act
            quiet={false}
            label={T.termsAccept(terms.version)}
            go={async () => {
              await firm.accept(terms.version)
              await queries.invalidateQueries({ queryKey: ['own-terms'] })
              await queries.invalidateQueries({ queryKey: ['own-organisation'] })
            }}
          />
        </p>
      )}
    </section>
  )
}

function Acts() {
  const q = useQuery({ queryKey: ['own-acts'], queryFn: firm.acts })
  return (
    <section className="card" aria-labelledby="h-acts">
      <h2 id="h-acts">{T.acts}</h2>
      {q.isError ? (
        <Failed error={q.error} retry={() => void q.refetch()} />
      ) : !q.data ? (
        <Loading what={T.acts} />
      ) : (
        <ActTable label={T.acts} rows={q.data.items} />
      )}
    </section>
  )
}

const read = (label: string) => label.replace(/, one a line$/, '')

export function Organisation() {
  const { face, session } = useRouteContext({ from: '/shell' })
  const q = useQuery({
      queryKey: ['own-organisation'],
      queryFn: firm.organisation,
      enabled: face?.face === 'member' && !!session?.organisation,
    }),
    [said, say] = useState(''),
    queries = useQueryClient(),
    router = useRouter()
  if (face?.face !== 'member' || !session?.organisation) return <NotFound />
  const may = session.rights.includes('manage-own'),
    role = session.role === 'organisation-admin',
    o = q.data
  return (
    <div className="page">
      <Heading title={session.organisation} page={T.title} exercise={session.exercise}>
        <Name>{session.organisation}</Name>
      </Heading>
      <p className="lede">{T.lede}</p>
      {q.isError && <Failed error={q.error} retry={() => void q.refetch()} />}
      {!o && !q.isError && <Loading what={T.title} />}
      {o && (
        <>
          {o.read_only && <p className="note warn">{T.readOnly[o.read_only] ?? o.read_only}</p>}
          {o.proposed && <p className="note warn">{may ? T.proposedYours : T.proposed}</p>}
          <section className="card">
            <dl className="facts">
              <div>
                <dt>{T.kind}</dt>
                <dd>{T.class[o.class] ?? o.class}</dd>
              </div>
              <div>
                <dt>{T.sectors}</dt>
                <dd>
                  {o.sectors.map(sectorName).join(', ')}
                  <br />
                  <span className="hint">{T.sectorsHint}</span>
                </dd>
              </div>
              {!may && (
                <>
                  <Several label={read(T.domains)} list={o.domains} none={T.nothing} />
                  <Several label={read(T.ranges)} list={o.ranges} none={T.nothing} />
                  <Several label={read(T.brands)} list={o.brands} none={T.nothing} />
                  <Several label={read(T.software)} list={o.software} none={T.nothing} />
                </>
              )}
            </dl>
          </section>
          {may && (
            <section className="card">
              <Edit
                o={o}
                page={T.title}
                saved={() => {
                  say(T.saved)
                  void q.refetch()
                  // From now on its people may report: the navigation follows.
                  if (o.proposed)
                    void queries.invalidateQueries({ queryKey: ['session'] }).then(() => router.invalidate())
                }}
              />
              <p role="status" className={said ? 'good' : 'vh'}>
                {said}
              </p>
            </section>
          )}
          <TermsCard may={role} />
          {role && <Acts />}
        </>
      )}
    </div>
  )
}
