// The lead's own key, and the keys of others that wait until two leads have heard whose they are.
import { useState } from 'react'
import { sources } from '../../api/sources'
import { type LeadKey, inGroups, keepLeadKey, leadKeyOfFile, makeLeadKey } from '../../lib/lead'
import { Frame, Go, Text, useForm } from '../../ui/Form'
import { Name } from '../../ui/Rows'
import { Act } from '../../ui/Sheet'
import { sure } from '../../ui/sure'
import { sources as T } from '../../words/sources'
import { KeyByCommand } from './ByCommand'

const SAVED_MS = 60_000
/** Digits with all their blanks. */
const TYPED_MAX = 64
export type View = Awaited<ReturnType<typeof sources.all>>
type Waiting = View['waiting'][number]
/** Tells what was done, and has everything asked anew. */
export type Told = (said: string) => void

function save(text: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  link.download = 'fusioncell-lead.key'
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), SAVED_MS)
}

const said = (w: Waiting) => (
  <p className="sub">{w.confirmed_by.length ? <Name>{T.saidBy(w.confirmed_by.join(', '))}</Name> : T.saidByNone}</p>
)

export function OwnKey({
  of,
  here,
  enrolled,
  told,
}: {
  of: View
  /** Whether the key that is enrolled is on this device. */
  here: boolean
  /** Whether a key is the one that is enrolled. */
  enrolled: (key: LeadKey) => Promise<boolean>
  told: Told
}) {
  const [wrong, say] = useState('')
  const waits = of.waiting.find(w => w.own),
    own = !!waits || of.leads.some(l => l.own)
  const make = async () => {
    const { key, file } = await makeLeadKey()
    // Kept and saved first: a key that is enrolled and lost would leave cases that nobody opens.
    await keepLeadKey(key)
    save(file)
    await sure(() => sources.enrol(key.public))
    told(T.made)
  }
  const load = async (file: File | undefined) => {
    const key = file ? await leadKeyOfFile(await file.text()) : null
    if (!key) {
      say(T.noKey)
      return
    }
    await keepLeadKey(key)
    const it = await enrolled(key)
    say(it ? '' : T.otherKey)
    told(it ? T.loaded : '')
  }
  return (
    <section className="card" aria-labelledby="h-key">
      <h2 id="h-key">{T.key}</h2>
      <p className="sub">{T.keyText}</p>
      <p>{!own ? T.none : here ? T.here : T.elsewhere}</p>
      {waits && (
        <>
          <p className="note warn">{T.waits}</p>
          {here ? (
            <>
              <p>{T.readOut}</p>
              <p>
                <code>{inGroups(waits.fingerprint)}</code>
              </p>
            </>
          ) : (
            <p>{T.readOutElsewhere}</p>
          )}
          {said(waits)}
          <p className="sub">{T.byOperator}</p>
          <p>
            <code>{T.command}</code>
          </p>
        </>
      )}
      {!own && (
        <p className="acts">
          <Act label={T.make} quiet={false} go={make} />
        </p>
      )}
      {!own && <KeyByCommand told={told} />}
      {own && (
        <div className="field">
          <label htmlFor="lead-file">{T.load}</label>
          <p className="hint" id="lead-file-hint">
            {T.loadHint}
          </p>
          <input
            id="lead-file"
            type="file"
            aria-describedby="lead-file-hint"
            onChange={e => void load(e.target.files?.[0])}
          />
        </div>
      )}
      {wrong && (
        <p className="err" role="alert">
          {wrong}
        </p>
      )}
      {own && (
        <p className="acts">
          <Act
            label={T.remove}
            go={async () => {
              await sure(sources.remove)
              told(T.removed)
            }}
          />
        </p>
      )}
    </section>
  )
}

/** One key that waits. What its owner read out is typed, never chosen from what the page shows: that would compare nothing. */
function Confirm({ of: w, told }: { of: Waiting; told: Told }) {
  const form = useForm(T.title, `heard-${w.id}`, { fingerprint: T.needHeard }, async get => {
    await sure(() => sources.confirm(w.id, get('fingerprint')))
    told(T.confirmed)
  })
  return (
    <Frame of={form}>
      <Text
        of={form}
        name="fingerprint"
        label={T.heard(w.name)}
        hint={T.heardHint}
        maxLength={TYPED_MAX}
        autoComplete="off"
        spellCheck={false}
      />
      <Go of={form} label={T.theirs} quiet />
    </Frame>
  )
}

export function WaitingKeys({ of, told }: { of: View; told: Told }) {
  const others = of.waiting.filter(w => !w.own),
    counts = of.leads.some(l => l.own)
  return (
    <section className="card" aria-labelledby="h-waiting">
      <h2 id="h-waiting">{T.waiting}</h2>
      {!others.length ? (
        <p className="empty">{T.waitingNone}</p>
      ) : (
        <>
          <p className="sub">{T.waitingText}</p>
          <ul className="lines in">
            {others.map(w => (
              <li key={w.id}>
                <p>
                  <b>
                    <Name>{w.name}</Name>
                  </b>{' '}
                  · {w.day}
                </p>
                {said(w)}
                {w.own_confirmed ? (
                  <p className="hint">{T.youSaid}</p>
                ) : counts ? (
                  <Confirm of={w} told={told} />
                ) : (
                  <p className="hint">{T.notYou}</p>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
