// The draft of a report and the last receipt, kept on this device: they survive a reload, a lost network and a second tab.
import type { NewReport, Receipt } from '../api/reports'

export type Picked = { value: string; kind?: string; on: boolean; note?: string }
export type Draft = {
  /** Counts changes, so that a tab can tell that another has gone on. */
  version: number
  ongoing: '' | 'yes' | 'no'
  attack: string
  title: string
  narrative: string
  paste: string
  /** Whether the pasted text was looked through as it stands. */
  read: boolean
  values: Picked[]
  warn: string
  know: string
  tlp: string
  pap: string
  contact: string
  /** What was decided about each finding, by its id. */
  findings: Record<string, string>
  /** Names one sending, so that trying again does not report twice; empty since the last change. */
  key: string
  /** Its words as they are sealed to the cell for this sending; empty since the last change. */
  sealed: string
}
export const EMPTY: Draft = {
  version: 0,
  ongoing: '',
  attack: '',
  title: '',
  narrative: '',
  paste: '',
  read: false,
  values: [],
  warn: '',
  know: '',
  tlp: 'GREEN',
  pap: 'GREEN',
  contact: '',
  findings: {},
  key: '',
  sealed: '',
}
const VALUES_MAX = 1000
export const draftKey = (person: string) => `report-draft:${person}`
const receiptKey = (person: string) => `report-receipt:${person}`

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
      read: x.read === true,
      values: Array.isArray(x.values)
        ? x.values.filter(v => v && typeof v.value === 'string').slice(0, VALUES_MAX)
        : [],
      warn: of('warn'),
      know: of('know'),
      tlp: of('tlp') || EMPTY.tlp,
      pap: of('pap') || EMPTY.pap,
      contact: of('contact'),
      findings: x.findings && typeof x.findings === 'object' ? x.findings : {},
      key: of('key'),
      sealed: of('sealed'),
    }
  } catch {
    return EMPTY
  }
}

/** What a storage holds; nothing where it is blocked. */
export function stored(key: string, where: () => Storage = () => localStorage): string | null {
  try {
    return where().getItem(key)
  } catch {
    return null
  }
}
/** Keeps a text, or removes it. A storage that is full or blocked loses the copy, never the page. */
export function store(key: string, text: string | null, where: () => Storage = () => localStorage) {
  try {
    if (text === null) where().removeItem(key)
    else where().setItem(key, text)
  } catch {
    // What is typed stays on the page.
  }
}

/** The last receipt of this device, and whether it was still going on. */
export type KeptReceipt = { receipt: Receipt; ongoing: boolean }
/** That, if there is one that can be shown. */
export function keptReceipt(person: string): KeptReceipt | null {
  try {
    const x = JSON.parse(stored(receiptKey(person)) ?? 'null') as Partial<KeptReceipt> | null,
      r = x?.receipt
    return r && typeof r.reference === 'string' && Array.isArray(r.items) && Array.isArray(r.answer?.steps)
      ? { receipt: r, ongoing: x.ongoing === true }
      : null
  } catch {
    return null
  }
}
export const keepReceipt = (person: string, r: KeptReceipt | null) => store(receiptKey(person), r && JSON.stringify(r))

/** At sign-out neither draft nor receipt stays behind. */
export function forgetKept() {
  for (const where of [() => localStorage, () => sessionStorage])
    try {
      for (const key of Object.keys(where()))
        if (key.startsWith(draftKey('')) || key.startsWith(receiptKey(''))) where().removeItem(key)
    } catch {
      // Nothing was kept, then.
    }
}

/** Values found in a text join those that are there; what was unticked stays so. */
export function join(values: Picked[], found: Picked[]): Picked[] {
  const known = new Set(values.map(v => v.value))
  return [...values, ...found.filter(v => !known.has(v.value))].slice(0, VALUES_MAX)
}

const KEY_BYTES = 16
/** A name for one sending that nobody guesses. */
export const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(KEY_BYTES))].map(b => b.toString(16).padStart(2, '0')).join('')

/** Whether somebody said how to reach them, once it is answered who may know: where it goes follows from that. */
export const tellsContact = (d: Draft) => !!d.contact.trim() && !!d.know

/** Whether the words are sealed on this device: those of a report that is for the cell only. */
export const sealsWords = (d: Draft) => d.warn === 'cell-only'
const SEALED = 'fusioncell-sealed-words-1 '
export const areSealed = (words: string) => words.startsWith(SEALED)

/** What is sealed for the cell: the words and, unless nobody may know who it is, how to reach whoever wrote them. */
export const wordsOf = (d: Draft, contactWord: string) =>
  d.narrative.trim() + (tellsContact(d) && d.know !== 'nobody' ? `\n\n${contactWord}${d.contact.trim()}` : '')

/** The body that is sent. Words that are sealed are in it as they are sealed, and before that not at all. */
export function bodyOf(d: Draft): NewReport {
  return {
    title: d.title.trim(),
    narrative: sealsWords(d) ? d.sealed : d.narrative.trim(),
    // Where nobody may know who it is, the server keeps it for two leads with that; sealed words have it within.
    ...(tellsContact(d) && (d.know === 'nobody' || !sealsWords(d)) ? { contact: d.contact.trim() } : {}),
    attack: (d.attack || 'not-sure') as NewReport['attack'],
    ongoing: d.ongoing === 'yes',
    indicators: d.values
      .filter(v => v.on)
      .map(v => ({ value: v.value, ...(v.kind ? { kind: v.kind } : {}) })) as NewReport['indicators'],
    tlp: d.tlp as NewReport['tlp'],
    pap: d.pap as NewReport['pap'],
    ...(d.warn
      ? { warn: (d.warn.startsWith('group:') ? { group: d.warn.slice(6) } : d.warn) as NewReport['warn'] }
      : {}),
    ...(d.know ? { know: d.know as NewReport['know'] } : {}),
    findings: Object.entries(d.findings).map(([id, decision]) => ({ id, decision })) as NewReport['findings'],
  }
}
