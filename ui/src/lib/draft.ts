// The draft of a report, kept on this device until it is sent: it survives a reload, a lost network and a second tab.
import type { NewReport } from '../api/reports'

export type Picked = { value: string; kind?: string; on: boolean; note?: string }
export type Draft = {
  /** Counts changes, so that a tab can tell that another has gone on. */
  version: number
  ongoing: '' | 'yes' | 'no'
  attack: string
  title: string
  narrative: string
  paste: string
  values: Picked[]
  warn: string
  know: string
  tlp: string
  contact: string
  /** What was decided about each finding, by its id. */
  findings: Record<string, string>
}
export const EMPTY: Draft = {
  version: 0,
  ongoing: '',
  attack: '',
  title: '',
  narrative: '',
  paste: '',
  values: [],
  warn: '',
  know: '',
  tlp: 'GREEN',
  contact: '',
  findings: {},
}
const VALUES_MAX = 1000
export const draftKey = (person: string) => `report-draft:${person}`

export function readDraft(text: string | null): Draft {
  if (!text) return EMPTY
  try {
    const x = JSON.parse(text) as Partial<Draft> | null
    if (!x || typeof x !== 'object') return EMPTY
    const of = (k: keyof Draft) => (typeof x[k] === 'string' ? (x[k] as string) : (EMPTY[k] as string))
    return {
      version: typeof x.version === 'number' ? x.version : 0,
      ongoing: x.ongoing === 'yes' || x.ongoing === 'no' ? x.ongoing : '',
      attack: of('attack'),
      title: of('title'),
      narrative: of('narrative'),
      paste: of('paste'),
      values: Array.isArray(x.values)
        ? x.values.filter(v => v && typeof v.value === 'string').slice(0, VALUES_MAX)
        : [],
      warn: of('warn'),
      know: of('know'),
      tlp: of('tlp') || 'GREEN',
      contact: of('contact'),
      findings: x.findings && typeof x.findings === 'object' ? x.findings : {},
    }
  } catch {
    return EMPTY
  }
}

/** The draft of this device; none where storage is blocked. */
export function kept(key: string): Draft {
  try {
    return readDraft(localStorage.getItem(key))
  } catch {
    return EMPTY
  }
}
/** Keeps a draft, or removes it. A storage that is full or blocked loses the copy, never the page. */
export function keep(key: string, draft: Draft | null) {
  try {
    if (draft) localStorage.setItem(key, JSON.stringify(draft))
    else localStorage.removeItem(key)
  } catch {
    // What is typed stays on the page.
  }
}
/** At sign-out no draft stays behind. */
export function forgetDrafts() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(draftKey(''))) localStorage.removeItem(key)
  } catch {
    // Nothing was kept, then.
  }
}

/** Values found in a text join those that are there; what was unticked stays so. */
export function join(values: Picked[], found: Picked[]): Picked[] {
  const known = new Set(values.map(v => v.value))
  return [...values, ...found.filter(v => !known.has(v.value))].slice(0, VALUES_MAX)
}

/** The body that is sent. A contact goes along only where the second answer lets the cell know who it is. */
export function bodyOf(d: Draft, contactWord: string): NewReport {
  const contact = d.contact.trim() && d.know && d.know !== 'nobody' ? `\n\n${contactWord}${d.contact.trim()}` : ''
  return {
    title: d.title.trim(),
    narrative: d.narrative.trim() + contact,
    attack: (d.attack || 'not-sure') as NewReport['attack'],
    ongoing: d.ongoing === 'yes',
    indicators: d.values
      .filter(v => v.on)
      .map(v => ({ value: v.value, ...(v.kind ? { kind: v.kind } : {}) })) as NewReport['indicators'],
    tlp: d.tlp as NewReport['tlp'],
    ...(d.warn
      ? { warn: (d.warn.startsWith('group:') ? { group: d.warn.slice(6) } : d.warn) as NewReport['warn'] }
      : {}),
    ...(d.know ? { know: d.know as NewReport['know'] } : {}),
    findings: Object.entries(d.findings).map(([id, decision]) => ({ id, decision })) as NewReport['findings'],
  }
}
