// Pages of people and organisations before a stand-in server: axe at every size, names that try to be more than text, secrets shown once.
import { HOSTILE } from '../dev/fake-people.mjs'
import { axe, check, clean, expect, noSidewaysScroll, watched } from './kit.mjs'
import { standInServer } from './standin.mjs'

const SIZES = [
  [1440, 900],
  [390, 844],
  [320, 640],
]
const ID = '00000000-0000-4000-8000-00000000000'
export const PEOPLE_PAGES = {
  member: [
    '/account',
    '/organisation',
    '/people',
    '/keys',
    '/devices',
    '/sponsor',
    '/members',
    '/groups',
    `/groups/${ID}1`,
    '/join#fci_x',
  ],
  cell: [
    '/account',
    '/devices',
    '/admin/members',
    `/admin/members/${ID}0`,
    '/admin/sponsorships',
    '/admin/cell',
    '/admin/groups',
    '/admin/terms',
    '/admin/audit',
    '/admin/mail',
    '/admin/settings',
    '/join#fci_x',
  ],
}
const shots = process.env.SHOTS

async function shown(page, url) {
  await page.goto('about:blank')
  await page.goto(url)
  await page.waitForSelector('main h1')
  await page.waitForFunction(() => !document.querySelector('.loading'))
}

export async function peopleStandIn(browser) {
  for (const face of ['member', 'cell']) {
    const s = await standInServer(face),
      w = await watched(browser, {}, [s.url])
    await w.ctx.addCookies([{ name: 'fake', value: '1', url: s.url }])
    for (const path of PEOPLE_PAGES[face])
      for (const colorScheme of ['light', 'dark'])
        await check(`axe: ${face} ${path.slice(0, 30)} ${colorScheme} at 1440, 390, 320`, async () => {
          await w.page.emulateMedia({ colorScheme })
          await shown(w.page, s.url + path)
          expect((await w.page.locator('.problem').count()) === 0, await w.page.locator('main').innerText())
          for (const [width, height] of SIZES) {
            await w.page.setViewportSize({ width, height })
            await axe(w.page, `${path} at ${width}`)
            await noSidewaysScroll(w.page, `${path} at ${width}`)
            if (shots && (colorScheme === 'light' ? width !== 320 : width === 1440))
              await w.page.screenshot({
                path: `${shots}/${face}${path.replace(/\W+/g, '-').slice(0, 24)}-${colorScheme}-${width}.png`,
                fullPage: true,
              })
          }
          clean(w)
        })
    await w.close()
    s.stop()

    const h = await standInServer(face, '--hostile'),
      x = await watched(browser, {}, [h.url])
    await x.ctx.addCookies([{ name: 'fake', value: '1', url: h.url }])
    for (const path of PEOPLE_PAGES[face])
      await check(
        `${face} ${path.slice(0, 30)}: names that are HTML, SVG, turned round or 10,000 long are text`,
        async () => {
          for (const [width, height] of SIZES) {
            await x.page.setViewportSize({ width, height })
            await shown(x.page, h.url + path)
            await noSidewaysScroll(x.page, `${path} at ${width}`)
          }
          const found = await x.page.evaluate(names => {
            const text = document.body.textContent
            return {
              made: document.querySelectorAll('main img, main script, main svg text, main [onload], main [onerror]')
                .length,
              title: document.title,
              shown: names.filter(n => text.includes(n)).length,
              apart: [...document.querySelectorAll('main *')]
                .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.includes('\u202e')))
                .every(e => e.closest('bdi, option, textarea, [dir=auto]')),
            }
          }, HOSTILE)
          expect(found.made === 0, `${found.made} elements were made of a name`)
          expect(!/^\d$/.test(found.title), `a name ran: the title is ${found.title}`)
          expect(found.apart, 'a name that turns text round is not kept apart')
          if (!/settings|terms/.test(path)) expect(found.shown > 0, 'no name is shown as it is')
          clean(x)
        },
      )
    await x.close()
    h.stop()
  }

  await check('a key is shown once, and leaves only when it is kept', async () => {
    const s = await standInServer('member'),
      w = await watched(browser, {}, [s.url])
    await w.ctx.addCookies([{ name: 'fake', value: '1', url: s.url }])
    await shown(w.page, `${s.url}/keys`)
    await w.page.click('#key-go')
    await w.page.waitForSelector('.errsum a[href="#key-label"]')
    expect(
      await w.page.evaluate(() => document.activeElement?.className === 'errsum'),
      'the error summary has no focus',
    )
    await axe(w.page, 'key form with errors')
    await w.page.fill('#key-label', 'Firewall')
    await w.page.click('#key-go')
    await w.page.waitForSelector('.errsum a[href="#key-scopes"]')
    await w.page.getByLabel('Read what is released').check()
    await w.page.click('#key-go')
    await w.page.waitForSelector('.once [data-secret]')
    expect(await w.page.locator('.once .btn:not(.quiet)').isDisabled(), 'it can be left before it is kept')
    await axe(w.page, 'a key shown once')
    await w.page.locator('.once .tick input').check()
    await w.page.locator('.once .btn:not(.quiet)').click()
    await w.page.waitForSelector('.once', { state: 'detached' })
    await w.page.locator('.rows .does button').first().click()
    await w.page.waitForSelector('dialog[open]')
    await axe(w.page, 'the question before revoking')
    await w.page.keyboard.press('Escape')
    await w.page.waitForSelector('dialog:not([open])', { state: 'attached' })
    clean(w)
    await w.close()
    s.stop()
  })
  await check('the sign-in page offers a passkey first, a password second, and joining hides its token', async () => {
    const s = await standInServer('member'),
      w = await watched(browser, {}, [s.url])
    await w.page.goto(`${s.url}/signin`)
    await w.page.waitForSelector('#passkey')
    expect((await w.page.locator('#email').count()) === 0, 'an address is asked for first')
    await axe(w.page, 'signing in by passkey')
    await w.page.focus('#by-password')
    await w.page.keyboard.press('Enter')
    await w.page.waitForSelector('#email:focus')
    await w.page.goto(`${s.url}/join#fci_x`)
    await w.page.waitForSelector('#join-go')
    await w.page.click('#join-go')
    await w.page.waitForSelector('.errsum')
    await axe(w.page, 'joining with an error')
    await w.page.check('#join-terms')
    await w.page.click('#join-go')
    await w.page.waitForFunction(() => location.hash === '')
    await axe(w.page, 'the first way to sign in')
    clean(w)
    await w.close()
    s.stop()
  })
}
