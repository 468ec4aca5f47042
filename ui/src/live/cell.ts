// The cell's live rows (reports, campaigns, alerts, sources, posture), folded forward by events. Lane counts live in `wall/lanes.ts`.
import type { AlertRow, CampaignRow, PostureRow, ReportRow, Sector, SourceRow, Wall } from '../api/types'
import type { StreamEvent } from './stream'

export const REPORTS_MAX = 40
export const ALERTS_MAX = 3
export type CellState = {
  exercise: boolean
  sectors: Sector[]
  campaigns: CampaignRow[]
  reports: ReportRow[]
  alerts: AlertRow[]
  feeds: SourceRow[]
  posture: PostureRow | null
}
export const emptyCell: CellState = {
  exercise: false,
  sectors: [],
  campaigns: [],
  reports: [],
  alerts: [],
  feeds: [],
  posture: null,
}

const put = <T>(rows: T[], row: T, same: (a: T) => boolean, where: 'front' | 'back'): T[] =>
  rows.some(same) ? rows.map(r => (same(r) ? row : r)) : where === 'front' ? [row, ...rows] : [...rows, row]

export function cellStep(s: CellState, e: StreamEvent): CellState | null {
  switch (e.type) {
    case 'snapshot': {
      const w = e.data as Wall
      return {
        exercise: w.exercise,
        sectors: w.sectors,
        campaigns: w.campaigns,
        reports: w.reports,
        alerts: w.alerts,
        feeds: w.feeds,
        posture: w.posture,
      }
    }
    case 'resync':
      return null
    case 'report': {
      const r = e.data as ReportRow
      return { ...s, reports: put(s.reports, r, x => x.case === r.case, 'front').slice(0, REPORTS_MAX) }
    }
    case 'claim': {
      const c = e.data as { case: string; owner: string }
      return { ...s, reports: s.reports.map(r => (r.case === c.case ? { ...r, owner: c.owner, state: 'claimed' } : r)) }
    }
    case 'campaign': {
      const c = e.data as CampaignRow
      return { ...s, campaigns: put(s.campaigns, c, x => x.id === c.id, 'back') }
    }
    case 'alert': {
      const a = e.data as AlertRow
      return { ...s, alerts: put(s.alerts, a, x => x.id === a.id, 'front').slice(0, ALERTS_MAX) }
    }
    case 'feeds': {
      const rows = new Map((e.data as SourceRow[]).map(r => [r.id, r]))
      const kept = s.feeds.map(f => rows.get(f.id) ?? f)
      const have = new Set(kept.map(f => f.id))
      return { ...s, feeds: [...kept, ...[...rows.values()].filter(r => !have.has(r.id))] }
    }
    case 'posture':
      return { ...s, posture: e.data as PostureRow | null }
    default:
      return s
  }
}

export const CAMPAIGNS_SHOWN = 3
/** Which campaigns a wall shows. One keeps its place until a spreading one waits and it has itself come to rest; nothing reshuffles. */
export function shownCampaigns(before: readonly string[], rows: readonly CampaignRow[], n = CAMPAIGNS_SHOWN): string[] {
  const several = rows.filter(c => c.firms > 1)
  const byId = new Map(several.map(c => [c.id, c]))
  const slots: string[] = before.filter(id => byId.has(id)).slice(0, n)
  const waiting = several
    .filter(c => !slots.includes(c.id))
    .toSorted(
      (a, b) =>
        Number(b.trend === 'spreading') - Number(a.trend === 'spreading') || b.delta - a.delta || b.firms - a.firms,
    )
  while (slots.length < n && waiting.length) slots.push(waiting.shift()!.id)
  for (const c of waiting.filter(w => w.trend === 'spreading')) {
    const i = slots.findIndex(id => byId.get(id)!.trend !== 'spreading')
    if (i < 0) break
    slots[i] = c.id
  }
  return slots
}
