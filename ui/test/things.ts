// Small makers of the nouns that tests need.
import type { AdvisoryView, CampaignRow, CampaignView, Home, IndicatorView, ReportRow, Wall } from '../src/api/types'
export const T0 = Date.parse('2026-07-10T12:00:00.000Z')
export const at = (s: number) => new Date(T0 + s * 1000).toISOString()
export const indicator = (id: string, s = 0, more: Partial<IndicatorView> = {}): IndicatorView => ({
  type: 'indicator',
  id,
  kind: 'domain',
  value: `${id}.example`,
  tlp: 'AMBER',
  pap: 'AMBER',
  released_at: at(s),
  watch_until: null,
  block: false,
  campaign: null,
  attributed_to: 'P',
  common: null,
  ...more,
})
export const campaign = (id: string, s = 0, more: Partial<CampaignView> = {}): CampaignView => ({
  type: 'campaign',
  id,
  title: id,
  released_at: at(s),
  updated_at: at(s),
  band: null,
  sectors: [],
  regions: [],
  tlp: 'GREEN',
  attack: null,
  techniques: [],
  indicators: 1,
  exercise: true,
  ...more,
})
export const advisory = (id: string, s = 0, more: Partial<AdvisoryView> = {}): AdvisoryView => ({
  type: 'advisory',
  id,
  title: `Advisory ${id}`,
  summary: 'What happened',
  actions: ['First', 'Second'],
  severity: 'high',
  tlp: 'AMBER+STRICT',
  released_at: at(s),
  campaign: null,
  exercise: true,
  ...more,
})
export const home = (more: Partial<Home> = {}): Home => ({
  as_of: at(0),
  posture: null,
  advisories: [],
  campaigns: [],
  latest: [],
  ...more,
})
export const row = (id: string, more: Partial<CampaignRow> = {}): CampaignRow => ({
  id,
  letter: id.toUpperCase(),
  title: `Campaign ${id}`,
  firms: 3,
  sectors: [],
  indicators: 2,
  delta: 1,
  trend: 'spreading',
  owner: null,
  state: 'new',
  severity: 'high',
  hits: [],
  ...more,
})
export const report = (id: string, s = 0, more: Partial<ReportRow> = {}): ReportRow => ({
  case: id,
  at: at(s),
  sector: 'Energy',
  attack: 'Phishing',
  severity: 'high',
  state: 'new',
  owner: null,
  campaign: null,
  campaign_id: null,
  ...more,
})
export const wall = (more: Partial<Wall> = {}): Wall => ({
  now: at(15),
  slot_ms: 30_000,
  slots: 4,
  slot_start: at(0),
  exercise: true,
  sectors: [
    { id: 'energy', name: 'Energy', normal: 20 },
    { id: 'water', name: 'Water', normal: 10 },
  ],
  history: [
    [10, 10, 10, 5],
    [5, 5, 5, 2],
  ],
  campaigns: [],
  reports: [],
  alerts: [],
  feeds: [],
  posture: null,
  ...more,
})
