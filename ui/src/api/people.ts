// Calls about people and organisations: one's own way in, joining, members, groups. Pages that need them load them.
import { call, http } from './client'
import type {
  Face,
  NewCellInvitation,
  NewJoin,
  NewKey,
  NewOrganisation,
  NewOrganisationEdit,
  NewOwnOrganisation,
  NewPersonInvitation,
  NewPersonState,
  NewSharingGroup,
  NewSponsorship,
} from './types'

type Credential = Record<string, never>
const id = (value: string) => ({ params: { path: { id: value } } })
const at = (cursor?: string) => ({ params: { query: { cursor } } })

/** What both listeners have alike. */
export const own = (f: Face) => {
  const c = f === 'cell'
  return {
    passkeyStart: () =>
      call(c ? http.POST('/cell/v1/session/passkey/start') : http.POST('/api/v1/session/passkey/start')),
    passkeyFinish: (ceremony: string, credential: unknown) => {
      const body = { ceremony, credential: credential as Credential }
      return call(
        c
          ? http.POST('/cell/v1/session/passkey/finish', { body })
          : http.POST('/api/v1/session/passkey/finish', { body }),
      )
    },
    look: (token: string) => {
      const body = { token }
      return call(c ? http.POST('/cell/v1/join/look', { body }) : http.POST('/api/v1/join/look', { body }))
    },
    join: (body: NewJoin) => call(c ? http.POST('/cell/v1/join', { body }) : http.POST('/api/v1/join', { body })),
    joinSession: (ticket: string) => {
      const body = { ticket }
      return call(c ? http.POST('/cell/v1/join/session', { body }) : http.POST('/api/v1/join/session', { body }))
    },
    me: () => call(c ? http.GET('/cell/v1/me') : http.GET('/api/v1/me')),
    confirm: (password: string, code?: string, recovery?: boolean) => {
      const body = { password, ...(code ? (recovery ? { recovery_code: code } : { code }) : {}) }
      return call(c ? http.POST('/cell/v1/me/confirm', { body }) : http.POST('/api/v1/me/confirm', { body }))
    },
    confirmPasskeyStart: () =>
      call(c ? http.POST('/cell/v1/me/confirm/passkey/start') : http.POST('/api/v1/me/confirm/passkey/start')),
    confirmPasskeyFinish: (ceremony: string, credential: unknown) => {
      const body = { ceremony, credential: credential as Credential }
      return call(
        c
          ? http.POST('/cell/v1/me/confirm/passkey/finish', { body })
          : http.POST('/api/v1/me/confirm/passkey/finish', { body }),
      )
    },
    notices: (mail: boolean) => call(http.PUT('/api/v1/me/notices', { body: { mail } })),
    password: (password: string) => {
      const body = { password }
      return call(c ? http.PUT('/cell/v1/me/password', { body }) : http.PUT('/api/v1/me/password', { body }))
    },
    passkeys: () => call(c ? http.GET('/cell/v1/me/passkeys') : http.GET('/api/v1/me/passkeys')),
    passkeyBegin: () => call(c ? http.POST('/cell/v1/me/passkeys/start') : http.POST('/api/v1/me/passkeys/start')),
    passkeyAdd: (ceremony: string, name: string, credential: unknown) => {
      const body = { ceremony, name, credential: credential as Credential }
      return call(c ? http.POST('/cell/v1/me/passkeys', { body }) : http.POST('/api/v1/me/passkeys', { body }))
    },
    passkeyRemove: (x: string) =>
      call(c ? http.DELETE('/cell/v1/me/passkeys/{id}', id(x)) : http.DELETE('/api/v1/me/passkeys/{id}', id(x))),
    totpBegin: () => call(c ? http.POST('/cell/v1/me/totp') : http.POST('/api/v1/me/totp')),
    totpConfirm: (code: string) => {
      const body = { code }
      return call(c ? http.POST('/cell/v1/me/totp/confirm', { body }) : http.POST('/api/v1/me/totp/confirm', { body }))
    },
    totpRemove: () => call(c ? http.DELETE('/cell/v1/me/totp') : http.DELETE('/api/v1/me/totp')),
    recoveryCodes: () => call(c ? http.POST('/cell/v1/me/recovery-codes') : http.POST('/api/v1/me/recovery-codes')),
    sessions: () => call(c ? http.GET('/cell/v1/me/sessions') : http.GET('/api/v1/me/sessions')),
    sessionsEnd: () => call(c ? http.DELETE('/cell/v1/me/sessions') : http.DELETE('/api/v1/me/sessions')),
    sessionEnd: (x: string) =>
      call(c ? http.DELETE('/cell/v1/me/sessions/{id}', id(x)) : http.DELETE('/api/v1/me/sessions/{id}', id(x))),
    devices: () => call(c ? http.GET('/cell/v1/devices') : http.GET('/api/v1/devices')),
    deviceMake: (label: string) => {
      const body = { label }
      return call(c ? http.POST('/cell/v1/devices', { body }) : http.POST('/api/v1/devices', { body }))
    },
    deviceRevoke: (x: string) =>
      call(c ? http.DELETE('/cell/v1/devices/{id}', id(x)) : http.DELETE('/api/v1/devices/{id}', id(x))),
  }
}

