// Versions of the terms of membership, and publishing the next.
import { useQuery } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { useState } from 'react'
import { office } from '../../api/people'
import { Area, Frame, Go, Text, useForm } from '../../ui/Form'
import { Failed, Heading, Loading, NotFound } from '../../ui/States'
import { TermsText } from '../../ui/TermsText'
import { sure } from '../../ui/sure'
import { office as words } from '../../words/office'

const T = words.terms
const TERMS_CHARS_MAX = 50_000
const today = () => new Date().toISOString().slice(0, 10)

export function CellTerms() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    on = face?.face === 'cell' && !!session?.rights.includes('manage-members')
  const q = useQuery({ queryKey: ['terms'], queryFn: office.terms, enabled: on }),
    [said, say] = useState('')
  const form = useForm(T.title, 'terms', T.need, async get => {
    const made = await sure(() => office.publish(get('text'), get('from_day')))
    say(T.done(made.version))
    void q.refetch()
  })
  if (!on) return <NotFound />
  return (
    <div className="page">
      <Heading title={T.title} page={T.title} exercise={session.exercise} />
      <p className="lede">{T.lede}</p>
      <section className="card" aria-labelledby="h-publish">
        <h2 id="h-publish">{T.publish}</h2>
        {q.data && (
          <Frame of={form}>
            <Area of={form} name="text" label={T.text} rows={12} max={TERMS_CHARS_MAX} value={q.data.items[0]?.text} />
            <Text of={form} name="from_day" label={T.from} type="date" min={today()} />
            <Go of={form} label={T.go} />
          </Frame>
        )}
        <p role="status" className={said ? 'good' : 'vh'}>
          {said}
        </p>
      </section>
      <section aria-labelledby="h-versions" className="versions">
        <h2 id="h-versions">{T.versions}</h2>
        {q.isError ? (
          <Failed error={q.error} retry={() => void q.refetch()} />
        ) : !q.data ? (
          <Loading what={T.title} />
        ) : (
          q.data.items.map(t => <TermsText key={t.version} terms={t} level={3} />)
        )}
      </section>
    </div>
  )
}
