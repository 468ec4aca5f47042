// Every page by axe in both themes at three widths, sign-in and failures included; how a session ends, and signing out.
import {
  CELL,
  MEMBER,
  WHO,
  axe,
  check,
  clean,
  door,
  expect,
  noSidewaysScroll,
  signIn,
  toPassword,
  watched,
} from './kit.mjs'
import { SIZES, UNSEEN } from './journeys.mjs'

const THEMES = ['light', 'dark']

async function axeAtEverySize(page, path, theme) {
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height })
    await axe(page, `${path} ${theme} ${width}`)
    await noSidewaysScroll(page, `${path} at ${width}`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
}

// each face's last page belongs to the other face: what is not there says so
export async function everyPage(browser, { m, c, memberCampaign, cellCampaign, value }) {
  const pages = [
    [
      m,
      MEMBER,
      [
        '/',
        '/advisories',
        '/campaigns',
        memberCampaign,
        `/search?q=${encodeURIComponent(value)}`,
        `/search?q=${UNSEEN}`,
        '/search',
        '/noise',
      ],
    ],
    [
      c,
      CELL,
      [
        '/',
        '/campaigns',
        cellCampaign,
        `/search?q=${encodeURIComponent(value)}`,
        '/noise',
        '/advisories/new',
        '/advisories',
      ],
    ],
  ]
  for (const [w, base, list] of pages)
    for (const theme of THEMES)
      for (const path of list)
        await check(
          `axe: ${base === CELL ? 'cell' : 'member'} ${path.slice(0, 40)} ${theme} at 1440, 390, 320`,
          async () => {
            await w.page.emulateMedia({ colorScheme: theme })
            await w.page.goto(base + path)
            await w.page.waitForSelector('main h1')
            await w.page.waitForFunction(() => !document.querySelector('.loading'))
            await axeAtEverySize(w.page, path, theme)
            clean(w)
          },
        )

  // --- sign-in, and a page that cannot be loaded
  for (const [who, base] of [
    ['member', MEMBER],
    ['cell', CELL],
  ])
    for (const theme of THEMES)
      await check(`axe: ${who} /signin ${theme} at 1440, 390, 320`, async () => {
        const w = await watched(browser, { colorScheme: theme })
        await w.page.goto(`${base}/signin`)
        await toPassword(w.page)
        expect((await w.page.locator('.exercise').count()) > 0 === !!WHO.exercise, 'EXERCISE is not marked')
        await axeAtEverySize(w.page, '/signin', theme)
        clean(w)
        await w.close()
      })
  for (const theme of THEMES)
    await check(`axe: a page that cannot be loaded says so, ${theme} at 1440, 390, 320`, async () => {
      await m.page.emulateMedia({ colorScheme: theme })
      await m.page.route('**/api/v1/campaigns*', r => r.fulfill({ status: 500, body: '' }))
      await m.page.goto(`${MEMBER}/campaigns`)
      await m.page.waitForSelector('.problem h1', { timeout: 15_000 })
      const title = await m.page.title()
      expect(
        /^Error: (\[EXERCISE\] )?/.exec(title)?.[1] === (WHO.exercise ? '[EXERCISE] ' : undefined),
        `the title is ${title}`,
      )
      await axeAtEverySize(m.page, 'a failed page', theme)
      await m.page.unroute('**/api/v1/campaigns*')
      clean(m, /status of 500/)
    })
  await check('a server that cannot be reached is told, still marked EXERCISE', async () => {
    const w = await watched(browser)
    await w.page.goto(`${MEMBER}/signin`)
    await toPassword(w.page)
    await w.ctx.route('**/face', r => r.abort())
    for (const [path, mark] of [
      ['/', '.bare .exercise'],
      ['/wall', '.top .exercise'],
    ]) {
      await w.page.goto(MEMBER + path)
      await w.page.waitForSelector('.problem h1, .behind', { timeout: 15_000 })
      expect((await w.page.locator(mark).count()) > 0 === !!WHO.exercise, `${path} is not marked EXERCISE`)
      await axe(w.page, `${path} without a server`)
    }
    await w.close()
  })

  // --- leaving
  for (const [who, base, person, session] of [
    ['member', MEMBER, WHO.member, '/api/v1/session'],
    ['cell', CELL, WHO.lead ?? WHO.analyst, '/cell/v1/session'],
  ])
    await check(
      `${who}: a session that ends while the home page is read leads to the sign-in page, and back`,
      async () => {
        const d = await door(base),
          w = await watched(browser, {}, [d.url])
        await signIn(w.page, d.url, person)
        await w.page.waitForSelector('.homegrid')
        await w.page.evaluate(u => fetch(u, { method: 'DELETE' }), session)
        await d.stop()
        await d.start()
        await w.page.waitForURL(/\/signin/, { timeout: 45_000 })
        await w.page.waitForTimeout(3000)
        expect(/\/signin/.test(w.page.url()), 'the sign-in page went away')
        await toPassword(w.page)
        await w.page.fill('#email', person.email)
        await w.page.fill('#password', person.password)
        await w.page.click('form button.btn')
        await w.page.waitForSelector('.homegrid')
        clean(w, /Failed to load resource|ERR_/)
        await w.close()
        await d.shut()
      },
    )
  await check('signing out ends the session on both faces', async () => {
    for (const [w, base] of [
      [m, MEMBER],
      [c, CELL],
    ]) {
      await w.page.goto(`${base}/`)
      await w.page.waitForSelector('main h1')
      await w.page.getByRole('button', { name: 'Sign out' }).click()
      await w.page.waitForURL(/\/signin/)
      expect(
        (await w.page.evaluate(
          u => fetch(u).then(r => r.status),
          base === CELL ? '/cell/v1/session' : '/api/v1/session',
        )) === 401,
        'the session still answers',
      )
      await w.page.goto(`${base}/campaigns`)
      await w.page.waitForURL(/\/signin/)
      clean(w)
    }
  })
  await m.close()
  await c.close()
}
