// A stand-in for the server, for looking at the pages while they are made. Not shipped, not tested, no security of any kind.
// node dev/fake-server.mjs member|cell [port] [--quiet] [--stall SECONDS]   (the member's port is the cell's and one)
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
const [face = 'cell', port = '5190'] = process.argv.slice(2),
  quiet = process.argv.includes('--quiet'),
  si = process.argv.indexOf('--stall'),
  stall = si > 0 ? +process.argv[si + 1] : 0
const DIST = new URL('../dist/', import.meta.url).pathname
const CSP = [
  "default-src 'none'",
  ...['script', 'style', 'img', 'font', 'connect'].map(kind => `${kind}-src 'self'`),
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
].join('; ')
const iso = t => new Date(t).toISOString(),
  ago = m => iso(Date.now() - m * 60e3)
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
  { id: 'x3', title: 'Short traffic floods: what to tell your host', tlp: 'GREEN', at: ago(171), sent: 402, read: 266 },
]
const feeds = () => [
  { id: 'p', name: 'Portal', at: ago(0.1), silent: false },
  { id: 'k', name: 'Machine keys', at: ago(0.02), silent: false },
  { id: 'i', name: 'Imports', at: ago(19), silent: true },
]
const wall = () => {
  const now = Date.now(),
    st = Math.floor(now / 3e4) * 3e4
  return {
    now: iso(now),
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
              (BASE[s] / 2) * boost(s, (120 - i) / 2) * (0.75 + 0.5 * rnd()) * (i === 119 ? (now - st) / 3e4 : 1),
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
    ? { as_of: iso(Date.now()), posture: null, advisories: [], campaigns: [], latest: [] }
    : {
        as_of: iso(Date.now()),
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
  aliases: ['e27b5b6e-1c1d-4f33-9a5e-52c0a4f1ee10'],
  truncated: false,
  reports: rep.map((r, i) => ({
    case: 'k' + i,
    at: ago(r[0]),
    sector: r[1],
    attack: ATT[i % 3],
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
const J = (r, c, d) => {
  r.writeHead(c, {
    'content-type': c < 400 ? 'application/json' : 'application/problem+json',
    'content-security-policy': CSP,
    'cache-control': 'no-store',
  })
  r.end(d === undefined ? '' : JSON.stringify(d))
}
const sess = {
  name: face === 'cell' ? 'R. Okafor' : 'P. Shah',
  organisation: face === 'cell' ? null : 'Calder Valley Power',
  role: face === 'cell' ? 'lead' : 'member',
  face,
  exercise: true,
  partnership: 'Northern Partnership',
}
const MIME = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
}
const viewers = new Set()
function stream(q, r) {
  r.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  viewers.add(r)
  q.on('close', () => viewers.delete(r))
  let id = 0
  const t0 = Date.now(),
    send = (e, d) => {
      if (!stall || Date.now() - t0 < stall * 1e3) r.write(`id: ${++id}\nevent: ${e}\ndata: ${JSON.stringify(d)}\n\n`)
    }
  send('snapshot', face === 'cell' ? wall() : home())
  let n = 0
  const acc = NAMES.map(() => 0)
  const iv = setInterval(() => {
    n++
    if (face === 'cell') {
      send('tick', {
        at: iso(Date.now()),
        c: NAMES.map((_, s) => {
          acc[s] += ((BASE[s] * boost(s, 0)) / 240) * (0.6 + 0.8 * Math.random())
          const k = Math.floor(acc[s])
          acc[s] -= k
          return k
        }),
      })
      if (!quiet && n % 56 === 0) {
        const x = {
          case: 'n' + Date.now(),
          at: iso(Date.now()),
          sector: NAMES[n % 13],
          attack: ATT[n % 7],
          severity: ['critical', 'high', 'medium', 'low'][n % 4],
          state: 'new',
          owner: null,
          campaign: null,
          campaign_id: null,
        }
        reports = [x, ...reports].slice(0, 40)
        send('report', x)
      }
    } else {
      send('beat', { at: iso(Date.now()) })
      if (!quiet && n % 20 === 0)
        send('release', { tick: iso(Date.now()), objects: [{ ...ind(n / 20, 0), id: 'live' + n }] })
    }
  }, 250)
  q.on('close', () => clearInterval(iv))
}
http
  .createServer((q, r) => {
    const u = new URL(q.url, 'http://x'),
      p = u.pathname.replace(/^\/(api|cell)\/v1/, ''),
      signed = /fake=1/.test(q.headers.cookie ?? '')
    if (u.pathname === '/face') return J(r, 200, { face, partnership: sess.partnership, exercise: true })
    if (p !== u.pathname) {
      if (p === '/session' && q.method === 'POST') {
        let b = ''
        q.on('data', d => {
          b += d
        }).on('end', () => {
          const ok = JSON.parse(b).password === 'right'
          if (ok) r.setHeader('set-cookie', 'fake=1; Path=/; HttpOnly; SameSite=Strict')
          J(r, ok ? 200 : 401, ok ? sess : { type: 'about:blank', title: 'Unauthorized', status: 401, detail: 'wrong' })
        })
        return
      }
      if (p === '/session' && q.method === 'DELETE') {
        r.setHeader('set-cookie', 'fake=; Path=/; Max-Age=0')
        return J(r, 204)
      }
      if (p === '/fake-advisory') {
        let b = ''
        q.on('data', d => {
          b += d
        }).on('end', () => {
          const a = {
            type: 'advisory',
            id: 'n' + Date.now(),
            campaign: null,
            released_at: iso(Date.now()),
            exercise: true,
            ...JSON.parse(b),
          }
          advs.unshift(a)
          for (const v of viewers)
            v.write(`event: release\ndata: ${JSON.stringify({ tick: a.released_at, objects: [a] })}\n\n`)
          J(r, 204)
        })
        return
      }
      if (!signed) return J(r, 401, { type: 'about:blank', title: 'Unauthorized', status: 401, detail: 'sign in' })
      if (p === '/session') return J(r, 200, sess)
      if (p === '/stream') return stream(q, r)
      if (p === '/advisories' && q.method === 'POST') {
        q.pipe(
          http.request({ port: +port + 1, method: 'POST', path: '/api/v1/fake-advisory' }, () =>
            J(r, 201, { id: 'x' }),
          ),
        )
        return
      }
      if (q.method !== 'GET') return J(r, 204)
      const v = u.searchParams.get('value') ?? '',
        seen = V.some(x => x[1] === v) || /203\.0/.test(v)
      if (p === '/home') return J(r, 200, home())
      if (p === '/wall') return J(r, 200, wall())
      if (p === '/advisories') return J(r, 200, { items: advs })
      if (p === '/noise')
        return J(r, 200, {
          items: [
            { kind: 'ipv4', value: '8.8.8.8', why: 'a public resolver', seen: 14 },
            { kind: 'domain', value: 'windowsupdate.example', why: 'an update host', seen: 9 },
          ].filter(x => x.value.includes(u.searchParams.get('q') ?? '')),
          next: null,
        })
      if (p === '/campaigns') return J(r, 200, face === 'cell' ? { items: camps() } : { items: mcamp, next: null })
      if (p.startsWith('/campaigns/0'))
        return J(r, 404, { type: 'about:blank', title: 'Not Found', status: 404, detail: 'no such campaign' })
      if (p.startsWith('/campaigns/'))
        return J(
          r,
          200,
          face === 'cell'
            ? ccamp()
            : {
                campaign: mcamp[0],
                indicators: V.map((_, i) => ind(i, i * 4)),
                more: false,
                timeline: [
                  { at: ago(60), text: 'first shared', indicators: 4 },
                  { at: ago(31), text: 'band 4+', indicators: 0 },
                  { at: ago(4), text: 'more indicators', indicators: 6 },
                ],
              },
        )
      if (p === '/lookup' && /[? ]/.test(v))
        return J(r, 200, {
          query: v,
          kind: null,
          normal: null,
          verdict: 'unreadable',
          meaning: 'This is not a value that we know.',
          indicator: null,
          campaign: null,
        })
      if (p === '/lookup')
        return J(
          r,
          200,
          face === 'cell'
            ? {
                query: v,
                kind: 'domain',
                normal: v,
                verdict: seen ? 'seen' : 'not-seen',
                meaning: seen
                  ? 'Reported by 4 firms.'
                  : 'Nobody has reported this. That does not mean that it is safe.',
                reports: seen ? 6 : 0,
                firms: seen ? 4 : 0,
                first: seen ? ago(62) : null,
                last: seen ? ago(2) : null,
                score: 0.8,
                noise: null,
                campaigns: seen ? [{ id: 'a1', letter: 'A', title: camps()[0]?.title }] : [],
                released: seen,
              }
            : {
                query: v,
                kind: 'domain',
                normal: v,
                verdict: seen ? 'block' : 'not-seen',
                meaning: seen
                  ? 'Two or more members were attacked with this.'
                  : 'No member has shared this. That does not mean that it is safe.',
                indicator: seen ? ind(0, 20) : null,
                campaign: seen ? mcamp[0] : null,
              },
        )
      return J(r, 404, { type: 'about:blank', title: 'Not Found', status: 404, detail: '' })
    }
    const f = path.join(
      DIST,
      u.pathname === '/wall' ? 'wall.html' : u.pathname.startsWith('/assets/') ? u.pathname : 'index.html',
    )
    if (!fs.existsSync(f)) {
      r.writeHead(404)
      return r.end()
    }
    r.writeHead(200, {
      'content-type': MIME[path.extname(f)] ?? 'text/plain',
      'content-security-policy': CSP,
      'x-content-type-options': 'nosniff',
    })
    r.end(fs.readFileSync(f))
  })
  .listen(+port, '127.0.0.1', () => console.log('http://127.0.0.1:' + port))
