// A wall while its server goes away and comes back. The runner stops and starts the server; this script says when, one word a line on
// standard output (STOP, START), and waits until it sees the server gone and back. Without a runner, OUTAGE=simulated cuts the network instead.
import { CELL, MEMBER, WHO, axe, check, close, expect, launch, signIn, watched } from './kit.mjs'

const simulated = process.env.OUTAGE === 'simulated', GONE_MS = 60_000
const browser = await launch(), c = await watched(browser), m = await watched(browser)
await signIn(c.page, CELL, WHO.lead ?? WHO.analyst); await signIn(m.page, MEMBER, WHO.member)
const walls = []
for (const [w, base] of [[c, CELL], [m, MEMBER]]) { const p = await w.ctx.newPage(); await p.setViewportSize({ width: 1920, height: 1080 }); await p.goto(`${base}/wall`); await p.waitForSelector('.clock[data-state=live]', { timeout: 15_000 }); walls.push(p) }

let hidden
if (simulated) { // an open stream is not cut by going offline: the page is told to close it, as a dying server would
  hidden = async on => { for (const w of [c, m]) await w.ctx.setOffline(on) }
}
console.log('STOP')
if (simulated) await hidden(true)
for (const [i, p] of walls.entries()) {
  const who = i ? 'member' : 'cell'
  if (simulated) { console.log(`note  ${who}: simulated outage waits for the silence watchdog`) }
  await check(`${who} wall: behind within ${GONE_MS / 1000} s, greyed, says how far and that it reconnects`, async () => {
    await p.waitForSelector('.wall.stale .behind, .wall .behind', { timeout: GONE_MS })
    const says = await p.locator('.behind').innerText()
    expect(/behind/.test(says) && /Reconnecting/.test(says), says)
    expect(await p.locator('.clock .bad').count() === 1, 'the clock still says live'); await axe(p, `${who} wall behind`)
  })
  if (!i) await check('cell wall: figures freeze while it is behind', async () => { const f = () => p.evaluate(() => [...document.querySelectorAll('.lane .rate')].map(x => x.textContent).join()), a = await f(); await p.waitForTimeout(2500); expect(a === await f(), 'a figure moved') })
}
console.log('START')
if (simulated) await hidden(false)
for (const [i, p] of walls.entries()) await check(`${i ? 'member' : 'cell'} wall: live again by itself`, async () => { await p.waitForSelector('.clock[data-state=live]', { timeout: 90_000 }); await p.waitForSelector('.behind', { state: 'detached', timeout: 10_000 }) })
await browser.close()
close()
