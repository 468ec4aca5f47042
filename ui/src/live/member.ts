// A member's live state: the home object, folded forward by release batches. Pure; nothing here knows of the network.
import { list, ms } from '../lib/format'
import { shared } from '../words/shared'
import type { AdvisoryView, CampaignView, Home, IndicatorView, ReleasedObject } from '../api/types'
import type { StreamEvent } from './stream'

export const LATEST_MAX = 30
export const CAMPAIGNS_MAX = 10
export const ADVISORIES_MAX = 3
export const emptyHome: Home = { as_of: '', posture: null, advisories: [], campaigns: [], latest: [] }

const newest = <T extends { id: string; released_at: string | number }>(a: T, b: T) =>
  ms(b.released_at) - ms(a.released_at) || (a.id < b.id ? 1 : -1)
// every report makes a campaign; those known to have hit several members come first, as in the home that the server gives
const broadest = (a: CampaignView, b: CampaignView) => Number(!!b.band) - Number(!!a.band) || newest(a, b)
function upsert<T extends { id: string; released_at: string | number }>(
  rows: T[],
  row: T,
  max: number,
  order: (a: T, b: T) => number = newest,
): T[] {
  const i = rows.findIndex(r => r.id === row.id)
  if (i >= 0) return rows.map((r, j) => (j === i ? row : r)) // a change stays where it is: nothing reshuffles under a reader
  return [row, ...rows].toSorted(order).slice(0, max)
}

export function release(home: Home, objects: readonly ReleasedObject[]): Home {
  let h = home
  for (const o of objects) {
    if (o.type === 'indicator') h = { ...h, latest: upsert<IndicatorView>(h.latest, o, LATEST_MAX) }
    else if (o.type === 'campaign')
      h = { ...h, campaigns: upsert<CampaignView>(h.campaigns, o, CAMPAIGNS_MAX, broadest) }
    else if (o.type === 'advisory') h = { ...h, advisories: upsert<AdvisoryView>(h.advisories, o, ADVISORIES_MAX) }
    else if (o.type === 'posture') h = { ...h, posture: o }
  }
  return h
}

/** What the released campaigns say of "is now unusual?" while no lead has said it: bands and sector marks alone, never a count. */
export function fromCommunity(campaigns: readonly CampaignView[]): { word: string; first: string; second: string } {
  const W = shared.community,
    broad = campaigns.filter(c => c.band)
  if (!broad.length) return { word: W.quiet, first: W.none, second: W.source }
  const sectors = [...new Set(broad.flatMap(c => c.sectors))]
  return {
    word: W.active,
    first: W.some(broad.length, broad.length >= CAMPAIGNS_MAX),
    second: sectors.length ? W.where(list(sectors, 3)) : W.nowhere,
  }
}

export function memberStep(home: Home, e: StreamEvent): Home {
  if (e.type === 'snapshot') return e.data as Home
  if (e.type === 'release') return release(home, (e.data as { objects?: ReleasedObject[] }).objects ?? [])
  return home
}
