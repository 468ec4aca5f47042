// Calls about who reported a case: leads' keys, and what two of them open together.
import { call, http } from './client'

export const sources = {
  all: () => call(http.GET('/cell/v1/sources')),
  enrol: (key: string) => call(http.PUT('/cell/v1/sources/key', { body: { public: key } })),
  remove: () => call(http.DELETE('/cell/v1/sources/key')),
  /** Says that a lead's key is theirs, by the fingerprint that they read out. */
  confirm: (person: string, fingerprint: string) =>
    call(http.PUT('/cell/v1/sources/keys/{person}/confirmed', { params: { path: { person } }, body: { fingerprint } })),
  ask: (id: string, reason: string) =>
    call(http.POST('/cell/v1/reports/{case}/opening', { params: { path: { case: id } }, body: { reason } })),
  give: (id: string, opening: string, share: string) =>
    call(
      http.POST('/cell/v1/reports/{case}/opening/shares', {
        params: { path: { case: id } },
        body: { opening, share },
      }),
    ),
}
