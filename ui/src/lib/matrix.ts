// Which report holds which value: columns by time grouped under their sector, shared rows first, in the order in which a report first held them. Pure.
import type { CellCampaign } from '../api/types'
import { list, ms } from './format'

export type Reason = CellCampaign['reasons'][number]
const BOTH = 'both name '
/** Links between the same two reports told once, with everything that they have in common. */
export function links(reasons: readonly Reason[]): { at: Reason['at']; from: string; to: string; text: string }[] {
  const pairs = new Map<string, Reason[]>()
  for (const r of reasons) {
    const key = `${r.from} ${r.to}`
    pairs.set(key, [...(pairs.get(key) ?? []), r])
  }
  return [...pairs.values()].map(all => {
    const first = all[0]!,
      texts = [...new Set(all.map(r => r.text))]
    const named = texts.filter(t => t.startsWith(BOTH)).map(t => t.slice(BOTH.length)),
      // that a value which both name also lies on a host of the other adds nothing
      others = texts.filter(t => !t.startsWith(BOTH) && !named.some(v => t.startsWith(v + ' ')))
    const text = [...(named.length ? [BOTH + list(named)] : []), ...others].join('; ')
    return { at: first.at, from: first.from, to: first.to, text }
  })
}

export const COLUMNS_MAX = 40
export type Column = { index: number; sector: string; at: number }
export type MatrixRow = {
  begun: number
  kind: string
  value: string
  noise: string | null
  total: number
  cells: ('first' | 'has' | '')[]
}
export type Matrix = {
  columns: Column[]
  groups: { sector: string; span: number }[]
  rows: MatrixRow[]
  single: number
  reports: number
}

export function matrix(c: Pick<CellCampaign, 'reports' | 'indicators'>, noSector: string): Matrix {
  const oldest = c.reports
    .map((r, index) => ({ index, sector: r.sector ?? noSector, at: ms(r.at) }))
    .toSorted((a, b) => a.at - b.at || a.index - b.index)
    .slice(0, COLUMNS_MAX)
  const order = [...new Set(oldest.map(x => x.sector))] // sectors in the order they were hit
  const columns = oldest.toSorted(
    (a, b) => order.indexOf(a.sector) - order.indexOf(b.sector) || a.at - b.at || a.index - b.index,
  )
  const groups = order.map(sector => ({ sector, span: columns.filter(x => x.sector === sector).length }))
  const begun = (i: { reports: number[] }) => {
    const r = c.reports[i.reports[0] ?? -1]
    return r ? ms(r.at) : Infinity
  }
  const rows = c.indicators
    .map(i => {
      const held = new Set(i.reports),
        first = i.reports[0]
      return {
        begun: begun(i),
        kind: i.kind,
        value: i.value,
        noise: i.noise,
        total: held.size,
        cells: columns.map(x =>
          x.index === first ? ('first' as const) : held.has(x.index) ? ('has' as const) : ('' as const),
        ),
      }
    })
    .toSorted(
      (a, b) =>
        Number(b.total > 1) - Number(a.total > 1) ||
        a.begun - b.begun ||
        b.total - a.total ||
        (a.value < b.value ? -1 : 1),
    )
  return { columns, groups, rows, single: rows.filter(r => r.total < 2).length, reports: c.reports.length }
}
