// Answers of the stand-in server about people and organisations; with `--hostile` every name tries to be more than text.
const MEMBER_RIGHTS = ['read-released', 'read-groups', 'read-advisories', 'read-directory', 'report', 'manage-own']
const CELL_RIGHTS = [
  'read-cases',
  'act-on-cases',
  'advise',
  'pass-cases',
  'judge-cases',
  'open-sources',
  'set-posture',
  'manage-members',
  'manage-cell',
  'read-audit',
  'run-system',
]
export const HOSTILE = [
  '<img src=x onerror="document.title=1"><script>document.title=2</script>',
  '<svg xmlns="http://www.w3.org/2000/svg" onload="document.title=3"><text>x</text></svg>',
  'Calder \u202egnp.exe\u202c Power',
  'L'.repeat(10_000),
]
const ID = n => `00000000-0000-4000-8000-00000000000${n}`

export function peopleAnswers(face, hostile, sess) {
  const plain = ['Calder Power', 'Wharf Water', 'Tern Logistics', 'Kit Hale']
  const name = n => (hostile ? HOSTILE : plain)[n % 4],
    day = '2026-11-20',
    later = new Date(Date.now() + 5 * 86_400_000).toISOString(),
    items = list => ({ items: list, next: null, exercise: true })
  const person = (n, role) => ({
    id: ID(n),
    name: name(n),
    email: `p${n}@calder.example`,
    role,
    disabled: n === 2,
    ...{
      home: role === 'seconded-analyst' ? name(1) : null,
      vetting: role === 'seconded-analyst' ? 'SC' : null,
    },
    ...{
      vetted_until: role === 'seconded-analyst' ? later : null,
      wall: ['energy', 'water'],
    },
  })
  const people = (
    face === 'cell' ? ['lead', 'analyst', 'seconded-analyst'] : ['organisation-admin', 'reporter', 'reader']
  ).map((role, n) => person(n, role))
  const terms = {
    version: 2,
    from_day: '2026-12-01',
    text:
      '1. What this is. Firms tell each other of attacks.\n\n2. What you may do. Keep to the marking.\n\n' + name(0),
  }
  const lists = { domains: ['calder.example'], ranges: ['192.0.2.0/24'], brands: [name(0)], software: ['Exchange'] }
  const acts = [0, 1, 2].map(n => ({
    day,
    seq: n,
    at: later,
    actor: name(n),
    what: ['person-invited', 'key-made', 'totp-added'][n],
    ...{
      target: name(n + 1),
      detail: n ? '' : 'reporter',
    },
  }))
  const organisation = n => ({
    id: ID(n),
    name: name(n),
    class: n === 2 ? 'observer' : 'member',
    sector: 'energy',
    region: 'wales',
    ...{
      size: '50-249',
      status: ['active', 'suspended', 'invited', 'dormant'][n],
      quiet: n === 3,
      people: 3,
    },
    ...{
      terms: 1,
      overdue: n === 1,
    },
  })
  const sponsorship = n => ({
    id: ID(n),
    sponsor: name(1),
    name: name(n),
    sector: 'water',
    region: null,
    size: null,
    day,
    ...{
      domain: 'wharf.example',
      contact: name(3),
      email: 'kit@wharf.example',
      why: 'We have worked with them.',
    },
    ...{ state: (face === 'cell' ? ['pending', 'approved', 'refused'] : ['pending', 'invited', 'not-now'])[n] },
    ...{
      decided_day: n ? day : null,
      reason: n === 2 ? 'Not a firm of this region.' : null,
    },
  })
  const invitation = (n, state) => ({
    id: ID(n),
    kind: 'person',
    organisation: name(n),
    role: 'reporter',
    name: name(n + 1),
    state,
    day,
    ...{
      email: 'new@calder.example',
      expires_at: later,
    },
  })
  const group = {
    id: ID(1),
    name: name(0),
    purpose: name(1),
    ends_at: later,
    who_may_add: 'members',
    may_add: true,
    ...{
      members: 3,
      joined_at: later,
      items: 0,
      more: false,
      ended: false,
      created_at: later,
    },
  }
  const groupMembers = [0, 1, 2].map(n => ({ name: name(n), organiser: !n, joined_at: later }))
  const me = {
    name: name(3),
    email: 'kit@calder.example',
    role: sess.role,
    organisation: name(0),
    enrol: false,
    ...{
      factors: {
        password: true,
        totp: false,
        passkeys: 1,
        recovery_codes: 7,
        demanded: true,
      },
      confirmed: true,
    },
  }
  const answers = {
    '/me': me,
    '/secondees': items([
      { id: ID(5), name: name(1), walled: ['Water', 'Energy'] },
      { id: ID(6), name: name(2), walled: [] },
    ]),
    '/me/passkeys': items([{ id: 'a', name: name(2), created_day: day, used_day: null }]),
    '/me/sessions': items([
      { id: 'a', created_day: day, kind: 'passkey', this: true },
      { id: 'b', created_day: day, kind: 'totp', this: false },
    ]),
    '/devices': items([
      {
        id: 'a',
        label: name(1),
        made_by: name(3),
        created_day: day,
        used_day: day,
        ends_day: '2027-11-20',
        paired: true,
      },
      {
        id: 'b',
        label: 'Lobby',
        made_by: name(3),
        created_day: day,
        used_day: null,
        ends_day: '2027-11-20',
        paired: false,
      },
    ]),
    '/keys': items([
      {
        prefix: 'fck_ab12cd',
        label: name(2),
        scopes: ['read:released', 'report'],
        created_day: day,
        ...{
          used_day: day,
          ends_at: later,
        },
      },
    ]),
    '/organisation': {
      name: name(0),
      class: 'member',
      sectors: ['energy', 'water'],
      region: 'wales',
      size: '50-249',
      ...{
        ...lists,
        read_only: null,
        proposed: false,
      },
    },
    '/people': items(people),
    '/invitations': items([invitation(0, 'open'), invitation(1, 'accepted'), invitation(2, 'expired')]),
    '/sponsorships': items([0, 1, 2].map(sponsorship)),
    '/directory': items([0, 1, 2].map(n => ({ name: name(n), sectors: ['energy'] }))),
    '/terms': face === 'cell' ? { items: [terms] } : { terms, accepted: 1, until_day: '2026-12-31', overdue: false },
    '/acts': items(acts),
    '/groups':
      face === 'cell' ? { items: [{ ...group, members: groupMembers }] } : { items: [{ ...group, members: 3 }] },
    [`/groups/${ID(1)}`]: { group, members: groupMembers },
    [`/groups/${ID(1)}/items`]: items([]),
    '/organisations': items([0, 1, 2, 3].map(organisation)),
    [`/organisations/${ID(0)}`]: { row: organisation(0), sectors: ['energy'], ...lists, sponsor: name(1), acts },
    [`/organisations/${ID(0)}/people`]: items(people),
    '/outbox': {
      waiting: 2,
      sent: 160,
      failed: 1,
      items: [
        {
          ...{
            to: 'kit@wharf.example',
            kind: 'invitation',
            state: 'failed',
            attempts: 3,
            day,
          },
          ...{
            trouble: `550 no such user ${name(0)}`,
            unsure: true,
          },
        },
      ],
    },
    '/settings': items([
      { name: 'invitation-days', value: '7' },
      { name: 'member-url', value: 'https://share.example' },
    ]),
  }
  const posts = {
    '/keys': { key: 'fck_ab12cd_0123456789abcdefghijklmnopqrstuv', made: answers['/keys'].items[0] },
    '/devices': { id: 'c', link: '/wall#pair=fcw_0123456789abcdef', code: 'fcw_0123456789abcdef' },
    '/me/recovery-codes': { codes: [...'abcdefghij'].map(c => `${c}bcd-efgh-ijkl-mnop`) },
    '/me/totp': { secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', uri: 'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP' },
    '/invitations': { link: null, organisation: null },
    '/organisations': { link: 'http://localhost:8460/join#fci_0123456789abcdef', organisation: name(0) },
    '/join/look': {
      kind: 'organisation',
      organisation: name(0),
      role: 'organisation-admin',
      email: 'kit@calder.example',
      ...{
        name: name(3),
        expires_at: later,
        terms,
        partnership: sess.partnership,
        exercise: true,
      },
    },
    '/join': { ticket: 'fce_x' },
  }
  return {
    session: {
      ...sess,
      rights: face === 'cell' ? CELL_RIGHTS : MEMBER_RIGHTS,
      enrol: false,
      wall: false,
      ...{
        role: face === 'cell' ? 'lead' : 'organisation-admin',
        name: name(3),
      },
      organisation: face === 'cell' ? null : name(0),
    },
    answer: (method, path) => (method === 'GET' ? answers : method === 'POST' ? posts : {})[path],
    id: ID,
  }
}
