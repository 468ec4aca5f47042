// The questions of the report, one a page, and the page on which all answers are checked.
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Reach } from '../api/coming'
import { tellsContact, type Draft } from '../lib/draft'
import { defang } from '../lib/format'
import type { Change } from '../lib/use-draft'
import { Call } from '../ui/Call'
import type { Problem } from '../ui/Problems'
import { Name } from '../ui/Rows'
import { Tlp } from '../ui/bits'
import { report as T } from '../words/report'
import { Radios, type Option } from './ReportParts'

export const STEPS = ['now', 'what', 'words', 'values', 'share', 'contact', 'check'] as const
export type Step = (typeof STEPS)[number]

const need = (on: boolean, field: string, text: string): Problem[] => (on ? [] : [{ field, text }])
/** What is missing on a step, in the words that ask for it. */
export function missing(step: Step, d: Draft): Problem[] {
  switch (step) {
    case 'now':
      return need(!!d.ongoing, 'r-now-yes', T.now.need)
    case 'what':
      return need(!!d.attack, `r-what-${T.attacks[0][0]}`, T.what.need)
    case 'words':
      return [
        ...need(!!d.title.trim(), 'r-title', T.words.needOne),
        ...need(!!d.narrative.trim(), 'r-narrative', T.words.needMore),
      ]
    case 'share':
      return [
        ...need(!!d.warn, `r-warn-${T.share.warns[0][0]}`, T.share.needWarn),
        ...need(!!d.know, `r-know-${T.share.knows[0][0]}`, T.share.needKnow),
      ]
    default:
      return []
  }
}
export type Group = { id: string; name: string }
type Part = { draft: Draft; change: Change; bad: (field: string) => boolean }

export const Now = ({ draft, change, bad, reach }: Part & { reach: Reach }) => (
  <>
    <Radios
      name="now"
      legend={T.now.title}
      unseen
      bad={bad('r-now-yes')}
      options={[
        ['yes', T.now.yes],
        ['no', T.now.no],
      ]}
      value={draft.ongoing}
      choose={v => change({ ongoing: v as Draft['ongoing'] })}
    />
    <div role="status">{draft.ongoing === 'yes' && <Call {...reach} />}</div>
  </>
)

export const What = ({ draft, change, bad }: Part) => (
  <>
    <p className="lede">{T.what.hint}</p>
    <Radios
      name="what"
      legend={T.what.title}
      unseen
      bad={bad(`r-what-${T.attacks[0][0]}`)}
      options={T.attacks}
      value={draft.attack}
      choose={attack => change({ attack })}
    />
  </>
)

export const Words = ({ draft, change, bad }: Part) => (
  <>
    <div className={bad('r-title') ? 'field bad' : 'field'}>
      <label htmlFor="r-title">{T.words.one}</label>
      <p className="hint" id="r-title-hint">
        {T.words.oneHint}
      </p>
      <input
        id="r-title"
        maxLength={200}
        value={draft.title}
        aria-describedby="r-title-hint"
        aria-invalid={bad('r-title')}
        onChange={e => change({ title: e.target.value })}
      />
    </div>
    <div className={bad('r-narrative') ? 'field bad' : 'field'}>
      <label htmlFor="r-narrative">{T.words.more}</label>
      <p className="hint" id="r-narrative-hint">
        {T.words.moreHint}
      </p>
      <textarea
        id="r-narrative"
        rows={8}
        maxLength={19_000}
        value={draft.narrative}
        aria-describedby="r-narrative-hint"
        aria-invalid={bad('r-narrative')}
        onChange={e => change({ narrative: e.target.value })}
      />
    </div>
  </>
)

export const Share = ({ draft, change, bad, groups }: Part & { groups: readonly Group[] }) => (
  <>
    <Radios
      name="warn"
      legend={T.share.warn}
      bad={bad(`r-warn-${T.share.warns[0][0]}`)}
      options={[
        ...T.share.warns,
        ...groups.map((g): Option => [`group:${g.id}`, T.share.group(g.name), T.share.groupHint]),
      ]}
      value={draft.warn}
      choose={warn => change({ warn })}
    />
    <Radios
      name="know"
      legend={T.share.know}
      bad={bad(`r-know-${T.share.knows[0][0]}`)}
      options={T.share.knows}
      value={draft.know}
      choose={know => change({ know })}
    />
    <fieldset className="marking">
      <legend>{T.share.marking}</legend>
      <p className="hint">{T.share.markingHint}</p>
      {(
        [
          ['tlp', T.share.tlp, T.share.tlps, draft.tlp],
          ['pap', T.share.pap, T.share.paps, draft.pap],
        ] as const
      ).map(([name, label, options, value]) => (
        <div className="field" key={name}>
          <label htmlFor={`r-${name}`}>{label}</label>
          <select id={`r-${name}`} value={value} onChange={e => change({ [name]: e.target.value })}>
            {options.map(([v, text]) => (
              <option key={v} value={v}>
                {text}
              </option>
            ))}
          </select>
        </div>
      ))}
    </fieldset>
  </>
)

