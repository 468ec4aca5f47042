// The cell writes an advisory: plain title, what happened, what to do.
import { useQuery } from '@tanstack/react-query'
import { Link, useRouteContext, useSearch } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { ApiError, cell } from '../api/client'
import type { Severity } from '../api/types'
import { Field, useProblems, type Problem } from '../ui/Problems'
import { Heading, NotFound } from '../ui/States'
import { words } from '../words/portal'

const T = words.write
const TITLE_CHARS_MAX = 120
const SUMMARY_CHARS_MAX = 2000
const LEVELS: Severity[] = ['critical', 'high', 'medium', 'low']
// an advisory goes to every member, so nothing that is for fewer can be chosen
export const MARKINGS = ['CLEAR', 'GREEN', 'AMBER']
const FIELDS = ['title', 'summary', 'actions', 'severity', 'tlp', 'campaign']

/** Where a refusal belongs: the server names the field first, as in "tlp: …" or "title is empty"; else it is about the whole form. */
export function refused(x: unknown): Problem {
  if (!(x instanceof ApiError)) return { field: 'send', text: T.failed }
  if (x.status === 403) return { field: 'send', text: words.states.forbidden }
  const first = /^[a-z]+/.exec(x.detail)?.[0] ?? '',
    field = first === 'action' ? 'actions' : first
  return x.status === 422 && FIELDS.includes(field)
    ? { field, text: `${T.failed} ${T.names[field] ?? field}: ${x.detail.slice(first.length).replace(/^:?\s+/, '')}` }
    : { field: 'send', text: `${T.failed} ${x.detail}`.trim() }
}

export function Write() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { campaign } = useSearch({ from: '/shell/advisories/new' })
  const list = useQuery({ queryKey: ['cell-campaigns'], queryFn: cell.campaigns, enabled: face?.face === 'cell' })
  const { set, summary, bad } = useProblems(T.title)
  const [state, setState] = useState<'idle' | 'busy' | 'sent'>('idle')
  if (face?.face !== 'cell') return <NotFound />
  const send = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const f = new FormData(e.currentTarget),
      get = (k: string) => String(f.get(k) ?? '').trim(),
      actions = get('actions')
        .split('\n')
        .map(x => x.replace(/^\s*\d+[.)]\s*/, '').trim())
        .filter(Boolean)
    const missing = [
      ...(get('title') ? [] : [{ field: 'title', text: T.needTitle }]),
      ...(get('summary') ? [] : [{ field: 'summary', text: T.needSummary }]),
      ...(actions.length ? [] : [{ field: 'actions', text: T.needActions }]),
    ]
    set(missing)
    if (missing.length) return
    setState('busy')
    try {
      await cell.advise({
        title: get('title'),
        summary: get('summary'),
        actions,
        severity: get('severity') as Severity,
        tlp: get('tlp'),
        ...(get('campaign') ? { campaign: get('campaign') } : {}),
      })
      setState('sent')
    } catch (x) {
      setState('idle')
      set([refused(x)])
    }
  }
  if (state === 'sent')
    return (
      <div className="page">
        <Heading title={T.sent} page={T.title} exercise={!!session?.exercise} key="sent" />
        <p className="acts">
          <button className="btn" onClick={() => setState('idle')}>
            {T.another}
          </button>
          <Link to="/">{T.toDesk}</Link>
        </p>
      </div>
    )
  return (
    <div className="page">
      {summary}
      <Heading title={T.title} page={T.title} exercise={!!session?.exercise} />
      <p className="lede">{T.intro}</p>
      <form onSubmit={send} noValidate className="write">
        <Field id="title" label={T.name} bad={bad('title')}>
          <input id="title" name="title" maxLength={TITLE_CHARS_MAX} aria-invalid={bad('title')} />
        </Field>
        <Field id="summary" label={T.summary} bad={bad('summary')}>
          <textarea id="summary" name="summary" rows={4} maxLength={SUMMARY_CHARS_MAX} aria-invalid={bad('summary')} />
        </Field>
        <Field id="actions" label={T.actions} bad={bad('actions')}>
          <textarea id="actions" name="actions" rows={4} maxLength={SUMMARY_CHARS_MAX} aria-invalid={bad('actions')} />
        </Field>
        <div className="pair">
          <Field id="severity" label={T.severity} bad={bad('severity')}>
            <select id="severity" aria-invalid={bad('severity')} name="severity" defaultValue="high">
              {LEVELS.map(s => (
                <option key={s} value={s}>
                  {words.severity[s]}
                </option>
              ))}
            </select>
          </Field>
          <Field id="tlp" label={T.tlp} bad={bad('tlp')}>
            <select id="tlp" aria-invalid={bad('tlp')} name="tlp" defaultValue="AMBER">
              {MARKINGS.map(m => (
                <option key={m} value={m}>{`TLP:${m}: ${words.tlp[m]}`}</option>
              ))}
            </select>
          </Field>
        </div>
        <Field id="campaign" label={T.campaign} bad={bad('campaign')}>
          <select
            id="campaign"
            aria-invalid={bad('campaign')}
            name="campaign"
            defaultValue={campaign ?? ''}
            key={`${campaign}${list.data?.items.length}`}
          >
            <option value="">{T.noCampaign}</option>
            {list.data?.items.map(c => (
              <option key={c.id} value={c.id}>{`${c.letter} ${c.title}`}</option>
            ))}
          </select>
        </Field>
        <p>
          <button id="send" className="btn big" disabled={state === 'busy'}>
            {state === 'busy' ? T.going : T.go}
          </button>
        </p>
      </form>
    </div>
  )
}
