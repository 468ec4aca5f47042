// Fields that the pages already show and the generated schema does not have yet; each is optional, and its place stays empty without it.
import type { components } from './schema'
import type { FaceView } from './types'

type S = components['schemas']

/** A file in the thread of a report. */
export type FileView = {
  id: string
  name: string
  size: number
  sha256: string
  /** What its bytes are: `mail`, `image`, `archive`, `text`, `document`, `program`, `sealed` or `other`. */
  kind: string
  /** For the cell, what became of one that its sender's device sealed: `plain`, `opened`, `gone` or `broken`. */
  seal?: string
  /** What there is to know of it, such as that it holds an archive inside an archive. */
  notes: string[]
  by?: string
  at?: string
}
export type OwnValue = Omit<S['OwnValue'], 'released_at' | 'verdict'> & {
  /** Since when members have it. */
  released_at?: string | null
  /** What it is to them. */
  verdict?: string | null
}
export type OwnReport = Omit<S['OwnReportView'], 'values'> & {
  values: OwnValue[]
  files?: FileView[]
  /** Whether somebody of the cell has read it. */
  read?: boolean
}
export type CaseValue = S['CasePage']['values'][number] & {
  /** Why it could name the reporter, who chose to keep it all the same. */
  kept?: string | null
}
export type CasePage = Omit<S['CasePage'], 'values'> & { values: CaseValue[]; files?: FileView[] }
/** How the cell is reached while something is going on. */
export type Reach = { phone?: string | null; mail?: string | null }
export const reachOf = (face: FaceView | null): Reach => (face ?? {}) as Reach
