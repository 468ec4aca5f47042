// Calls about reports: what a draft would show, what a text holds, sending, and the thread that follows.
import { call, http } from './client'
import type { CasePage, OwnReport } from './coming'
import { report as T } from '../words/report'
import type { components } from './schema'

type S = components['schemas']
export type NewReport = S['NewReport']
export type Receipt = S['Receipt']
export type Preview = S['PreviewView']
export type Finding = S['FindingView']
export type Extraction = S['Extraction']
export type OwnReportRow = S['OwnReportRow']
export type NewCorrection = S['NewCorrection']
export type Warn = NonNullable<NewReport['warn']>

const of = (reference: string) => ({ params: { path: { reference } } })
const at = (id: string) => ({ params: { path: { case: id } } })

export const reports = {
  preview: (body: NewReport) => call(http.POST('/api/v1/reports/preview', { body })),
  /** Sends a report. Sent again under the same key it is the same report, and has the same answer. */
  send: (body: NewReport, key: string) =>
    call(http.POST('/api/v1/reports', { body, headers: { 'Idempotency-Key': key } })),
  /** The cell's key of this month. */
  cellKey: async () => {
    // Any dry run tells it; this one says nothing.
    const asked = { title: '', attack: 'not-sure', indicators: [] } as unknown as NewReport
    const { cell_key } = await reports.preview(asked)
    if (!cell_key) throw new Error(T.words.noKey)
    return cell_key
  },
  /** Words sealed to the cell on this device. */
  seal: async (words: string): Promise<string> => {
    const key = await reports.cellKey(),
      { sealWords } = await import('../lib/words')
    return sealWords(key, words)
  },
  /** A file of a report sealed to the cell on this device. */
  sealFile: async (reference: string, file: File): Promise<Blob> => {
    const key = await reports.cellKey(),
      { sealFile } = await import('../lib/sealed-file')
    return sealFile(key, reference, file)
  },
  list: (cursor?: string) => call(http.GET('/api/v1/reports', { params: { query: { cursor } } })),
  one: (reference: string): Promise<OwnReport> => call(http.GET('/api/v1/reports/{reference}', of(reference))),
  say: (reference: string, text: string) =>
    call(http.POST('/api/v1/reports/{reference}/messages', { ...of(reference), body: { text } })),
  consent: (reference: string, warn: Warn) =>
    call(http.POST('/api/v1/reports/{reference}/consent', { ...of(reference), body: { warn } })),
  correct: (reference: string, body: NewCorrection) =>
    call(http.PUT('/api/v1/reports/{reference}', { ...of(reference), body })),
  withdraw: (reference: string) => call(http.DELETE('/api/v1/reports/{reference}', of(reference))),
  recall: (reference: string) => call(http.POST('/api/v1/reports/{reference}/recall', of(reference))),
  read: (reference: string) => call(http.POST('/api/v1/reports/{reference}/read', of(reference))),
  /** The values of a text or a file, by the same reader as an import; nothing is stored. */
  extract: (data: string | File): Promise<Extraction> =>
    call(
      http.POST('/api/v1/extract', {
        params: { query: typeof data === 'string' ? {} : { name: data.name } },
        body: data as unknown as string,
        bodySerializer: (x: unknown) => x as BodyInit,
        headers: { 'Content-Type': typeof data === 'string' ? 'text/plain' : 'application/octet-stream' },
      }),
    ),
}
export const cases = {
  one: (id: string): Promise<CasePage> => call(http.GET('/cell/v1/reports/{case}', at(id))),
  say: (id: string, text: string, asks: boolean) =>
    call(http.POST('/cell/v1/reports/{case}/messages', { ...at(id), body: { text, asks } })),
  judge: (id: string, verdict: 'confirmed' | 'false' | 'open') =>
    call(http.PUT('/cell/v1/reports/{case}/verdict', { ...at(id), body: { verdict } })),
  limit: (id: string, reason: string) =>
    call(http.POST('/cell/v1/reports/{case}/limit', { ...at(id), body: { reason } })),
}
