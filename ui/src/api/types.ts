// The nouns that the pages read, as the server's OpenAPI document describes them.
import type { Instant } from '../lib/format'

export type Face = 'member' | 'cell'
export type FaceView = { face: Face; partnership: string; exercise: boolean }
export type Session = { name: string; organisation: string | null; role: 'member' | 'analyst' | 'lead'; face: Face; exercise: boolean; partnership: string }
export type Severity = 'critical' | 'high' | 'medium' | 'low'
export type PostureWord = 'normal' | 'raised' | 'high'
export type IndicatorView = { type: 'indicator'; id: string; kind: string; value: string; tlp: string; pap: string; released_at: Instant; watch_until: Instant | null; block: boolean; campaign: string | null; attributed_to: string; common: string | null }
export type CampaignView = { type: 'campaign'; id: string; title: string; released_at: Instant; updated_at: Instant; band: string | null; sectors: string[]; regions: string[]; tlp: string; attack: string | null; techniques: string[]; indicators: number; exercise: boolean }
export type AdvisoryView = { type: 'advisory'; id: string; title: string; summary: string; actions: string[]; severity: Severity; tlp: string; released_at: Instant; campaign: string | null; exercise: boolean }
export type PostureView = { type: 'posture'; word: PostureWord; text: string; released_at: Instant }
export type ReleasedObject = IndicatorView | CampaignView | AdvisoryView | PostureView
export type Home = { as_of: Instant; posture: PostureView | null; advisories: AdvisoryView[]; campaigns: CampaignView[]; latest: IndicatorView[] }
export type CampaignPage = { campaign: CampaignView; indicators: IndicatorView[]; more: boolean; timeline: { at: Instant; text: string; indicators: number }[] }
export type Lookup = { query: string; kind: string | null; normal: string | null; verdict: string; meaning: string; indicator: IndicatorView | null; campaign: CampaignView | null }

export type Sector = { id: string; name: string; normal: number }
export type CampaignRow = { id: string; letter: string; title: string; firms: number; sectors: string[]; indicators: number; delta: number; trend: string; owner: string | null; state: string; severity: Severity; hits: { s: number; at: Instant }[] }
export type ReportRow = { case: string; at: Instant; sector: string | null; attack: string; severity: Severity; state: string; owner: string | null; campaign: string | null; campaign_id: string | null }
export type AlertRow = { id: string; title: string; tlp: string; at: Instant; sent: number; read: number }
export type SourceRow = { id: string; name: string; at: Instant | null; silent: boolean }
export type Wall = { now: Instant; slot_ms: number; slots: number; slot_start: Instant; exercise: boolean; sectors: Sector[]; history: (number | null)[][]; campaigns: CampaignRow[]; reports: ReportRow[]; alerts: AlertRow[]; feeds: SourceRow[]; posture: PostureView | null }
export type CellCampaign = {
  campaign: CampaignRow; aliases: string[]; reports: { case: string; at: Instant; sector: string | null; attack: string; severity: Severity; title: string }[]
  indicators: { kind: string; value: string; score: number; noise: string | null; reports: number[] }[]; reasons: { from: string; to: string; at: Instant; text: string }[]; timeline: { at: Instant; lane: string; text: string }[]; truncated: boolean
}
export type CellLookup = { query: string; kind: string | null; normal: string | null; verdict: string; meaning: string; reports: number; firms: number; first: Instant | null; last: Instant | null; score: number | null; noise: string | null; campaigns: { id: string; letter: string; title: string }[]; released: boolean }
export type NoiseRow = { kind: string; value: string; why: string; seen: number }
export type NewAdvisory = { title: string; summary: string; actions: string[]; severity: Severity; tlp: string; campaign?: string }
