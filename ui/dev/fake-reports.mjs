// Answers of the stand-in server about reports: a report in each state, a case, a receipt, with names that try to be more than text.
import { HOSTILE } from './fake-people.mjs'

const at = minutes => new Date(Date.now() - minutes * 60_000).toISOString()
const FILES = [
  { name: 'Invoice.eml', kind: 'mail', notes: [], by: 'you' },
  { name: 'all.zip', kind: 'archive', notes: ['contains an archive inside an archive; not opened'], by: 'cell' },
].map((f, n) => ({ id: `f${n}`, size: 48_000 * (n + 1), sha256: 'ab'.repeat(32), at: at(3), ...f }))
const values = [
  { kind: 'domain', value: 'sign-docs.example', released_at: at(4) },
  { kind: 'email', value: 'billing@calder.example', held: 'it is an address of yours' },
  { kind: 'url', value: `https://sign-docs.example/${'long/'.repeat(40)}`, kept: 'it names a host of the reporter' },
]
const rows = [
  { id: 'm1', from: 'cell', at: at(9), kind: 'message', text: 'May others be warned?', asks: true, name: 'Kit Hale' },
  { id: 'm2', from: 'reporter', at: at(7), kind: 'message', text: HOSTILE[0], asks: false },
  { from: 'reporter', at: at(6), kind: 'correction', text: '', asks: false },
  { id: 'm3', from: 'cell', at: at(5), kind: 'message', text: 'And now?', asks: true, name: 'Kit Hale' },
]
const STATES = ['received', 'read', 'withdrawn', 'recalled']
export const RECEIPT = {
  status: 'received',
  reference: '3a303c1d-26da-31c8-a471-8d01e458054a',
  exercise: true,
  items: [{ index: 0, kind: 'domain', value: 'a.example', result: 'refused', why: 'it is yours' }],
  receipt: null,
  answer: {
    call: 'Call 0300 555 0100.',
    phone: '0300 555 0100',
    mail: 'cell@example.org',
    known: 1,
    looked_up: 1,
    language: 'en',
    steps: ['Take it off the network.', 'Change the password from another device.'],
    text: 'Your value was known to members before.',
    title: 'Phishing',
    values: [{ index: 0, kind: 'domain', value: 'sign-docs.example', verdict: 'watch', meaning: 'Look for it.' }],
  },
}
const own = state => ({
  reference: state,
  at: at(12),
  state,
  read: state !== 'received',
  unread: state === 'received',
  released: state === 'read',
  title: state === 'recalled' ? '' : state === 'read' ? HOSTILE[1] : 'A false invoice',
  narrative: state === 'recalled' ? '' : HOSTILE[2],
  attack: 'phishing',
  severity: 'high',
  ongoing: true,
  happened_at: null,
  warn: 'next-epoch',
  know: 'cell',
  tlp: 'AMBER+STRICT',
  pap: 'GREEN',
  techniques: [],
  tags: [],
  values: state === 'recalled' ? [] : values,
  thread: state === 'received' ? [] : rows,
  files: state === 'recalled' ? [] : FILES,
  exercise: true,
})

/** The answer to a request about reports; nothing for any other. */
export function reportAnswer(face, method, path) {
  if (path === '/reports' && method === 'POST') return RECEIPT
  if (path === '/reports' && face === 'member') return { items: STATES.map(own), next: null, unread: 1, exercise: true }
  if (path === '/reports/preview')
    return {
      values: values.map((v, index) => ({ index, ...v, members: 31, result: v.held ? 'held' : 'released' })),
      findings: [
        {
          id: 'x',
          field: 'indicators',
          index: 1,
          cause: 'own-domain',
          start: 0,
          end: 9,
          text: HOSTILE[0],
          why: 'a name of yours',
          holds: true,
          may: ['untick', 'generalise', 'keep'],
          general: 'calder.example',
        },
      ],
      more_findings: 0,
      problems: [],
      reach: { alone: false, few: true, members: 4, sectors: 2, when: 'now', text: '4 other firms would see it.' },
      exercise: true,
    }
  if (path === '/extract')
    return {
      document: 'prose',
      values: [{ kind: 'domain', value: 'a.example', defanged: 'a[.]example', offered: true, place: 'text' }],
      left_out: [{ text: HOSTILE[0], why: 'it is no value', rule: 'x', place: 'text' }],
      left_out_beyond: 0,
      values_beyond: 0,
      notes: [],
      techniques: [],
      mail: { from: HOSTILE[0], subject: HOSTILE[2], spf: 'fail', dkim: 'none', dmarc: '', own: [], attachments: [] },
    }
  const [, one] = /^\/reports\/([^/]+)$/.exec(path) ?? []
  if (!one || method !== 'GET') return undefined
  if (face === 'member') return STATES.includes(one) ? own(one) : undefined
  return {
    ...own(one),
    case: one,
    state: ['withdrawn', 'recalled'].includes(one) ? one : 'open',
    sector: 'Energy',
    owner: one === 'read' ? 'Kit Hale' : null,
    passed_to: [],
    grade: one === 'withdrawn' ? null : 'B',
    judged: one === 'read' ? 'confirmed' : 'open',
    named: null,
    campaign: { id: 'a1', letter: 'A', title: 'False invoices' },
    truncated: false,
  }
}
