// The cell's live rows (reports, campaigns, alerts, sources, posture), folded forward by events. Lane counts live in `wall/lanes.ts`.
import type { AlertRow, CampaignRow, PostureRow, ReportRow, Sector, SourceRow, Wall } from '../api/types'
import { ms } from '../lib/format'
import type { StreamEvent } from './stream'

export const REPORTS_MAX = 40
export const ALERTS_MAX = 3
/** Campaigns kept: those that came first give way when there are more, single firms before several. */
export const CAMPAIGNS_MAX = 60
export const DELTA_MS = 600_000
export const COOLING_MS = 900_000
export type CellState = {
  exercise: boolean
  sectors: Sector[]
  campaigns: CampaignRow[]
  reports: ReportRow[]
  alerts: AlertRow[]
  feeds: SourceRow[]
  posture: PostureRow | null
  /** How many firms each campaign had and when, as far back as "in 10 min" reaches: rows age while nothing comes. */
  grown: ReadonlyMap<string, readonly Grown[]>
}
export type Grown = { at: number; firms: number }
export const emptyCell: CellState = {
  exercise: false,
  sectors: [],
  campaigns: [],
  reports: [],
  alerts: [],
  feeds: [],
  posture: null,
  grown: new Map(),
}

const put = <T>(rows: T[], row: T, same: (a: T) => boolean, where: 'front' | 'back'): T[] =>
  rows.some(same) ? rows.map(r => (same(r) ? row : r)) : where === 'front' ? [row, ...rows] : [...rows, row]

const growth = (c: CampaignRow, before: readonly Grown[] | undefined, now: number): Grown[] =>
  before
    ? [...before.filter((g, i) => (before[i + 1]?.at ?? now) > now - DELTA_MS), { at: now, firms: c.firms }]
    : [
        { at: now - DELTA_MS, firms: c.firms - c.delta },
        { at: now, firms: c.firms },
      ]

/** What "in 10 min" and "spreading" have come to by `now`: never more than the server last said. The same state if nothing changed. */
export function aged(s: CellState, now: number): CellState {
  let changed = false
  const campaigns = s.campaigns.map(c => {
    const g = s.grown.get(c.id),
      last = g?.at(-1)
    if (!g || !last) return c
    const then = g.findLast(x => x.at <= now - DELTA_MS)?.firms ?? g[0]!.firms
    const delta = Math.max(0, Math.min(c.delta, c.firms - then))
    const trend = now - last.at > COOLING_MS ? 'cooling' : c.trend === 'spreading' && !delta ? 'steady' : c.trend
    if (delta === c.delta && trend === c.trend) return c
    changed = true
    return { ...c, delta, trend }
  })
  return changed ? { ...s, campaigns } : s
}

function keep(campaigns: CampaignRow[]): CampaignRow[] {
  if (campaigns.length <= CAMPAIGNS_MAX) return campaigns
  const goes = campaigns.find(c => c.firms < 2) ?? campaigns.find(c => c.trend !== 'spreading') ?? campaigns[0]
  return campaigns.filter(c => c !== goes)
}

export function cellStep(s: CellState, e: StreamEvent, now: number): CellState {
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
        grown: new Map(w.campaigns.map(c => [c.id, growth(c, undefined, ms(w.now))])),
      }
    }
    case 'report': {
      const r = e.data as ReportRow
      return { ...s, reports: put(s.reports, r, x => x.case === r.case, 'front').slice(0, REPORTS_MAX) }
    }
    case 'claim': {
      const c = e.data as { case: string; owner: string }
      return { ...s, reports: s.reports.map(r => (r.case === c.case ? { ...r, owner: c.owner, state: 'claimed' } : r)) }
    }
    case 'pass': {
      const p = e.data as { case: string; passed_to: string[] }
      return { ...s, reports: s.reports.map(r => (r.case === p.case ? { ...r, passed_to: p.passed_to } : r)) }
    }
    case 'campaign': {
      const c = e.data as CampaignRow
      const campaigns = keep(put(s.campaigns, c, x => x.id === c.id, 'back'))
      const grown = new Map(campaigns.flatMap(x => (s.grown.has(x.id) ? [[x.id, s.grown.get(x.id)!] as const] : [])))
      return { ...s, campaigns, grown: grown.set(c.id, growth(c, grown.get(c.id), now)) }
    }
    case 'campaign-gone': {
      // it joined another one, or the wall keeps it no longer
      const { id } = e.data as { id: string; into?: string | null }
      if (!s.campaigns.some(c => c.id === id)) return s
      const grown = new Map(s.grown)
      grown.delete(id)
      return { ...s, campaigns: s.campaigns.filter(c => c.id !== id), grown }
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