/** `kept` says whether a source is kept, for two leads to open together; unknown while nobody could be asked. */
export const Contact = ({ draft, change, kept }: Part & { kept: boolean | undefined }) => (
  <>
    <p className="lede">{T.contact.lede}</p>
    {draft.know === 'nobody' && kept === false ? (
      <p className="note">{T.contact.notKept}</p>
    ) : (
      <div className="field">
        <label htmlFor="r-contact">{T.contact.label}</label>
        <p className="hint" id="r-contact-hint">
          {draft.know === 'nobody' ? T.contact.hintNobody : T.contact.hint}
        </p>
        <input
          id="r-contact"
          maxLength={100}
          aria-describedby="r-contact-hint"
          value={draft.contact}
          onChange={e => change({ contact: e.target.value })}
        />
      </div>
    )}
  </>
)

const VALUES_SHOWN = 12
/** Who may be warned, in words; a group by its name, as far as it is known. */
export function warnWord(warn: string, groups: readonly Group[] | undefined): string {
  const plain = T.share.warns.find(([k]) => k === warn)?.[1]
  if (plain) return plain
  if (!warn.startsWith('group')) return warn
  const g = groups?.find(x => `group:${x.id}` === warn)
  return g ? T.share.group(g.name) : groups ? T.share.groupGone : '…'
}
export const papWord = (pap: string) => T.share.paps.find(([k]) => k === pap)?.[1] ?? pap

/** An answer, and the way back to its question. */
const row = (label: string, value: ReactNode, s: Step) => (
  <div key={label}>
    <dt>{label}</dt>
    <dd className="act">
      <Link to="/report" search={{ step: s }}>
        {T.change}
        <span className="vh"> {label}</span>
      </Link>
    </dd>
    <dd className="what">{value}</dd>
  </div>
)

/** How the cell reaches whoever reports, and what becomes of that. */
function Reached({ of: d, kept }: { of: Draft; kept: boolean | undefined }) {
  const secret = d.know === 'nobody'
  if (secret && kept === false) return <>{T.contact.notSent}</>
  if (!tellsContact(d)) return <>{T.contact.none}</>
  return (
    <>
      <bdi>{d.contact}</bdi>
      {secret && <span className="open"> {T.contact.sealed}</span>}
    </>
  )
}

export function Check({
  draft: d,
  groups,
  kept,
}: {
  draft: Draft
  groups: readonly Group[] | undefined
  kept: boolean | undefined
}) {
  const on = d.values.filter(v => v.on)
  return (
    <dl className="answers">
      {row(T.check.going, d.ongoing === 'yes' ? T.check.yes : d.ongoing ? T.check.no : '–', 'now')}
      {row(T.check.kind, T.attacks.find(([k]) => k === d.attack)?.[1] ?? '–', 'what')}
      {row(T.check.line, <Name>{d.title || '–'}</Name>, 'words')}
      {row(
        T.check.text,
        <span className="said">
          <Name>{d.narrative || '–'}</Name>
          {d.warn === 'cell-only' && <span className="open">{T.check.sealed}</span>}
        </span>,
        'words',
      )}
      {row(
        T.check.values,
        <>
          {!on.length && T.check.noValues}
          {on.length > 0 && (
            <ul>
              {on.slice(0, VALUES_SHOWN).map(v => (
                <li key={v.value}>
                  <bdi className="mono">{defang(v.value, v.kind ?? '')}</bdi>
                </li>
              ))}
              {on.length > VALUES_SHOWN && <li>{T.check.more(on.length - VALUES_SHOWN)}</li>}
            </ul>
          )}
          {d.paste.trim() && !d.read && <span className="open">{T.check.unread}</span>}
        </>,
        'values',
      )}
      {row(T.check.warn, <bdi>{warnWord(d.warn, groups) || '–'}</bdi>, 'share')}
      {row(T.check.know, T.share.knows.find(([k]) => k === d.know)?.[1] ?? '–', 'share')}
      {row(T.check.tlp, <Tlp v={d.tlp} meaning />, 'share')}
      {row(T.check.pap, papWord(d.pap), 'share')}
      {row(T.check.contact, <Reached of={d} kept={kept} />, 'contact')}
    </dl>
  )
}
