// Takes pictures of the pages served by fake-server.mjs (or the real one): node dev/shots.mjs OUT_DIR CELL_URL MEMBER_URL
import { mkdirSync } from 'node:fs'
import { chromium } from 'playwright-core'
const [out, cellUrl, memberUrl, only] = process.argv.slice(2)
mkdirSync(out, { recursive: true })
const env = k => JSON.parse(process.env[k] ?? '{"email":"a@b.example","password":"right"}')
const b = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--host-resolver-rules=MAP cell.localhost 127.0.0.1',
  ],
})
const sizes = { wall: [1920, 1080], desk: [1440, 900], phone: [390, 844] }
const plan = {
  cell: [
    ['/', 'desk', 'phone'],
    ['/wall', 'wall'],
    ['/campaigns', 'desk'],
    ['first-campaign', 'desk', 'phone'],
    ['/search?q=sign-docs.example', 'desk'],
    ['/noise', 'desk'],
    ['/advisories/new', 'desk'],
  ],
  member: [
    ['/', 'desk', 'phone'],
    ['/wall', 'wall'],
    ['first-campaign', 'desk', 'phone'],
    ['/search?q=sign-docs.example', 'desk'],
    ['/search?q=unseen.example', 'phone'],
    ['/advisories', 'desk'],
    ['/campaigns', 'desk'],
  ],
}
for (const [face, url, cred] of [
  ['cell', cellUrl, env('CELL_LOGIN')],
  ['member', memberUrl, env('MEMBER_LOGIN')],
]) {
  if (!url || url === '-') continue
  for (const theme of only === 'dark' ? ['dark'] : ['light']) {
    const ctx = await b.newContext({ colorScheme: theme, timezoneId: 'Europe/London' }),
      p = await ctx.newPage()
    p.on('console', m => m.type() === 'error' && console.log(face, m.text()))
    p.on('pageerror', e => console.log(face, 'PAGEERROR', e.message))
    await p.setViewportSize({ width: 1440, height: 900 })
    await p.goto(url + '/signin')
    await p.waitForSelector('#email')
    await p.screenshot({ path: `${out}/${face}-signin.png` })
    await p.fill('#email', cred.email)
    await p.fill('#password', cred.password)
    await p.click('button.btn')
    await p.waitForURL(url + '/')
    for (const [at, ...ss] of plan[face])
      for (const s of ss) {
        await p.setViewportSize({ width: sizes[s][0], height: sizes[s][1] })
        let to = at
        if (at === 'first-campaign') {
          await p.goto(url + '/campaigns')
          to = await p.locator('a[href^="/campaigns/"]').first().getAttribute('href')
        }
        await p.goto(url + to)
        await p.waitForTimeout(at === '/wall' ? 4000 : 1800)
        await p.screenshot({
          path: `${out}/${face}${at.replace(/[^a-z0-9]+/gi, '-').slice(0, 24)}-${s}${theme === 'dark' ? '-dark' : ''}.png`,
          fullPage: s !== 'wall' && at !== '/',
        })
      }
    await ctx.close()
  }
}
await b.close()
