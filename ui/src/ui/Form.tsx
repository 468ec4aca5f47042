// One form: what is missing is told before anything is sent, what the server refuses is told at its field, nothing typed is lost.
import { useState, type FormEvent, type InputHTMLAttributes, type ReactNode } from 'react'
import { ApiError } from '../api/client'
import { NoPasskey } from '../lib/passkey'
import { words } from '../words/forms'
import { useProblems, type Problem } from './Problems'
import { notSure } from './sure'
import './people.css'

export type Values = (name: string) => string

/** Why an act did not happen, in words: for a form's summary or beside a button. */
export function why(x: unknown): string {
  if (x instanceof NoPasskey) return words.noPasskey
  if (!(x instanceof ApiError)) return words.broken
  if (x.offline) return words.offline
  if (x.status === 429) return words.slow(x.retryAfter ?? 60)
  if (x.kind === 'confirm') return words.notConfirmed
  if (x.kind === 'role') return words.forbidden
  if (x.status === 404) return words.gone
  if (x.status >= 500) return words.broken
  return x.detail ? x.detail.charAt(0).toUpperCase() + x.detail.slice(1) : words.broken
}

/** The field that a refusal names first, as in "email: …" or "name is empty"; else the form itself. */
export function place(x: unknown, fields: readonly string[], form: string): string {
  if (!(x instanceof ApiError) || x.status !== 422) return form
  const first = /^[a-z_]+/.exec(x.detail)?.[0] ?? ''
  return fields.includes(first) ? first : form
}

export type FormState = {
  id: string
  send: (e: FormEvent<HTMLFormElement>) => void
  summary: ReactNode
  busy: boolean
  bad: (name: string) => boolean
  fail: (text: string, field?: string) => void
  clear: () => void
}

/**
 * A form's state. `needs` says which fields must be filled, and in which words they are asked for; `go` sends.
 * `page` is the title of the page, `id` the form's own, with which the ids of its fields begin.
 */
export function useForm(
  page: string,
  id: string,
  needs: Record<string, string>,
  go: (get: Values, data: FormData, form: HTMLFormElement) => Promise<unknown> | Problem[] | void,
  fields: readonly string[] = Object.keys(needs),
): FormState {
  const { set, summary, bad } = useProblems(page),
    [busy, setBusy] = useState(false),
    field = (name: string) => `${id}-${name}`
  const send = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    if (busy) return
    const form = e.currentTarget,
      data = new FormData(form),
      get = (name: string) => String(data.get(name) ?? '').trim()
    const missing = Object.entries(needs)
      .filter(([name]) => !get(name))
      .map(([name, text]) => ({ field: field(name), text }))
    if (missing.length) {
      set(missing)
      return
    }
    setBusy(true)
    try {
      const r = await go(get, data, form)
      set(Array.isArray(r) ? r.map(p => ({ field: field(p.field), text: p.text })) : [])
    } catch (x) {
      if (notSure(x)) set([])
      else {
        const at = place(x, fields, 'go')
        set([{ field: field(at), text: why(x) }])
      }
    } finally {
      setBusy(false)
    }
  }
  return {
    id,
    send: e => void send(e),
    summary,
    busy,
    bad: name => bad(field(name)),
    fail: (text, name = 'go') => set([{ field: field(name), text }]),
    clear: () => set([]),
  }
}

export function Frame({
  of,
  children,
  className = 'write',
}: {
  of: FormState
  children: ReactNode
  className?: string
}) {
  return (
    <form onSubmit={of.send} noValidate className={className}>
      {of.summary}
      {children}
    </form>
  )
}

type TextProps = { of: FormState; name: string; label: string; hint?: ReactNode } & Omit<
  InputHTMLAttributes<HTMLInputElement>,
  'id' | 'name'
>
function Around({
  of,
  name,
  label,
  hint,
  children,
}: {
  of: FormState
  name: string
  label: string
  hint?: ReactNode
  children: ReactNode
}) {
  const id = `${of.id}-${name}`
  return (
    <div className={of.bad(name) ? 'field bad' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children}
    </div>
  )
}
const aria = (of: FormState, name: string, hint: ReactNode) => ({
  id: `${of.id}-${name}`,
  name,
  'aria-invalid': of.bad(name),
  'aria-describedby': hint ? `${of.id}-${name}-hint` : undefined,
})
export function Text({ of, name, label, hint, ...rest }: TextProps) {
  return (
    <Around of={of} name={name} label={label} hint={hint}>
      <input maxLength={200} {...rest} {...aria(of, name, hint)} />
    </Around>
  )
}
export function Area({
  of,
  name,
  label,
  hint,
  rows = 4,
  max = 2000,
  value,
}: {
  of: FormState
  name: string
  label: string
  hint?: ReactNode
  rows?: number
  max?: number
  value?: string
}) {
  return (
    <Around of={of} name={name} label={label} hint={hint}>
      <textarea rows={rows} maxLength={max} defaultValue={value} {...aria(of, name, hint)} />
    </Around>
  )
}
export function Choice({
  of,
  name,
  label,
  hint,
  options,
  value,
  none,
  onChange,
}: {
  of: FormState
  name: string
  label: string
  hint?: ReactNode
  options: readonly (readonly [string, string])[]
  value?: string | null
  none?: string
  onChange?: (value: string) => void
}) {
  return (
    <Around of={of} name={name} label={label} hint={hint}>
      <select defaultValue={value ?? ''} onChange={e => onChange?.(e.target.value)} {...aria(of, name, hint)}>
        {none !== undefined && <option value="">{none}</option>}
        {options.map(([v, text]) => (
          <option key={v} value={v}>
            {text}
          </option>
        ))}
      </select>
    </Around>
  )
}
/** Several of a list, as ticks. */
export function Ticks({
  of,
  name,
  label,
  hint,
  options,
  chosen = [],
}: {
  of: FormState
  name: string
  label: string
  hint?: ReactNode
  options: readonly (readonly [string, string])[]
  chosen?: readonly string[]
}) {
  return (
    <fieldset className={of.bad(name) ? 'ticks bad' : 'ticks'} id={`${of.id}-${name}`} tabIndex={-1}>
      <legend>{label}</legend>
      {hint && <p className="hint">{hint}</p>}
      {options.map(([v, text]) => (
        <label className="tick" key={v}>
          <input type="checkbox" name={name} value={v} defaultChecked={chosen.includes(v)} /> {text}
        </label>
      ))}
    </fieldset>
  )
}
export function Go({ of, label, quiet, danger }: { of: FormState; label: string; quiet?: boolean; danger?: boolean }) {
  return (
    <p>
      <button id={`${of.id}-go`} className={`btn${quiet ? ' quiet' : ''}${danger ? ' danger' : ''}`} disabled={of.busy}>
        {of.busy ? words.going : label}
      </button>
    </p>
  )
}
/** One entry a line. */
export const lines = (text: string) =>
  text
    .split('\n')
    .map(x => x.trim())
    .filter(Boolean)