export const firm = {
  organisation: () => call(http.GET('/api/v1/organisation')),
  edit: (body: NewOwnOrganisation) => call(http.PUT('/api/v1/organisation', { body })),
  directory: (q: string, cursor?: string) =>
    call(http.GET('/api/v1/directory', { params: { query: { q: q || undefined, cursor } } })),
  people: (cursor?: string) => call(http.GET('/api/v1/people', at(cursor))),
  person: (x: string, body: NewPersonState) => call(http.PUT('/api/v1/people/{id}', { ...id(x), body })),
  personClose: (x: string) => call(http.DELETE('/api/v1/people/{id}', id(x))),
  invitations: (cursor?: string) => call(http.GET('/api/v1/invitations', at(cursor))),
  invite: (body: NewPersonInvitation) => call(http.POST('/api/v1/invitations', { body })),
  resend: (x: string) => call(http.POST('/api/v1/invitations/{id}/resend', id(x))),
  withdraw: (x: string) => call(http.DELETE('/api/v1/invitations/{id}', id(x))),
  sponsorships: (cursor?: string) => call(http.GET('/api/v1/sponsorships', at(cursor))),
  propose: (body: NewSponsorship) => call(http.POST('/api/v1/sponsorships', { body })),
  sponsorshipWithdraw: (x: string) => call(http.DELETE('/api/v1/sponsorships/{id}', id(x))),
  terms: () => call(http.GET('/api/v1/terms')),
  accept: (version: number) => call(http.POST('/api/v1/terms/accept', { body: { version } })),
  acts: () => call(http.GET('/api/v1/acts')),
  keys: () => call(http.GET('/api/v1/keys')),
  keyMake: (body: NewKey) => call(http.POST('/api/v1/keys', { body })),
  keyRevoke: (prefix: string) => call(http.DELETE('/api/v1/keys/{prefix}', { params: { path: { prefix } } })),
  groups: () => call(http.GET('/api/v1/groups')),
  group: (x: string) => call(http.GET('/api/v1/groups/{id}', id(x))),
  groupItems: (x: string, cursor?: string) =>
    call(http.GET('/api/v1/groups/{id}/items', { params: { path: { id: x }, query: { cursor } } })),
  groupAdd: (x: string, organisation: string) =>
    call(http.POST('/api/v1/groups/{id}/members', { ...id(x), body: { organisation } })),
}

export const office = {
  organisations: (q: string, status: string, cursor?: string) =>
    call(
      http.GET('/cell/v1/organisations', {
        params: { query: { q: q || undefined, status: status || undefined, cursor } },
      }),
    ),
  invite: (body: NewOrganisation) => call(http.POST('/cell/v1/organisations', { body })),
  organisation: (x: string) => call(http.GET('/cell/v1/organisations/{id}', id(x))),
  edit: (x: string, body: NewOrganisationEdit) => call(http.PUT('/cell/v1/organisations/{id}', { ...id(x), body })),
  status: (x: string, status: string) =>
    call(http.PUT('/cell/v1/organisations/{id}/status', { ...id(x), body: { status } })),
  recovery: (x: string, body: { person?: string; name?: string; email?: string }) =>
    call(http.POST('/cell/v1/organisations/{id}/recovery', { ...id(x), body })),
  recoveryDrop: (x: string) => call(http.DELETE('/cell/v1/organisations/{id}/recovery', id(x))),
  organisationPeople: (x: string, cursor?: string) =>
    call(http.GET('/cell/v1/organisations/{id}/people', { params: { path: { id: x }, query: { cursor } } })),
  people: (cursor?: string) => call(http.GET('/cell/v1/people', at(cursor))),
  person: (x: string, body: NewPersonState) => call(http.PUT('/cell/v1/people/{id}', { ...id(x), body })),
  personClose: (x: string) => call(http.DELETE('/cell/v1/people/{id}', id(x))),
  invitations: (cursor?: string) => call(http.GET('/cell/v1/invitations', at(cursor))),
  inviteToCell: (body: NewCellInvitation) => call(http.POST('/cell/v1/invitations', { body })),
  resend: (x: string) => call(http.POST('/cell/v1/invitations/{id}/resend', id(x))),
  withdraw: (x: string) => call(http.DELETE('/cell/v1/invitations/{id}', id(x))),
  sponsorships: (cursor?: string) => call(http.GET('/cell/v1/sponsorships', at(cursor))),
  approve: (x: string) => call(http.POST('/cell/v1/sponsorships/{id}/approve', id(x))),
  refuse: (x: string, reason: string) =>
    call(http.POST('/cell/v1/sponsorships/{id}/refuse', { ...id(x), body: { reason } })),
  terms: () => call(http.GET('/cell/v1/terms')),
  publish: (text: string, from_day: string) => call(http.POST('/cell/v1/terms', { body: { text, from_day } })),
  acts: (cursor?: string) => call(http.GET('/cell/v1/acts', at(cursor))),
  outbox: () => call(http.GET('/cell/v1/outbox')),
  settings: () => call(http.GET('/cell/v1/settings')),
  set: (name: string, value: string) => call(http.PUT('/cell/v1/settings/{id}', { ...id(name), body: { value } })),
  groups: () => call(http.GET('/cell/v1/groups')),
  groupMake: (body: NewSharingGroup) => call(http.POST('/cell/v1/groups', { body })),
  groupEnd: (x: string, ends_at: string | null) =>
    call(http.PUT('/cell/v1/groups/{id}/end', { ...id(x), body: { ends_at } })),
  groupJoin: (x: string, organisation: string, organiser: boolean) =>
    call(http.POST('/cell/v1/groups/{id}/members', { ...id(x), body: { organisation, organiser } })),
  groupLeave: (x: string, organisation: string) =>
    call(http.POST('/cell/v1/groups/{id}/leave', { ...id(x), body: { organisation, organiser: false } })),
}
