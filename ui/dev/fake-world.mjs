// What the stand-in server shows: made-up sectors, campaigns, reports and advisories.
export function world(face, quiet, skew) {
  const now = () => Date.now() + skew * 1e3,
    iso = t => new Date(t).toISOString(),
    ago = m => iso(now() - m * 60e3)
  let seed = 7
  const rnd = () => (seed = (seed * 1664525 + 1013904223) >>> 0) / 4294967296
  const NAMES = [
      'Chemicals',
      'Civil nuclear',
      'Communications',
      'Defence',
      'Emergency services',
      'Energy',
      'Finance',
      'Food',
      'Government',
      'Health',
      'Space',
      'Transport',
      'Water',
    ],
    BASE = [12, 6, 20, 12, 14, 18, 34, 17, 28, 26, 5, 14, 9]
  const boost = (s, m) =>
    quiet
      ? 1
      : s === 6 && m < 52 && m > 34
        ? 1 + 2.2 * Math.sin(((52 - m) / 18) * Math.PI)
        : s === 5 && m < 31
          ? 1 + 2.1 * Math.min(1, (31 - m) / 8)
          : s === 12 && m < 22
            ? 1 + 3.4 * Math.min(1, (22 - m) / 9)
            : s === 11 && m < 11
              ? 1 + 1.6 * Math.min(1, (11 - m) / 6)
              : s === 3 && m < 9
                ? 1.75
                : 1
  const ATT = ['Phishing', 'Stolen login', 'Break-in', 'Ransomware', 'Supplier breach', 'Malware', 'Flooding (DDoS)']
  const camps = () =>
    quiet
      ? []
      : [
          {
            id: 'a1',
            letter: 'A',
            title: 'Fake e-signature emails stealing Microsoft 365 logins',
            firms: 7,
            sectors: ['Energy', 'Water', 'Transport'],
            indicators: 23,
            delta: 3,
            trend: 'spreading',
            owner: 'R. Okafor',
            state: 'Alert sent',
            severity: 'critical',
            hits: [
              { s: 5, at: ago(30.5) },
              { s: 12, at: ago(21.6) },
              { s: 11, at: ago(10.4) },
            ],
          },
          {
            id: 'b1',
            letter: 'B',
            title: 'VPN gateway break-ins, then remote-control tool installed',
            firms: 4,
            sectors: ['Chemicals', 'Defence'],
            indicators: 11,
            delta: 1,
            trend: 'spreading',
            owner: null,
            state: 'new',
            severity: 'high',
            hits: [
              { s: 0, at: ago(26) },
              { s: 3, at: ago(8.6) },
            ],
          },
          {
            id: 'c1',
            letter: 'C',
            title: 'Short traffic floods against customer log-in pages',
            firms: 5,
            sectors: ['Finance'],
            indicators: 9,
            delta: 0,
            trend: 'cooling',
            owner: 'J. Marsh',
            state: 'Watching',
            severity: 'medium',
            hits: [{ s: 6, at: ago(51) }],
          },
        ]
  let reports = quiet
    ? []
    : [
        [0.5, 'Transport', 2, 'critical', null, 'A', 'a1'],
        [2.1, 'Energy', 1, 'critical', null, 'A', 'a1'],
        [3.6, 'Defence', 2, 'high', null, 'B', 'b1'],
        [6.4, 'Water', 0, 'high', 'R. Okafor', 'A', 'a1'],
        [9.2, null, 4, 'medium', 'S. Iyer', null, null],
        [12.8, 'Health', 3, 'high', 'J. Marsh', null, null],
        [17, 'Food', 0, 'low', 'S. Iyer', null, null],
      ].map((r, i) => ({
        case: 'case' + i,
        at: ago(r[0]),
        sector: r[1],
        attack: ATT[r[2]],
        severity: r[3],
        state: r[4] ? 'claimed' : 'new',
        owner: r[4],
        passed_to: i === 1 ? ['Noor Vale'] : [],
        campaign: r[5],
        campaign_id: r[6],
      }))
  const alerts = () => [
    {
      id: 'x1',
      title: 'Block these 23 addresses: fake e-signature emails',
      tlp: 'AMBER',
      at: ago(34),
      sent: 148,
      read: 121,
    },
    { id: 'x2', title: 'Patch VPN gateways before tonight', tlp: 'AMBER+STRICT', at: ago(96), sent: 61, read: 58 },
    {
      id: 'x3',
      title: 'Short traffic floods: what to tell your host',
      tlp: 'GREEN',
      at: ago(171),
      sent: 402,
      read: 266,
    },
  ]
  const feeds = () => [
    { id: 'p', name: 'Portal', at: ago(0.1), silent: false },
    { id: 'k', name: 'Machine keys', at: ago(0.02), silent: false },
    { id: 'i', name: 'Imports', at: ago(19), silent: true },
  ]
  const wall = () => {
    const at = now(),
      st = Math.floor(at / 3e4) * 3e4
    return {
      now: iso(at),
      slot_ms: 30000,
      slots: 120,
      slot_start: iso(st),
      exercise: true,
      sectors: NAMES.map((name, i) => ({ id: name.toLowerCase(), name, normal: name === 'Space' ? null : BASE[i] })),
      history: NAMES.map((_, s) =>
        Array.from({ length: 120 }, (_, i) =>
          i < 4
            ? null
            : Math.round(
                (BASE[s] / 2) * boost(s, (120 - i) / 2) * (0.75 + 0.5 * rnd()) * (i === 119 ? (at - st) / 3e4 : 1),
              ),
        ),
      ),
      campaigns: camps(),
      reports,
      alerts: alerts(),
      feeds: feeds(),
      posture: null,
    }
  }
  const V = [
    ['domain', 'sign-docs.example'],
    ['ipv4', '203.0.113.44'],
    ['url', 'https://m365-verify.example/session/verify.php'],
    ['email', 'billing@sign-docs.example'],
    ['sha256', '9f2c4a7be41ac7d07be2c6b2a8f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00010203'],
    ['domain', 'esign-portal.example'],
    ['ipv4', '198.51.100.23'],
    ['cve', 'CVE-2025-12345'],
  ]
  const ind = (i, m) => ({
    type: 'indicator',
    id: 'i' + i + m,
    kind: V[i % 8][0],
    value: V[i % 8][1] + (i > 7 && i % 8 !== 4 ? '' : ''),
    tlp: ['AMBER', 'GREEN', 'CLEAR'][i % 3],
    pap: 'AMBER',
    released_at: ago(m),
    watch_until: ago(-9999),
    block: i % 3 === 0,
    campaign: 'a1',
    attributed_to: 'Northern Partnership',
    common: null,
  })
  const mcamp = [
    ['a1', 'Phishing: sign-docs.example and 17 more', '4+', ['Energy', 'Water'], 23],
    ['b1', 'Break-in: 198.51.100.200 and remote-control tools', null, [], 11],
    ['c1', 'Flooding (DDoS) of log-in pages', '10+', ['Finance'], 9],
  ].map((c, i) => ({
    type: 'campaign',
    id: c[0],
    title: c[1],
    released_at: ago(60),
    updated_at: ago(2 + 9 * i),
    band: c[2],
    sectors: c[3],
    regions: i ? [] : ['Wales'],
    tlp: 'AMBER',
    attack: 'Phishing',
    techniques: ['T1566.002', 'T1557'],
    indicators: c[4],
    exercise: true,
  }))
  const advs = [
    {
      type: 'advisory',
      id: 'x1',
      title: 'Fake e-signature emails are stealing Microsoft 365 logins',
      summary:
        'Staff accounts were taken over after opening an email that looks like a document waiting for signature. ' +
        'The attacker then reads mail and sends invoices from the real account.',
      actions: [
        'Tell staff today: do not sign in from an email asking for a signature.',
        'Ask your IT provider to block the 23 addresses in the campaign.',
        'Check sign-ins from outside the UK since 9 am and reset those passwords.',
      ],
      severity: 'critical',
      tlp: 'AMBER',
      released_at: ago(34),
      campaign: 'a1',
      exercise: true,
    },
    {
      type: 'advisory',
      id: 'x2',
      title: 'Patch VPN gateways before tonight',
      summary: 'An old fault in a common VPN gateway is being used to get in. Members who patched are safe.',
      actions: ['Install the maker’s latest firmware.', 'If you cannot, turn remote access off until you can.'],
      severity: 'high',
      tlp: 'AMBER+STRICT',
      released_at: ago(96),
      campaign: null,
      exercise: true,
    },
  ]
  const posture = {
    type: 'posture',
    word: 'raised',
    text: 'Fake e-signature emails at several members',
    released_at: ago(30),
  }
  const home = () =>
    quiet
      ? { as_of: iso(now()), posture: null, advisories: [], campaigns: [], latest: [] }
      : {
          as_of: iso(now()),
          posture,
          advisories: advs,
          campaigns: mcamp,
          latest: Array.from({ length: 14 }, (_, i) => ind(i, i * 1.3 + 0.2)),
        }
  const rep = [
    [63, 'Energy'],
    [51, 'Energy'],
    [44, 'Energy'],
    [31, 'Energy'],
    [22, 'Water'],
    [15, 'Water'],
    [10, 'Transport'],
    [4, null],
  ]
  const ccamp = () => ({
    campaign: camps()[0],
    name: { text: 'Silver Heron', by: 'Kit Ames', at: ago(30) },
    aliases: ['e27b5b6e-1c1d-4f33-9a5e-52c0a4f1ee10'],
    words: [
      {
        at: ago(29),
        by: 'Kit Ames',
        one: 'k4',
        other: 'k0',
        same: false,
        reason: 'another lure, another mail server',
        overruled: true,
      },
      {
        at: ago(20),
        by: 'Ada Shaw',
        one: 'k4',
        other: 'k0',
        same: true,
        reason: 'the kit is the same',
        overruled: false,
      },
    ],
    history: [
      {
        at: ago(28),
        what: 'parted',
        other: 'e27b5b6e-1c1d-4f33-9a5e-52c0a4f1ee10',
        number: 3,
        case: null,
        by: 'Kit Ames',
      },
      {
        at: ago(20),
        what: 'merged',
        other: 'e27b5b6e-1c1d-4f33-9a5e-52c0a4f1ee10',
        number: 3,
        case: null,
        by: 'Ada Shaw',
      },
    ],
    truncated: false,
    reports: rep.map((r, i) => ({
      case: 'k' + i,
      at: ago(r[0]),
      sector: r[1],
      attack: ATT[i % 3],
      passed_to: [],
      severity: 'high',
      title: 'Account taken over',
    })),
    indicators: [
      ...V.map((v, i) => ({
        kind: v[0],
        value: v[1],
        score: 0.8,
        noise: i === 7 ? 'in many unrelated attacks' : null,
        reports: rep.map((_, j) => j).filter(j => j >= i % 4 && (j + i) % (i + 1 > 5 ? 6 : 2) === 0),
      })),
      ...[63, 64, 65, 66, 67, 68, 69].map((n, i) => ({
        kind: 'ipv4',
        value: '203.0.113.' + n,
        score: 0.4,
        noise: null,
        reports: [i],
      })),
    ],
    reasons: rep.slice(1).map((r, i) => ({
      from: 'k' + (i + 1),
      to: 'k' + Math.max(0, i - 1),
      at: ago(r[0]),
      text: `both name ${V[i][1]}`,
    })),
    timeline: rep.map(r => ({ at: ago(r[0]), lane: r[1] ?? 'Sector not shown', text: 'Report received' })),
  })
  const sess = {
    name: face === 'cell' ? 'R. Okafor' : 'P. Shah',
    organisation: face === 'cell' ? null : 'Calder Valley Power',
    role: face === 'cell' ? 'lead' : 'member',
    face,
    exercise: true,
    partnership: 'Northern Partnership',
  }

  return { ATT, BASE, NAMES, V, advs, ago, boost, camps, ccamp, home, ind, iso, mcamp, now, reports, sess, wall }
}
