// The report's pages before a stand-in server: every step and every state by axe, two themes, three widths; two tabs; a failed sending.
import { axe, check, clean, expect, noSidewaysScroll, watched } from './kit.mjs'
import { standInServer } from './standin.mjs'

const SIZES = [
  [1440, 900],
  [390, 844],
  [320, 640],
]
const STATES = ['received', 'read', 'withdrawn', 'recalled']
const PAGES = {
  member: [
    ...['now', 'what', 'words', 'values', 'share', 'contact', 'check'].map(s => `/report?step=${s}`),
    '/report?step=received',
    '/reports',
    ...STATES.map(s => `/reports/${s}`),
  ],
  cell: STATES.map(s => `/triage/${s}`),
}
const shots = process.env.SHOTS

async function shown(page, url) {
  await page.goto(url)
  await page.waitForSelector('main h1')
  await page.waitForFunction(() => !document.querySelector('.loading'))
}
async function fill(page, url) {
  await shown(page, `${url}/report`)
  await page.check('#r-now-yes')
  await page.waitForSelector('a[href="tel:03005550100"]')
  await page.click('#r-go')
  await page.check('#r-what-phishing')
  await page.click('#r-go')
  await page.fill('#r-title', 'A false invoice')
  await page.fill('#r-narrative', 'It came at noon.')
  await page.click('#r-go')
  await page.fill('#r-paste', 'a.example')
  await page.click('#r-go')
  await page.waitForSelector('#r-values:focus')
  await page.click('#r-go')
  await page.check('#r-warn-now')
  await page.check('#r-know-cell')
  await page.click('#r-go')
  await page.waitForSelector('#r-contact')
  await page.click('#r-go')
  await page.waitForSelector('.answers')
}

export async function reportStandIn(browser) {
  for (const face of ['member', 'cell']) {
    const s = await standInServer(face),
      w = await watched(browser, {}, [s.url])
    await w.ctx.addCookies([{ name: 'fake', value: '1', url: s.url }])
    if (face === 'member')
      await check('a sending that fails keeps everything, and sent again it is the same report', async () => {
        await fill(w.page, s.url)
        const keys = []
        await w.page.route('**/api/v1/reports', r => {
          if (r.request().method() !== 'POST') return r.continue()
          keys.push(r.request().headers()['idempotency-key'])
          return keys.length === 1 ? r.fulfill({ status: 503, body: '' }) : r.continue()
        })
        await w.page.click('#r-go')
        await w.page.waitForSelector('.errsum')
        await axe(w.page, 'a sending that failed')
        await w.page.click('#r-go')
        await w.page.waitForSelector('.received')
        expect(keys.length === 2 && keys[0] && keys[0] === keys[1], `the keys are ${keys.join(', ')}`)
        await w.page.unroute('**/api/v1/reports')
        clean(w, /status of 503/)
        await shown(w.page, `${s.url}/report`)
        await w.page.check('#r-now-no')
      })
    for (const path of PAGES[face])
      for (const colorScheme of ['light', 'dark'])
        await check(`axe: ${face} ${path} ${colorScheme} at 1440, 390, 320`, async () => {
          await w.page.emulateMedia({ colorScheme })
          await shown(w.page, s.url + path)
          if (/words|values|share|check/.test(path)) await w.page.waitForSelector('.others .lines')
          expect((await w.page.locator('.problem').count()) === 0, await w.page.locator('main').innerText())
          expect(
            (await w.page.locator('main img, main script, main svg text, main [onload]').count()) === 0,
            'an element was made of a name',
          )
          for (const [width, height] of SIZES) {
            await w.page.setViewportSize({ width, height })
            await axe(w.page, `${path} at ${width}`)
            await noSidewaysScroll(w.page, `${path} at ${width}`)
            if (shots)
              await w.page.screenshot({
                path: `${shots}/${face}${path.replace(/\W+/g, '-')}-${colorScheme}-${width}.png`,
                fullPage: true,
              })
          }
          clean(w)
        })
    if (face === 'member')
      await check('two tabs, one draft: the second says so, and nothing is lost', async () => {
        await shown(w.page, `${s.url}/report?step=words`)
        await w.page.fill('#r-title', 'first')
        const other = await w.another()
        await shown(other, `${s.url}/report?step=words`)
        await other.fill('#r-title', 'second')
        await w.page.waitForSelector('#r-newer')
        await axe(w.page, 'a draft that another tab changed')
        await w.page.fill('#r-title', 'first again')
        expect((await other.inputValue('#r-title')) === 'second', 'the other tab lost its words')
        await w.page.click('#r-newer .btn:first-child')
        expect((await w.page.inputValue('#r-title')) === 'second', 'the newer one was not taken')
        await other.close()
        clean(w)
      })
    await w.close()
    s.stop()
  }
}
