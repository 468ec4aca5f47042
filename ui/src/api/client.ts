// The typed way to the server: every call a page makes is one line here; a failure is an `ApiError` that says what failed.
import createFetchClient from 'openapi-fetch'
import type { paths } from './schema'
import type { Challenge, Face, NewAdvisory, PostureWord, Session } from './types'

export const http = createFetchClient<paths>({
  baseUrl: '/',
  credentials: 'same-origin',
  fetch: r => globalThis.fetch(r),
})

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly retryAfter: number | null,
    /** What kind of problem: the last word of its type, such as `confirm`. */
    readonly kind = '',
  ) {
    super(detail || `status ${status}`)
  }
  /** Status 0: the request never reached the server. */
  get offline() {
    return this.status === 0
  }
}

export async function call<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let r: Awaited<typeof request>
  try {
    r = await request
  } catch {
    throw new ApiError(0, '', null)
  }
  if (r.response.ok) return r.data as T
  const p = r.error as { detail?: unknown; type?: unknown } | undefined,
    wait = Number(r.response.headers.get('retry-after')),
    kind = typeof p?.type === 'string' ? p.type.slice(p.type.lastIndexOf(':') + 1) : ''
  throw new ApiError(r.response.status, typeof p?.detail === 'string' ? p.detail : '', wait > 0 ? wait : null, kind)
}

export const getFace = () => call(http.GET('/face'))
export const session = (f: Face) => call(f === 'cell' ? http.GET('/cell/v1/session') : http.GET('/api/v1/session'))
/** A session, or the challenge of a second step. */
export const signIn = (f: Face, email: string, password: string): Promise<Session | Challenge> => {
  const body = { email, password }
  return call<Session | Challenge>(
    f === 'cell' ? http.POST('/cell/v1/session', { body }) : http.POST('/api/v1/session', { body }),
  )
}
/** The second step: the code of an authenticator app, or a recovery code. */
export const secondStep = (f: Face, challenge: string, code: string, recovery: boolean) => {
  const body = { challenge, code }
  if (recovery)
    return call(
      f === 'cell' ? http.POST('/cell/v1/session/recovery', { body }) : http.POST('/api/v1/session/recovery', { body }),
    )
  return call(f === 'cell' ? http.POST('/cell/v1/session/totp', { body }) : http.POST('/api/v1/session/totp', { body }))
}
export const signOut = (f: Face) =>
  call(f === 'cell' ? http.DELETE('/cell/v1/session') : http.DELETE('/api/v1/session'))

const PAGE = 50
export const member = {
  home: () => call(http.GET('/api/v1/home')),
  campaigns: (cursor?: string) => call(http.GET('/api/v1/campaigns', { params: { query: { cursor, limit: PAGE } } })),
  campaign: (id: string) => call(http.GET('/api/v1/campaigns/{id}', { params: { path: { id } } })),
  lookup: (value: string, kind?: string) => call(http.GET('/api/v1/lookup', { params: { query: { value, kind } } })),
  advisories: () => call(http.GET('/api/v1/advisories')),
  /** How many of one's own reports have something new. */
  unread: () => call(http.GET('/api/v1/reports')).then(l => l.unread ?? 0),
  read: (id: string) => call(http.POST('/api/v1/advisories/{id}/read', { params: { path: { id } } })),
}
export const cell = {
  wall: () => call(http.GET('/cell/v1/wall')),
  outside: () => call(http.GET('/cell/v1/outside')),
  campaigns: () => call(http.GET('/cell/v1/campaigns')),
  campaign: (id: string) => call(http.GET('/cell/v1/campaigns/{id}', { params: { path: { id } } })),
  name: (id: string, name: string) =>
    call(http.PUT('/cell/v1/campaigns/{id}/name', { params: { path: { id } }, body: { name } })),
  /** Says whether two cases are of one attack; the id of a campaign is that of its oldest case. */
  relate: (id: string, other: string, same: boolean, reason: string) =>
    call(
      http.POST('/cell/v1/reports/{case}/related', { params: { path: { case: id } }, body: { other, same, reason } }),
    ),
  lookup: (value: string, kind?: string) => call(http.GET('/cell/v1/lookup', { params: { query: { value, kind } } })),
  noise: (q: string, cursor?: string) =>
    call(http.GET('/cell/v1/noise', { params: { query: { q: q || undefined, cursor } } })),
  claim: (id: string) => call(http.POST('/cell/v1/reports/{case}/claim', { params: { path: { case: id } } })),
  secondees: () => call(http.GET('/cell/v1/secondees')),
  pass: (c: string, to: string) =>
    call(http.POST('/cell/v1/reports/{case}/pass', { params: { path: { case: c } }, body: { to } })),
  takeBack: (c: string, person: string) =>
    call(http.DELETE('/cell/v1/reports/{case}/pass/{person}', { params: { path: { case: c, person } } })),
  advise: (body: NewAdvisory) => call(http.POST('/cell/v1/advisories', { body })),
  posture: (word: PostureWord, text: string) => call(http.PUT('/cell/v1/posture', { body: { word, text } })),
}
