// What a member and the cell do in a real browser, and axe over every page in both themes at three widths.
import { CELL, MEMBER, WHO, axe, check, expect, noSidewaysScroll, signIn, watched } from './kit.mjs'

const SIZES = [
  [1440, 900],
  [390, 844],
  [320, 640],
]
const clean = w => {
  const f = w.faults()
  expect(!f.length, [...new Set(f)].join('\n'))
}
const UNSEEN = `never-seen-${Date.now().toString(36)}.example`
const lead = WHO.lead ?? WHO.analyst

export async function journeys(browser) {
  // --- signing in
  await check('a wrong password gets one clear answer that does not say whether the address exists', async () => {
    const w = await watched(browser),
      says = []
    for (const email of [WHO.member.email, 'nobody@nowhere.example']) {
      await w.page.goto(`${MEMBER}/signin`)
      await w.page.fill('#email', email)
      await w.page.fill('#password', 'not the password')
      await w.page.click('form button.btn')
      says.push(await w.page.locator('.errsum').innerText())
      expect((await w.page.title()).startsWith('Error:'), 'the title does not start with Error:')
    }
    expect(says[0] === says[1], `two answers: ${says.join(' / ')}`)
    expect(
      await w.page.evaluate(() => document.activeElement?.className === 'errsum'),
      'the error summary has no focus',
    )
    await axe(w.page, 'sign-in with an error')
    clean(w)
    await w.close()
  })
  await check('a page asked for before signing in comes after it', async () => {
    const w = await watched(browser)
    await w.page.goto(`${MEMBER}/search?q=${UNSEEN}`)
    await w.page.waitForURL(/\/signin/)
    await w.page.fill('#email', WHO.member.email)
    await w.page.fill('#password', WHO.member.password)
    await w.page.keyboard.press('Enter')
    await w.page.waitForURL(/\/search\?q=/)
    await w.page.waitForSelector('[data-verdict]')
    clean(w)
    await w.close()
  })

  const m = await watched(browser),
    c = await watched(browser)
  await check('a member signs in', async () => {
    await signIn(m.page, MEMBER, WHO.member)
    clean(m)
  })
  await check('the cell signs in', async () => {
    await signIn(c.page, CELL, lead)
    clean(c)
  })
  await check('EXERCISE is marked on both faces when the server says so', async () => {
    for (const p of [m.page, c.page]) {
      const f = await p.evaluate(() => fetch('/face').then(r => r.json()))
      expect((await p.locator('.exercise').count()) > 0 === f.exercise, `face says ${f.exercise}`)
    }
  })

  // --- the cell's wall
  const wall = await c.ctx.newPage()
  await wall.setViewportSize({ width: 1920, height: 1080 })
  const wallErrors = []
  wall.on('pageerror', e => wallErrors.push(e.message))
  wall.on('console', x => x.type() === 'error' && wallErrors.push(x.text()))
  await check('the cell’s wall becomes live', async () => {
    await wall.goto(`${CELL}/wall`)
    await wall.waitForSelector('.clock[data-state=live]', { timeout: 10_000 })
  })
  await check('its lanes have sectors with figures, and they move', async () => {
    await wall.waitForSelector('.lane .rate')
    expect((await wall.locator('.lane').count()) > 1, 'no lanes')
    const figures = () =>
      wall.evaluate(() => {
        const cv = document.querySelector('canvas'),
          d = cv.getContext('2d').getImageData(0, 0, cv.width, cv.height).data
        let s = 0
        for (let i = 0; i < d.length; i += 16) s = (s * 31 + d[i]) >>> 0
        return {
          ink: d.some(x => x > 40),
          hash: s + [...document.querySelectorAll('.lane .rate')].map(x => x.textContent).join(),
        }
      })
    const a = await figures()
    expect(a.ink, 'the canvas is blank')
    for (let i = 0; i < 30; i++) {
      await wall.waitForTimeout(500)
      if ((await figures()).hash !== a.hash) return
    }
    throw new Error('nothing moved in 15 s')
  })
  await check('it shows a campaign at several firms', async () => {
    await wall.waitForSelector('.campaigns li h3', { timeout: 60_000 })
    expect(Number(await wall.locator('.campaigns .facts b').first().innerText()) > 1, 'one firm only')
  })
  await check('it shows reports in, alerts and sources', async () => {
    await wall.waitForSelector('.reports li', { timeout: 30_000 })
    expect(
      (await wall.locator('.feeds').count()) === 1 && (await wall.locator('.alerts').count()) === 1,
      'a panel is missing',
    )
  })
  await check('no text on the wall is under 20 px', async () => {
    const small = await wall.evaluate(() =>
      [...document.querySelectorAll('.wall *')]
        .filter(
          e =>
            [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) &&
            !e.closest('.vh') &&
            parseFloat(getComputedStyle(e).fontSize) < 20,
        )
        .map(e => `${e.className} ${e.textContent}`),
    )
    expect(!small.length, small.slice(0, 5).join(' | '))
  })
  await check('nothing on the wall overflows its screen', async () => {
    for (const [x, y] of [
      [1920, 1080],
      [1366, 768],
      [3840, 2160],
    ]) {
      await wall.setViewportSize({ width: x, height: y })
      const o = await wall.evaluate(() => [
        document.documentElement.scrollHeight - innerHeight,
        document.documentElement.scrollWidth - innerWidth,
      ])
      expect(o[0] <= 1 && o[1] <= 1, `${x}×${y}: ${o}`)
    }
    await wall.setViewportSize({ width: 1920, height: 1080 })
  })
  await check('axe: the cell’s wall', async () => {
    await axe(wall, '/wall')
    for (const [x, y] of SIZES) {
      await wall.setViewportSize({ width: x, height: y })
      await axe(wall, `/wall at ${x}`)
    }
  })
  await check('the wall makes no console error', async () => expect(!wallErrors.length, wallErrors.join('\n')))
  await wall.close()

  // --- the cell's pages
  let cellCampaign = '',
    value = ''
  await check('a campaign page shows spread, table and reasons', async () => {
    await c.page.goto(`${CELL}/campaigns`)
    await c.page.waitForSelector('.lines a[href^="/campaigns/"]', { timeout: 20_000 })
    cellCampaign = await c.page.locator('.lines a[href^="/campaigns/"]').first().getAttribute('href')
    await c.page.goto(CELL + cellCampaign)
    await c.page.waitForSelector('svg.tl .report')
    await c.page.waitForSelector('.mx tbody tr')
    expect((await c.page.locator('.mx .first').count()) > 0, 'no mark says who held a value first')
    expect((await c.page.locator('.steps li').count()) > 0, 'no reason for a link')
    clean(c)
  })
  await check('the cell looks up a value of that campaign, and one never seen', async () => {
    value = new URL(await c.page.locator('.mx tbody th a').first().getAttribute('href'), CELL).searchParams.get('q')
    await c.page.goto(`${CELL}/search?q=${encodeURIComponent(value)}`)
    await c.page.waitForSelector('[data-verdict=seen],[data-verdict=everyday]')
    await c.page.fill('#value', UNSEEN)
    await c.page.keyboard.press('Enter')
    await c.page.waitForSelector('[data-verdict=not-seen]')
    expect(c.page.url().includes(UNSEEN), 'the URL does not hold the question')
    clean(c)
  })
  await check('a report is claimed', async () => {
    await c.page.goto(`${CELL}/`)
    const b = c.page.locator('.rep button').first()
    await b.waitFor({ timeout: 30_000 })
    const before = await c.page.locator('.rep .who', { hasNot: c.page.locator('button') }).count()
    await b.click()
    await c.page.waitForFunction(
      n => [...document.querySelectorAll('.rep .who')].filter(x => !x.querySelector('button')).length > n,
      before,
      { timeout: 10_000 },
    )
    clean(c)
  })

  // --- the member's pages
  await check('a member’s home receives a released item live', async () => {
    await m.page.goto(`${MEMBER}/`)
    await m.page.waitForSelector('.livemark.live', { timeout: 10_000 })
    const first = () => m.page.evaluate(() => document.querySelector('.latest .items li .val')?.textContent ?? ''),
      a = await first()
    for (let i = 0; i < 120; i++) {
      await m.page.waitForTimeout(250)
      if ((await first()) !== a) {
        clean(m)
        return
      }
    }
    throw new Error('no new item in 30 s')
  })
  await check(
    'an advisory sent by the cell reaches the member with “Do this” numbered, and is marked read',
    async () => {
      if (!WHO.lead && !WHO.analyst) return
      const title = `Block the sender (${Date.now().toString(36)})`
      await c.page.goto(`${CELL}/`)
      await c.page.locator('a[href^="/advisories/new"]').first().click()
      await c.page.waitForSelector('#title')
      await c.page.click('form.write button.btn')
      await c.page.waitForSelector('.errsum')
      await axe(c.page, 'advisory form with errors')
      await c.page.fill('#title', title)
      await c.page.fill('#summary', 'Mails that look like invoices.')
      await c.page.fill('#actions', '1. Block the sender\n2. Tell staff')
      await c.page.click('form.write button.btn')
      await c.page.waitForFunction(() => /Sent/.test(document.querySelector('h1')?.textContent ?? ''))
      const card = m.page.locator('.alerts li', { hasText: title })
      await card.waitFor({ timeout: 15_000 })
      expect(
        (await card.locator('ol li').allInnerTexts()).join() === 'Block the sender,Tell staff',
        'the actions differ',
      )
      await card.locator('button').click()
      await card.locator('.was').waitFor()
      clean(m)
      clean(c)
    },
  )
  let memberCampaign = ''
  await check('a campaign page shows its released form and indicators', async () => {
    await m.page.goto(`${MEMBER}/campaigns`)
    await m.page.waitForSelector('.lines a[href^="/campaigns/"]', { timeout: 20_000 })
    memberCampaign = await m.page.locator('.lines a[href^="/campaigns/"]').first().getAttribute('href')
    await m.page.goto(MEMBER + memberCampaign)
    await m.page.waitForSelector('.facts')
    await m.page.waitForSelector('.inds tbody tr')
    value = new URL(await m.page.locator('.inds tbody th a').first().getAttribute('href'), MEMBER).searchParams.get('q')
    clean(m)
  })
  await check('a campaign that does not exist says so', async () => {
    await m.page.goto(`${MEMBER}/campaigns/00000000-0000-4000-8000-000000000000`)
    await m.page.waitForFunction(() => /no such campaign/i.test(document.querySelector('h1')?.textContent ?? ''))
    m.faults()
  })
  await check('a member looks up a value of it, by keyboard, and one never seen', async () => {
    await m.page.goto(`${MEMBER}/campaigns`)
    await m.page.waitForSelector('.lines')
    await m.page.keyboard.press('/')
    await m.page.keyboard.type(value)
    await m.page.keyboard.press('Enter')
    await m.page.waitForSelector('[data-verdict=block],[data-verdict=watch],[data-verdict=everyday]')
    expect((await m.page.locator('.verdict h2 svg').count()) === 1, 'no icon')
    await m.page.fill('#value', UNSEEN)
    await m.page.keyboard.press('Enter')
    await m.page.waitForSelector('[data-verdict=not-seen]')
    expect(
      /not (mean|make)[^.]*safe/i.test(await m.page.locator('.verdict').innerText()),
      '“not seen” is not explained',
    )
    clean(m)
  })
  await check('a value that cannot be read is said to be so', async () => {
    await m.page.goto(`${MEMBER}/search?q=${encodeURIComponent('?? ??')}`)
    await m.page.waitForSelector('[data-verdict=unreadable]')
    clean(m)
  })
  await check('keys help opens and closes by keyboard', async () => {
    await m.page.goto(`${MEMBER}/`)
    await m.page.waitForSelector('h1')
    await m.page.keyboard.press('?')
    await m.page.waitForSelector('dialog[open]')
    await axe(m.page, 'keys help')
    await m.page.keyboard.press('Escape')
    await m.page.waitForSelector('dialog:not([open])', { state: 'attached' })
  })
  await check('the member’s wall becomes live and shows released form only', async () => {
    const w = await m.ctx.newPage()
    await w.setViewportSize({ width: 1920, height: 1080 })
    await w.goto(`${MEMBER}/wall`)
    await w.waitForSelector('.clock[data-state=live]', { timeout: 10_000 })
    await w.waitForSelector('.items li')
    expect((await w.locator('canvas').count()) === 0, 'a member’s wall draws lanes')
    for (const [x, y] of [[1920, 1080], ...SIZES]) {
      await w.setViewportSize({ width: x, height: y })
      await axe(w, `member /wall at ${x}`)
    }
    await w.close()
  })
  await check('two tabs of one browser hold one stream', async () => {
    const w = await watched(browser),
      streams = []
    w.ctx.on('request', r => {
      if (r.url().endsWith('/stream')) streams.push(r.url())
    })
    await signIn(w.page, MEMBER, WHO.member)
    await w.page.waitForSelector('.livemark.live', { timeout: 10_000 })
    const second = await w.ctx.newPage()
    await second.goto(`${MEMBER}/`)
    await second.waitForSelector('.livemark.live', { timeout: 10_000 })
    expect(streams.length === 1, `${streams.length} streams`)
    clean(w)
    await w.close()
  })

  // --- every page, both themes, three widths
  const pages = [
    [
      m,
      MEMBER,
      [
        '/',
        '/advisories',
        '/campaigns',
        () => memberCampaign,
        () => `/search?q=${encodeURIComponent(value)}`,
        `/search?q=${UNSEEN}`,
        '/search',
      ],
    ],
    [
      c,
      CELL,
      [
        '/',
        '/campaigns',
        () => cellCampaign,
        () => `/search?q=${encodeURIComponent(value)}`,
        '/noise',
        '/advisories/new',
      ],
    ],
  ]
  for (const [w, base, list] of pages)
    for (const theme of ['light', 'dark'])
      for (const p of list) {
        const path = typeof p === 'function' ? p() : p
        await check(
          `axe: ${base === CELL ? 'cell' : 'member'} ${path.slice(0, 40)} ${theme} at 1440, 390, 320`,
          async () => {
            await w.page.emulateMedia({ colorScheme: theme })
            await w.page.goto(base + path)
            await w.page.waitForSelector('main h1')
            await w.page.waitForFunction(() => !document.querySelector('.loading'))
            for (const [x, y] of SIZES) {
              await w.page.setViewportSize({ width: x, height: y })
              await axe(w.page, `${path} ${theme} ${x}`)
              await noSidewaysScroll(w.page, `${path} at ${x}`)
            }
            await w.page.setViewportSize({ width: 1440, height: 900 })
            clean(w)
          },
        )
      }

  // --- leaving
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
