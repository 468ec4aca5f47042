// For leads whose key never comes near a browser: what the command line made is enrolled and given here.
import type { ReactNode } from 'react'
import { sources } from '../../api/sources'
import { Frame, Go, Text, useForm, type FormState } from '../../ui/Form'
import { sure } from '../../ui/sure'
import { sources as T } from '../../words/sources'

/** Digits of what is pasted, with room for a line's end. */
const PUBLIC_MAX = 160,
  SHARE_MAX = 80

/** One field for what a command printed; the command stands above it. */
function Pasted(o: {
  of: FormState
  title: string
  text: string
  name: string
  label: string
  hint: string
  max: number
  go: string
  children: ReactNode
}) {
  return (
    <details>
      <summary>{o.title}</summary>
      <p className="sub">{o.text}</p>
      {o.children}
      <Frame of={o.of}>
        <Text
          of={o.of}
          name={o.name}
          label={o.label}
          hint={o.hint}
          maxLength={o.max}
          autoComplete="off"
          spellCheck={false}
        />
        <Go of={o.of} label={o.go} quiet />
      </Frame>
    </details>
  )
}

/** Enrols the public half that `fusioncell lead keygen` printed. */
export function KeyByCommand({ told }: { told: (said: string) => void }) {
  const form = useForm(T.title, 'made', { public: T.needPublic }, async get => {
    await sure(() => sources.enrol(get('public').toLowerCase()))
    told(T.enrolled)
  })
  const field = { name: 'public', label: T.public, hint: T.publicHint, max: PUBLIC_MAX, go: T.enrol }
  return (
    <Pasted of={form} title={T.byCommand} text={T.byCommandText} {...field}>
      <p>
        <code>{T.keygen}</code>
      </p>
    </Pasted>
  )
}

/** Gives the share that `fusioncell lead share` printed. */
export function ShareByCommand({
  of: o,
  given,
}: {
  of: { id: string; case: string; secret?: string | null }
  given: () => void
}) {
  const form = useForm(T.title, `share-${o.case}`, { share: T.needShare }, async get => {
    await sure(() => sources.give(o.case, o.id, get('share').toLowerCase()))
    given()
  })
  const field = { name: 'share', label: T.share, hint: T.shareHint, max: SHARE_MAX, go: T.give }
  return (
    <Pasted of={form} title={T.shareByCommand} text={T.shareByCommandText} {...field}>
      <pre className="command">{T.shareCommand(o.case, o.secret ?? '')}</pre>
    </Pasted>
  )
}
