// What every journey uses: one browser, counted checks, and a watch for policy reports, outside requests and console errors.
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import net from 'node:net'
import { chromium } from 'playwright-core'
import { PLANTS, plantIn } from './plants.mjs'

// Where and who: a file that `fusioncell demo --sign-ins FILE` writes, or the environment.
const USAGE =
  'Set SIGN_INS=FILE (from `fusioncell demo --sign-ins FILE`), or MEMBER_URL, CELL_URL and ' +
  'CREDENTIALS={"member":{"email":"…","password":"…"},"analyst":{…},"lead":{…}}'
function world() {
  if (process.env.SIGN_INS) {
    const w = JSON.parse(readFileSync(process.env.SIGN_INS, 'utf8'))
    return { member: new URL(w.member.url).origin, cell: new URL((w.lead ?? w.analyst).url).origin, who: w }
  }
  const { MEMBER_URL, CELL_URL, CREDENTIALS } = process.env
  if (!MEMBER_URL || !CELL_URL || !CREDENTIALS) {
    console.error(USAGE)
    process.exit(2)
  }
  return { member: new URL(MEMBER_URL).origin, cell: new URL(CELL_URL).origin, who: JSON.parse(CREDENTIALS) }
}
export const { member: MEMBER, cell: CELL, who: WHO } = world()
export const PLANT = process.env.PLANT ?? ''
if (PLANT && !PLANTS[PLANT]) {
  console.error(`no fault is called ${PLANT}; there are ${Object.keys(PLANTS).join(', ')}`)
  process.exit(2)
}
/** What a run with a planted fault ends with when the check meant for it caught it. */
const CAUGHT = 3
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP cell.localhost 127.0.0.1',
]

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })

let passed = 0,
  failed = 0
export async function check(name, run) {
  const t = Date.now(),
    meant = PLANT && name === PLANTS[PLANT].check
  let problem
  try {
    await run()
    passed++
    console.log(`ok    ${name} (${Date.now() - t} ms)`)
  } catch (e) {
    problem = String(e?.message ?? e)
    failed++
    console.log(`FAIL  ${name}\n      ${problem.split('\n').slice(0, 6).join('\n      ')}`)
  }
  // A planted fault proves one check: that check must fail, and say why; anything else is an accident.
  if (meant && problem && PLANTS[PLANT].says.test(problem)) {
    console.log(`caught by: ${name}`)
    process.exit(CAUGHT)
  }
  if (PLANT && (meant || problem)) process.exit(problem ? 1 : 0)
}
export function close() {
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed ? 1 : 0
}
export function expect(ok, what) {
  if (!ok) throw new Error(what)
}

// a 401 to "who am I?" before signing in is an answer, not an error, but Chromium writes it to the console
const quiet = s => !/status of 401/.test(s)

/** Watches a page for what it should never do; what is seen goes to `seen`. */
async function watch(page, seen, also) {
  await page.exposeFunction('policyReport', s => seen.push(`policy report: ${s}`))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', e =>
      window.policyReport(`${e.violatedDirective} ${e.blockedURI}`),
    )
  })
  page.on('pageerror', e => seen.push(`error on the page: ${e.message}`))
  page.on('console', m => {
    if (m.type() === 'error' || /Content Security Policy|Trusted/i.test(m.text())) seen.push(`console: ${m.text()}`)
  })
  page.on('request', r => {
    const u = new URL(r.url())
    if (!['data:', 'blob:'].includes(u.protocol) && ![MEMBER, CELL, ...also].includes(u.origin))
      seen.push(`outside request: ${r.url()}`)
  })
}

/** A browser of its own whose pages are all watched. `faults()` empties what was seen so far. */
export async function watched(browser, options = {}, also = []) {
  const ctx = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      bypassCSP: PLANT === 'outside',
      ...options,
    }),
    page = await ctx.newPage(),
    seen = []
  await watch(page, seen, also)
  if (PLANT) await plantIn(PLANT, ctx, page)
  return {
    ctx,
    page,
    faults: () => seen.splice(0).filter(quiet),
    close: () => ctx.close(),
    /** Another page of the same browser, watched too. */
    another: async () => {
      const p = await ctx.newPage()
      await watch(p, seen, also)
      return p
    },
  }
}
/** Fails if a watched browser saw anything; `except` are faults that the journey itself provoked. */
export function clean(w, except = /^$/) {
  const f = [...new Set(w.faults())].filter(x => !except.test(x))
  expect(!f.length, f.join('\n'))
}

/** On the sign-in page: from the passkey's button to the password's form, if it is not there already. */
export async function toPassword(page) {
  await page.waitForSelector('#by-password, #email')
  if (await page.locator('#by-password').count()) await page.click('#by-password')
  await page.waitForSelector('#email')
}
export async function signIn(page, base, who) {
  await page.goto(`${base}/signin`)
  await toPassword(page)
  await page.fill('#email', who.email)
  await page.fill('#password', who.password)
  await page.click('form button.btn')
  await page.waitForURL(u => !u.pathname.startsWith('/signin'), { timeout: 15_000 })
  await page.waitForSelector('main h1')
}

/** axe over the whole page. It runs in the page's own world by evaluation, which the page's policy does not touch. */
export async function axe(page, where) {
  if (PLANT === 'axe') await page.evaluate(() => document.body.append(document.createElement('button')))
  await page.evaluate(AXE)
  const r = await page.evaluate(async () => {
    const x = await window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    })
    return x.violations.map(
      v =>
        `${v.id} (${v.nodes.length}): ${v.nodes
          .slice(0, 2)
          .map(n => n.target.join(' ') + ' ' + (n.any[0]?.message ?? ''))
          .join(' | ')}`,
    )
  })
  expect(!r.length, `${where}: ${r.join('\n')}`)
}
export const noSidewaysScroll = async (page, where) => {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(over <= 0, `${where} scrolls sideways by ${over} px`)
}

const busy = () =>
  http.createServer((_, r) => {
    r.writeHead(503, { 'content-type': 'text/plain' })
    r.end('busy')
  })
/** A door in front of a server that can be shut: cut connections, or answer everything with 503. The address keeps its host name, so cookies stay. */
export async function door(base) {
  const to = new URL(base),
    open = new Set()
  let server,
    port = 0
  const forward = () =>
    net.createServer(a => {
      const b = net.connect(Number(to.port || 80), '127.0.0.1')
      for (const s of [a, b]) {
        open.add(s)
        s.on('close', () => {
          open.delete(s)
          a.destroy()
          b.destroy()
        })
        s.on('error', () => {})
      }
      a.pipe(b)
      b.pipe(a)
    })
  const listen = s =>
    new Promise((done, fail) => {
      server = s
      s.once('error', fail)
      s.listen(port, '127.0.0.1', () => {
        port = s.address().port
        done()
      })
    })
  const shut = () =>
    new Promise(done => {
      server.close(done)
      server.closeAllConnections?.()
      for (const s of open) s.destroy()
    })
  await listen(forward())
  return {
    url: `http://${to.hostname}:${port}`,
    stop: shut,
    busy: () => listen(busy()),
    start: async () => {
      await listen(forward())
    },
    shut,
  }
}
