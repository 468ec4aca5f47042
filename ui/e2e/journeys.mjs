// What a member and the cell do in a real browser, and axe over every page in both themes at three widths.
import { CELL, MEMBER, WHO, axe, check, clean, expect, signIn, toPassword, watched } from './kit.mjs'

export const SIZES = [
  [1440, 900],
  [390, 844],
  [320, 640],
]
export const UNSEEN = `never-seen-${Date.now().toString(36)}.example`
const lead = WHO.lead ?? WHO.analyst

export async function journeys(browser) {
  // --- signing in
  await check('a wrong password gets one clear answer that does not say whether the address exists', async () => {
    const w = await watched(browser),
      says = []
    for (const email of [WHO.member.email, 'nobody@nowhere.example']) {
      await w.page.goto(`${MEMBER}/signin`)
      await toPassword(w.page)
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
    await toPassword(w.page)
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
  const wall = await c.another()
  await wall.setViewportSize({ width: 1920, height: 1080 })
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
  await check('the cell’s wall makes no policy report, no outside request and no console error', async () => clean(c))
  await check('the wall’s pointer is hidden at rest and comes back when it moves', async () => {
    await wall.waitForFunction(() => getComputedStyle(document.body).cursor === 'none', null, { timeout: 8000 })
    await wall.mouse.move(300, 300)
    await wall.mouse.move(320, 310)
    const pointer = await wall.evaluate(() => getComputedStyle(document.body).cursor)
    expect(pointer !== 'none', 'the pointer stays hidden')
  })
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
    // the demo has an analyst who claims too: who comes second is told 409 and takes another
    for (let tries = 0; tries < 8; tries++) {
      const open = c.page.locator('.rep li:has(button)').first()
      await open.waitFor({ timeout: 30_000 })
      const id = await open.getAttribute('data-case'),
        row = c.page.locator(`.rep li[data-case="${id}"]`)
      await row
        .locator('button')
        .click({ timeout: 3000 })
        .catch(() => {})
      const claimed = row.locator('.who', { hasText: lead.name })
      if (
        await claimed.waitFor({ timeout: 4000 }).then(
          () => true,
          () => false,
        )
      ) {
        clean(c, /status of 409/)
        return
      }
    }
    throw new Error('none of eight reports could be claimed')
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
  await check('an advisory can be sent in every marking that the form offers', async () => {
    await c.page.goto(`${CELL}/advisories/new`)
    await c.page.waitForSelector('#tlp')
    const markings = await c.page.locator('#tlp option').evaluateAll(all => all.map(o => o.value))
    expect(markings.length > 1, `only ${markings}`)
    for (const marking of markings) {
      await c.page.goto(`${CELL}/advisories/new`)
      await c.page.fill('#title', `Marked ${marking} (${Date.now().toString(36)})`)
      await c.page.fill('#summary', 'A mail that looks like an invoice.')
      await c.page.fill('#actions', 'Block the sender')
      await c.page.selectOption('#tlp', marking)
      await c.page.click('form.write button.btn')
      await c.page
        .waitForFunction(() => /Sent/.test(document.querySelector('h1')?.textContent ?? ''), null, { timeout: 10_000 })
        .catch(async () => expect(false, `${marking}: ${await c.page.locator('main').innerText()}`))
    }
    clean(c)
  })
  await check('a refusal is told at its field, and the words stay', async () => {
    await c.page.goto(`${CELL}/advisories/new`)
    await c.page.fill('#title', 'Kept words')
    await c.page.fill('#summary', 'What happened')
    await c.page.fill('#actions', 'One')
    await c.page.evaluate(() => {
      const marking = document.querySelector('#tlp')
      marking.options[0].value = 'RED'
      marking.selectedIndex = 0
    })
    await c.page.click('form.write button.btn')
    await c.page.waitForSelector('.errsum a[href="#tlp"]')
    expect((await c.page.locator('#tlp').getAttribute('aria-invalid')) === 'true', 'the field is not marked')
    expect((await c.page.inputValue('#title')) === 'Kept words', 'the title is gone')
    const title = await c.page.title()
    expect(title.startsWith('Error: [EXERCISE] ') === !!WHO.exercise, `the title is ${title}`)
    clean(c, /status of 422/)
  })
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

  return { m, c, memberCampaign, cellCampaign, value }
}
