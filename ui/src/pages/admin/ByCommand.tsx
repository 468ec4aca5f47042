// For leads whose key never comes near a browser: what the command line made is enrolled and given here.
import { sources } from '../../api/sources'
import { Frame, Go, Text, useForm } from '../../ui/Form'
import { sure } from '../../ui/sure'
import { sources as T } from '../../words/sources'

/** Digits of what is pasted, with room for a line's end. */
const PUBLIC_MAX = 160,
  SHARE_MAX = 80

/** Enrols the public half that `fusioncell lead keygen` printed. */
export function KeyByCommand({ told }: { told: (said: string) => void }) {
  const form = useForm(T.title, 'made', { public: T.needPublic }, async get => {
    await sure(() => sources.enrol(get('public').toLowerCase()))
    told(T.enrolled)
  })
  return (
    <details>
      <summary>{T.byCommand}</summary>
      <p className="sub">{T.byCommandText}</p>
      <p>
        <code>{T.keygen}</code>
      </p>
      <Frame of={form}>
        <Text
          of={form}
          name="public"
          label={T.public}
          hint={T.publicHint}
          maxLength={PUBLIC_MAX}
          autoComplete="off"
          spellCheck={false}
        />
        <Go of={form} label={T.enrol} quiet />
      </Frame>
    </details>
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
  return (
    <details>
      <summary>{T.shareByCommand}</summary>
      <p className="sub">{T.shareByCommandText}</p>
      <pre className="command">{T.shareCommand(o.case, o.secret ?? '')}</pre>
      <Frame of={form}>
        <Text
          of={form}
          name="share"
          label={T.share}
          hint={T.shareHint}
          maxLength={SHARE_MAX}
          autoComplete="off"
          spellCheck={false}
        />
        <Go of={form} label={T.give} quiet />
      </Frame>
    </details>
  )
}
