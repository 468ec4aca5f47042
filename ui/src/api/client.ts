// The typed way to the server: every call a page makes is one line here; a failure is an `ApiError` that says what failed.
import createFetchClient from 'openapi-fetch'
import { prefixOf } from '../lib/prefix'
import type { CampaignPage, CampaignRow, CampaignView, CellCampaign, CellLookup, AdvisoryView, Face, FaceView, Home, IndicatorView, Lookup, NewAdvisory, NoiseRow, PostureWord, Session, Wall } from './types'

// eslint-disable-next-line @typescript-eslint/no-explicit-any
const http = createFetchClient<any>({ baseUrl: '/', credentials: 'same-origin', fetch: r => globalThis.fetch(r) }) as any

export class ApiError extends Error {
  constructor(readonly status: number, readonly detail: string, readonly retryAfter: number | null) { super(detail || `status ${status}`) }
  /** Status 0: the request never reached the server. */
  get offline() { return this.status === 0 }
}

async function call<T>(request: Promise<{ data?: unknown; error?: unknown; response: Response }>): Promise<T> {
  let r: Awaited<typeof request>
  try { r = await request } catch { throw new ApiError(0, '', null) }
  if (r.response.ok) return r.data as T
  const p = r.error as { detail?: unknown } | undefined, wait = Number(r.response.headers.get('retry-after'))
  throw new ApiError(r.response.status, typeof p?.detail === 'string' ? p.detail : '', wait > 0 ? wait : null)
}

export const getFace = () => call<FaceView>(http.GET('/face'))
export const session = (f: Face) => call<Session>(http.GET(`${prefixOf(f)}/session`))
export const signIn = (f: Face, email: string, password: string) => call<Session>(http.POST(`${prefixOf(f)}/session`, { body: { email, password } }))
export const signOut = (f: Face) => call<void>(http.DELETE(`${prefixOf(f)}/session`))

export const member = {
  home: () => call<Home>(http.GET('/api/v1/home')),
  campaigns: (cursor?: string) => call<{ items: CampaignView[]; next: string | null }>(http.GET('/api/v1/campaigns', { params: { query: { cursor, limit: 50 } } })),
  indicators: (cursor?: string) => call<{ items: IndicatorView[]; next: string | null }>(http.GET('/api/v1/indicators', { params: { query: { cursor, limit: 50 } } })),
  campaign: (id: string) => call<CampaignPage>(http.GET('/api/v1/campaigns/{id}', { params: { path: { id } } })),
  lookup: (value: string) => call<Lookup>(http.GET('/api/v1/lookup', { params: { query: { value } } })),
  advisories: () => call<{ items: AdvisoryView[] }>(http.GET('/api/v1/advisories')),
  read: (id: string) => call<void>(http.POST('/api/v1/advisories/{id}/read', { params: { path: { id } } })),
}
export const cell = {
  wall: () => call<Wall>(http.GET('/cell/v1/wall')),
  campaigns: () => call<{ items: CampaignRow[] }>(http.GET('/cell/v1/campaigns')),
  campaign: (id: string) => call<CellCampaign>(http.GET('/cell/v1/campaigns/{id}', { params: { path: { id } } })),
  lookup: (value: string) => call<CellLookup>(http.GET('/cell/v1/lookup', { params: { query: { value } } })),
  noise: (q: string, cursor?: string) => call<{ items: NoiseRow[]; next: string | null }>(http.GET('/cell/v1/noise', { params: { query: { q, cursor } } })),
  claim: (id: string) => call<void>(http.POST('/cell/v1/reports/{case}/claim', { params: { path: { case: id } } })),
  advise: (a: NewAdvisory) => call<unknown>(http.POST('/cell/v1/advisories', { body: a })),
  posture: (word: PostureWord, text: string) => call<void>(http.PUT('/cell/v1/posture', { body: { word, text } })),
}
