// A stand-in for the server: for looking at the pages while they are made, and for what no real server can be asked to do in a journey
// (a quiet hour, a wrong clock, a flood). Not shipped, no security of any kind.
// node dev/fake-server.mjs member|cell [port] [--quiet] [--stall SECONDS] [--skew SECONDS] [--flood EVENTS_PER_S]
// The member's port is the cell's and one; port 0 takes a free one. `--no-exercise` leaves the mark out.
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { peopleAnswers } from './fake-people.mjs'
import { reportAnswer } from './fake-reports.mjs'
import { world } from './fake-world.mjs'
const [face = 'cell', port = '5190'] = process.argv.slice(2),
  quiet = process.argv.includes('--quiet'),
  option = name => +(process.argv[process.argv.indexOf(name) + 1 || Infinity] ?? 0),
  stall = option('--stall'),
  flood = option('--flood'),
  exercise = !process.argv.includes('--no-exercise')
const w = world(face, quiet, option('--skew')),
  { ATT, BASE, NAMES, V, advs, ago, boost, camps, ccamp, home, ind, iso, mcamp, now, sess, wall } = w
const people = peopleAnswers(face, process.argv.includes('--hostile'), sess)
const DIST = new URL('../dist/', import.meta.url).pathname
const CSP = [
  "default-src 'none'",
  ...['script', 'style', 'img', 'font', 'connect'].map(kind => `${kind}-src 'self'`),
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
].join('; ')
const J = (r, c, d) => {
  r.writeHead(c, {
    'content-type': c < 400 ? 'application/json' : 'application/problem+json',
    'content-security-policy': CSP,
    'cache-control': 'no-store',
  })
  r.end(d === undefined ? '' : JSON.stringify(d))
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
        at: iso(now()),
        c: NAMES.map((_, s) => {
          acc[s] += ((BASE[s] * boost(s, 0)) / 240) * (0.6 + 0.8 * Math.random())
          const k = Math.floor(acc[s])
          acc[s] -= k
          return k
        }),
      })
      // a flood comes as frames of its own, not summed up: the worst that a wall can be sent
      for (let k = 0; k < (flood ? flood / 4 : !quiet && n % 56 === 0 ? 1 : 0); k++) {
        const x = {
          case: `n${now()}-${k}`,
          passed_to: [],
          at: iso(now()),
          sector: NAMES[(n + k) % 13],
          attack: ATT[n % 7],
          severity: ['critical', 'high', 'medium', 'low'][n % 4],
          state: 'new',
          owner: null,
          campaign: null,
          campaign_id: null,
        }
        w.reports.unshift(x)
        w.reports.length = Math.min(40, w.reports.length)
        send('report', x)
      }
    } else {
      send('beat', { at: iso(now()) })
      if (!quiet && n % 20 === 0)
        send('release', { tick: iso(now()), objects: [{ ...ind(n / 20, 0), id: 'live' + n }] })
    }
  }, 250)
  q.on('close', () => clearInterval(iv))
}
http
  .createServer((q, r) => {
    const u = new URL(q.url, 'http://x'),
      p = u.pathname.replace(/^\/(api|cell)\/v1/, ''),
      signed = /fake=1/.test(q.headers.cookie ?? '')
    if (u.pathname === '/face')
      return J(r, 200, { face, partnership: sess.partnership, exercise, phone: '0300 555 0100' })
    if (p !== u.pathname) {
      if (p === '/session' && q.method === 'POST') {
        let b = ''
        q.on('data', d => {
          b += d
        }).on('end', () => {
          const ok = JSON.parse(b).password === 'right'
          if (ok) r.setHeader('set-cookie', 'fake=1; Path=/; HttpOnly; SameSite=Strict')
          J(
            r,
            ok ? 200 : 401,
            ok ? people.session : { type: 'about:blank', title: 'Unauthorized', status: 401, detail: 'wrong' },
          )
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
            released_at: iso(now()),
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
      if (p === '/join/session') {
        r.setHeader('set-cookie', 'fake=1; Path=/; HttpOnly; SameSite=Strict')
        return J(r, 200, people.session)
      }
      if (p.startsWith('/join')) return J(r, 200, people.answer('POST', p))
      if (!signed) return J(r, 401, { type: 'about:blank', title: 'Unauthorized', status: 401, detail: 'sign in' })
      if (p === '/session') return J(r, 200, people.session)
      if (p === '/stream') return stream(q, r)
      if (p === '/advisories' && q.method === 'POST') {
        q.pipe(
          http.request({ port: +port + 1, method: 'POST', path: '/api/v1/fake-advisory' }, () =>
            J(r, 201, { id: 'x' }),
          ),
        )
        return
      }
      const told = reportAnswer(face, q.method, p) ?? people.answer(q.method, p)
      if (told) return J(r, q.method === 'POST' ? 201 : 200, told)
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
  .listen(+port, '127.0.0.1', function () {
    console.log('http://127.0.0.1:' + this.address().port)
  })
