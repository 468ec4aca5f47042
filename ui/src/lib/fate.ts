// What became of a value of one's own report, by rule, from what its view says; never from what others reported.
import type { OwnReport, OwnValue } from '../api/coming'
import { thread as T } from '../words/report'

export type Fate = { word: string; at?: string }

/** What stands for the title of a report whose words are gone. */
export const untitled = (r?: { state: string }): string => (r?.state === 'aged' ? T.agedTitle : T.recalledTitle)

export function fate(r: OwnReport, v: OwnValue): Fate {
  const F = T.fates
  if (r.state === 'recalled') return { word: F.recalled }
  if (r.state === 'withdrawn') return { word: F.withdrawn }
  if (v.held) return { word: F.held(v.held) }
  if (r.tlp.toUpperCase().endsWith('RED')) return { word: F.red }
  if (r.warn === 'cell-only') return { word: F.cell }
  if (v.released_at) return { word: F.since, at: v.released_at }
  if (r.warn.startsWith('group')) return { word: F.group }
  if (r.warn === 'next-epoch' || r.warn === 'once-three') return { word: F[r.warn] }
  return { word: F.now }
}
