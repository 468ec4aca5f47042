// What every journey uses: one browser, counted checks, and a watch for policy reports, outside requests and console errors.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const need = k => { const v = process.env[k]; if (!v) { console.error(`${k} is not set. Needed: MEMBER_URL, CELL_URL, CREDENTIALS={"member":{"email":"…","password":"…"},"analyst":{…},"lead":{…}}`); process.exit(2) } return v }
export const MEMBER = need('MEMBER_URL').replace(/\/$/, '')
export const CELL = need('CELL_URL').replace(/\/$/, '')
export const WHO = JSON.parse(need('CREDENTIALS'))
export const PLANT = process.env.PLANT ?? ''
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP cell.localhost 127.0.0.1']

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })

let passed = 0, failed = 0
export async function check(name, run) {
  const t = Date.now()
  try { await run(); passed++; console.log(`ok    ${name} (${Date.now() - t} ms)`) } catch (e) { failed++; console.log(`FAIL  ${name}\n      ${String(e?.message ?? e).split('\n').slice(0, 6).join('\n      ')}`) }
  if (PLANT && failed) { console.log(`the planted fault (${PLANT}) was caught`); close(); process.exit(1) } // one catch proves the point; the rest would only wait
}
export function close() { console.log(`${passed} passed, ${failed} failed`); process.exitCode = failed ? 1 : 0 }
export function expect(ok, what) { if (!ok) throw new Error(what) }

// a 401 to "who am I?" before signing in is an answer, not an error, but Chromium writes it to the console
const quiet = s => !/status of 401/.test(s)

/** A page that reports what it should never do. `faults()` empties what was seen so far. */
export async function watched(browser, options = {}) {
  const ctx = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options }), page = await ctx.newPage(), seen = []
  await page.exposeFunction('policyReport', s => seen.push(`policy report: ${s}`))
  await page.addInitScript(() => { document.addEventListener('securitypolicyviolation', e => window.policyReport(`${e.violatedDirective} ${e.blockedURI}`)) })
  page.on('pageerror', e => seen.push(`error on the page: ${e.message}`))
  page.on('console', m => { if (m.type() === 'error' || /Content Security Policy|Trusted/i.test(m.text())) seen.push(`console: ${m.text()}`) })
  page.on('request', r => { const u = new URL(r.url()); if (!['data:', 'blob:'].includes(u.protocol) && u.origin !== new URL(MEMBER).origin && u.origin !== new URL(CELL).origin) seen.push(`outside request: ${r.url()}`) })
  if (PLANT === 'csp') page.on('load', () => { page.evaluate(() => { const s = document.createElement('style'); s.textContent = 'body{outline:0}'; document.head.append(s) }).catch(() => {}) })
  if (PLANT === 'dead-stream') await ctx.route('**/stream', r => r.fulfill({ status: 503, body: '' }))
  return { ctx, page, faults: () => seen.splice(0).filter(quiet), close: () => ctx.close() }
}

export async function signIn(page, base, who) {
  await page.goto(`${base}/signin`)
  await page.fill('#email', who.email)
  await page.fill('#password', who.password)
  await page.click('form button.btn')
  await page.waitForURL(u => !u.pathname.startsWith('/signin'), { timeout: 15_000 })
  await page.waitForSelector('main h1')
}

/** axe over the whole page. It runs in the page's own world by evaluation, which the page's policy does not touch. */
export async function axe(page, where) {
  if (PLANT === 'axe') await page.evaluate(() => { const b = document.createElement('button'); (document.querySelector('main') ?? document.body).append(b) })
  await page.evaluate(AXE)
  const r = await page.evaluate(async () => { const x = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }); return x.violations.map(v => `${v.id} (${v.nodes.length}): ${v.nodes.slice(0, 2).map(n => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | ')}`) })
  expect(!r.length, `${where}: ${r.join('\n')}`)
}
export const noSidewaysScroll = async (page, where) => { const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth); expect(over <= 0, `${where} scrolls sideways by ${over} px`) }
