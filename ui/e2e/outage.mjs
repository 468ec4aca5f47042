// Both walls while their server goes away, answers 503, forgets the session, and comes back; the server itself is not touched.
import { CELL, MEMBER, WHO, axe, check, door, expect, signIn, toPassword, watched } from './kit.mjs'

const BEHIND_MS = 12_000
const BACK_MS = 45_000
const live = p => p.waitForSelector('.clock[data-state=live]', { timeout: BACK_MS })

export async function outage(browser) {
  for (const [who, base, person] of [
    ['cell', CELL, WHO.lead ?? WHO.analyst],
    ['member', MEMBER, WHO.member],
  ]) {
    const d = await door(base),
      w = await watched(browser, { viewport: { width: 1920, height: 1080 } }, [d.url]),
      p = w.page
    await check(`${who} wall: live`, async () => {
      await signIn(p, d.url, person)
      await p.goto(`${d.url}/wall`)
      await live(p)
      await p.waitForTimeout(1500)
    })
    await check(
      `${who} wall, server gone: greyed after 5 s, says how far behind it is and that it reconnects`,
      async () => {
        await d.stop()
        await p.waitForSelector('.wall.stale .behind', { timeout: BEHIND_MS })
        const says = await p.locator('.behind').innerText()
        expect(/behind/.test(says) && /Reconnecting/.test(says), says)
        expect((await p.locator('.clock .bad').count()) === 1, 'the clock still says live')
        await axe(p, 'the wall behind')
      },
    )
    if (who === 'cell')
      await check('cell wall, server gone: figures freeze', async () => {
        const f = () => p.evaluate(() => [...document.querySelectorAll('.lane .rate')].map(x => x.textContent).join()),
          a = await f()
        await p.waitForTimeout(2500)
        expect(a === (await f()), 'a figure moved')
      })
    await check(`${who} wall, server answers 503: keeps trying although the browser gives up`, async () => {
      await d.busy()
      await p.waitForTimeout(6000)
      expect(/Reconnecting/.test(await p.locator('.behind').innerText()), 'does not say that it reconnects')
      await d.shut()
    })
    await check(`${who} wall, server back: live again by itself`, async () => {
      await d.start()
      await live(p)
      await p.waitForSelector('.behind', { state: 'detached' })
    })
    await check(`${who} wall, session ended: says signed out and leads back`, async () => {
      await p.evaluate(u => fetch(u, { method: 'DELETE' }), who === 'cell' ? '/cell/v1/session' : '/api/v1/session')
      await d.stop()
      await d.start()
      await p.waitForSelector('.behind a[href^="/signin"]', { timeout: BACK_MS })
      await axe(p, 'the wall signed out')
      await p.click('.behind a')
      await toPassword(p)
      await p.fill('#email', person.email)
      await p.fill('#password', person.password)
      await p.click('form button.btn')
      await p.waitForURL(/\/wall$/)
      await live(p)
    })
    await check(`${who} wall: no policy report, no outside request`, async () => {
      const f = w.faults().filter(s => !/Failed to load resource|ERR_/.test(s))
      expect(!f.length, f.join('\n'))
    })
    await w.close()
    await d.shut()
  }
}
