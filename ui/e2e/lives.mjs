// What befalls a firm and its people after the invitation, in a browser: links sent again and withdrawn, password and app, recovery codes,
// what the firm says of itself, a refusal, a disabled account, a wall, a suspension, new terms, and a case passed across a wall.
import { CELL, MEMBER, WHO, axe, check, clean, expect, toPassword, watched, signIn } from './kit.mjs'
import {
  LINK_WAIT_MS,
  at,
  authenticator,
  itIsMe,
  joinByPasskey,
  keep,
  lead,
  linkOf,
  says,
  totp,
  until,
} from './way-in.mjs'

const tag = `l${Date.now().toString(36)}`
const FIRM = `Harbour Light ${tag}`
const WITHDRAWN = `Never Was ${tag}`
const REFUSED = `Not Yet ${tag}`
const ADMIN = `ines@${tag}.example`
const PASSWORD = 'copper lantern drifts over marsh'
const REASON = 'We could not reach them.'
const SCREEN = 'Operations room'
/** How soon open pages must notice that they may not go on. */
const SHUT_MS = 15_000
const DAYS_AHEAD = 60
const asked = /status of 403/
const row = (page, text) => page.locator('.rows tr', { hasText: text })

async function inviteFirm(page, name, email) {
  await page.goto(`${CELL}/admin/members`)
  await page.fill('#firm-name', name)
  await page.selectOption('#firm-sector', 'energy')
  await page.fill('#firm-contact', 'Ines Roe')
  await page.fill('#firm-email', email)
  await page.click('#firm-go')
  await itIsMe(page, lead.password, '.once')
  const link = await linkOf(page)
  await keep(page)
  return link
}
/** A browser of its own is told that this link does not work. */
async function isDead(browser, link) {
  const w = await watched(browser)
  await w.page.goto(at(MEMBER, link))
  await w.page.waitForFunction(() => /does not work/.test(document.querySelector('h1')?.textContent ?? ''))
  clean(w, /status of 404/)
  await w.close()
}
/** Answers the dialog that is open, and who one is if that is asked too. */
async function yes(page, password) {
  await page.locator('dialog[open] .acts .btn').first().click()
  await Promise.race([
    page.waitForSelector('dialog[open] #sure-password', { timeout: LINK_WAIT_MS }),
    page.waitForSelector('dialog[open]', { state: 'detached', timeout: LINK_WAIT_MS }),
  ])
  if (!(await page.locator('dialog[open] #sure-password').count())) return
  await page.fill('#sure-password', password)
  await page.click('#sure-go')
  await page.waitForFunction(() => !document.querySelector('dialog[open]'), null, { timeout: LINK_WAIT_MS })
}
/** Signs in by password and a recovery code; `answer` is what the page must then show. */
async function byRecovery(w, code, answer) {
  await w.page.goto(`${MEMBER}/signin`)
  await toPassword(w.page)
  await w.page.fill('#email', ADMIN)
  await w.page.fill('#password', PASSWORD)
  await w.page.click('form button.btn')
  await w.page.waitForSelector('#code')
  await w.page.locator('button.plain', { hasText: 'Use a recovery code' }).click()
  await w.page.fill('#code', code)
  await w.page.click('form button.btn')
  if (answer) await w.page.waitForSelector(`.errsum :text("${answer}")`, { timeout: LINK_WAIT_MS })
  else await w.page.waitForURL(u => u.pathname === '/', { timeout: LINK_WAIT_MS })
}
const signedOut = page => page.waitForURL(u => u.pathname === '/signin', { timeout: SHUT_MS })

export async function lives(browser) {
  const c = await watched(browser),
    a = await watched(browser),
    p = await watched(browser)
  let link = '',
    codes = [],
    page = ''
  await check('a lead withdraws an invitation: its link stops', async () => {
    await signIn(c.page, CELL, lead)
    const gone = await inviteFirm(c.page, WITHDRAWN, `nobody@${tag}.example`)
    await row(c.page, `nobody@${tag}.example`)
      .getByRole('button', { name: /^Withdraw/ })
      .click()
    await yes(c.page, lead.password)
    await row(c.page, `nobody@${tag}.example`).locator('.state[data-state=withdrawn]').waitFor()
    await isDead(browser, gone)
    clean(c, asked)
  })
  await check('a lead sends an invitation again: the new link works, the old one does not', async () => {
    const old = await inviteFirm(c.page, FIRM, ADMIN)
    await row(c.page, ADMIN)
      .getByRole('button', { name: /^Send again/ })
      .click()
    await itIsMe(c.page, lead.password, '.once')
    link = await linkOf(c.page)
    await keep(c.page)
    expect(link !== old, 'the link is the same')
    await isDead(browser, old)
    clean(c, asked)
  })
  await check('its admin joins by password and app, and keeps recovery codes', async () => {
    await a.page.goto(at(MEMBER, link))
    await a.page.check('#join-terms')
    await a.page.click('#join-go')
    await a.page.waitForSelector('.choice, #pw-password', { timeout: LINK_WAIT_MS })
    if (await a.page.locator('.choice').count()) await a.page.locator('.choice .btn.quiet').click()
    await a.page.fill('#pw-password', 'too short')
    await a.page.click('#pw-go')
    await a.page.waitForSelector('.errsum a[href="#pw-password"]')
    await axe(a.page, 'joining: a password that is too short')
    await a.page.fill('#pw-password', PASSWORD)
    await a.page.click('#pw-go')
    await a.page.getByRole('button', { name: 'Set up an app' }).click()
    await a.page.waitForSelector('svg.qr path.dark')
    await axe(a.page, 'joining: the app')
    const secret = await a.page.locator('.totp [data-secret]').innerText()
    await a.page.fill('#app-code', '000000')
    await a.page.click('#app-go')
    await a.page.waitForSelector('.errsum')
    await a.page.fill('#app-code', totp(secret))
    await a.page.click('#app-go')
    await a.page.getByRole('button', { name: 'Make new codes' }).click()
    await a.page.waitForSelector('.once')
    await axe(a.page, 'joining: recovery codes')
    codes = await a.page.locator('.once [data-secret] code').allInnerTexts()
    expect(codes.length === 10, `${codes.length} recovery codes`)
    await a.page.locator('.once .tick input').check()
    await a.page.locator('.once .btn:not(.quiet)').click()
    await a.page.waitForURL(u => u.pathname === '/', { timeout: LINK_WAIT_MS })
    clean(a, /status of 4(01|03|22)/)
  })
  await check('a recovery code signs in once', async () => {
    await a.page.getByRole('button', { name: 'Sign out' }).click()
    await signedOut(a.page)
    await byRecovery(a, codes[0])
    await a.page.goto(`${MEMBER}/account`)
    await until(a.page, '9 codes left')
    await until(a.page, 'By recovery code')
    await axe(a.page, '/account with an app')
    await a.page.getByRole('button', { name: 'Sign out' }).click()
    await signedOut(a.page)
    await byRecovery(a, codes[0], 'was used before')
    await axe(a.page, 'a recovery code that was used')
    await byRecovery(a, codes[1])
    clean(a, /status of 401/)
  })
  await check('new recovery codes void the old ones', async () => {
    await a.page.goto(`${MEMBER}/account`)
    await a.page.getByRole('button', { name: 'Make new codes' }).click()
    const sure = a.page.locator('dialog[open] #sure-password')
    await Promise.race([sure.waitFor(), a.page.waitForSelector('.once')])
    if (await sure.count()) {
      await a.page.getByRole('button', { name: 'Use a recovery code instead' }).click()
      await sure.fill(PASSWORD)
      await a.page.fill('#sure-code', codes[2])
      await a.page.click('#sure-go')
      await a.page.waitForSelector('.once')
    }
    const old = codes[3]
    codes = await a.page.locator('.once [data-secret] code').allInnerTexts()
    await keep(a.page)
    await until(a.page, '10 codes left')
    const w = await watched(browser)
    await byRecovery(w, old, 'That recovery code is not right')
    clean(w, /status of 401/)
    await w.close()
    clean(a, asked)
  })
  await check('its admin and the cell say what the firm is, and each sees the other’s words', async () => {
    await a.page.goto(`${MEMBER}/organisation`)
    await a.page.fill('#own-brands', 'Harbour Light\nBeacon')
    await a.page.fill('#own-ranges', 'not a range')
    await a.page.click('#own-go')
    await a.page.waitForSelector('.errsum a[href="#own-ranges"]')
    await a.page.fill('#own-ranges', '192.0.2.0/24')
    await a.page.click('#own-go')
    await until(a.page, 'Saved.')
    await c.page.goto(`${CELL}/admin/members?q=${encodeURIComponent(FIRM)}`)
    await row(c.page, FIRM).first().locator('a').click()
    await until(c.page, 'beacon')
    page = c.page.url()
    await c.page.click('#edit > summary')
    await axe(c.page, 'what an organisation is, for the cell')
    await c.page.locator('#edit-sectors').getByLabel('Water').check()
    await c.page.selectOption('#edit-size', '50-249')
    await c.page.fill('#edit-software', 'Nginx')
    await c.page.click('#edit-go')
    await until(c.page, 'Saved.')
    const shown = await c.page.locator('.facts').first().innerText()
    expect(/Energy, Water/.test(shown) && /Nginx/.test(shown) && /50 to 249/.test(shown), shown)
    await a.page.reload()
    await until(a.page, 'Energy, Water')
    expect((await a.page.inputValue('#own-software')) === 'Nginx', 'the admin does not see the software')
    expect((await a.page.inputValue('#own-brands')).includes('beacon'), 'the cell undid the brands')
    clean(a, /status of 422/)
    clean(c, asked)
  })
  await check('a proposal is refused: the sponsor is told so, and not why', async () => {
    await a.page.goto(`${MEMBER}/sponsor`)
    for (const [field, text] of [
      ['name', REFUSED],
      ['domain', `${tag}-not.example`],
      ['contact', 'Ada Marsh'],
      ['email', `ada@${tag}-not.example`],
      ['why', 'They asked us.'],
    ])
      await a.page.fill(`#firm-${field}`, text)
    await a.page.selectOption('#firm-sector', 'transport')
    await a.page.click('#firm-go')
    await row(a.page, REFUSED).waitFor()
    await c.page.goto(`${CELL}/admin/sponsorships`)
    const asks = c.page.locator('.proposals li', { hasText: REFUSED })
    await asks.getByRole('button', { name: /^Refuse/ }).click()
    const dialog = c.page.locator('dialog[open]', { hasText: 'Refuse this proposal' })
    await axe(c.page, 'refusing a proposal')
    await dialog.locator('textarea').fill(REASON)
    await dialog.locator('.btn.danger').click()
    await asks.locator('.state[data-state=refused]').waitFor({ timeout: LINK_WAIT_MS })
    await a.page.reload()
    await row(a.page, REFUSED).waitFor()
    const told = await row(a.page, REFUSED).innerText()
    expect(/Not now/i.test(told), told)
    expect(!(await says(a.page)).includes(REASON), 'the sponsor reads the reason')
    clean(a)
    clean(c, asked)
  })
  await check('a person is disabled while their page is open, and enabled again', async () => {
    await a.page.goto(`${MEMBER}/people`)
    await a.page.fill('#invite-name', 'Omar Finch')
    await a.page.fill('#invite-email', `omar@${tag}.example`)
    await a.page.click('#invite-go')
    await a.page.waitForSelector('.once', { timeout: LINK_WAIT_MS })
    const person = await linkOf(a.page)
    await keep(a.page)
    await authenticator(p)
    await joinByPasskey(p, person)
    await a.page.reload()
    const omar = a.page
      .locator('table')
      .first()
      .locator('tr', { hasText: `omar@${tag}.example` })
    await omar.getByRole('button', { name: /^Disable/ }).click()
    await yes(a.page, PASSWORD)
    await omar.locator('.state[data-state=disabled]').waitFor()
    await signedOut(p.page)
    await p.page.click('#passkey')
    await p.page.waitForSelector('.errsum, [role=alert]', { timeout: LINK_WAIT_MS })
    await axe(p.page, 'signing in to a disabled account')
    await omar.getByRole('button', { name: /^Enable/ }).click()
    await omar.locator('.state[data-state=active]').waitFor()
    await p.page.goto(`${MEMBER}/signin`)
    await p.page.click('#passkey')
    await p.page.waitForURL(u => u.pathname === '/', { timeout: LINK_WAIT_MS })
    clean(a, asked)
    clean(p, /status of 401/)
  })
  await check('a wall is paired by a link that works once, and shows nothing more when it is revoked', async () => {
    await a.page.goto(`${MEMBER}/devices`)
    await a.page.fill('#wall-label', SCREEN)
    await a.page.click('#wall-go')
    await a.page.waitForSelector('.once', { timeout: LINK_WAIT_MS })
    await axe(a.page, '/devices with a link')
    const screen = await linkOf(a.page)
    await keep(a.page)
    const w = await watched(browser)
    await w.page.goto(at(MEMBER, screen))
    await w.page.waitForFunction(() => location.hash === '' && /Live/i.test(document.body.innerText), null, {
      timeout: LINK_WAIT_MS,
    })
    await a.page.reload()
    await row(a.page, SCREEN).locator('.state[data-state=active]').waitFor()
    await row(a.page, SCREEN)
      .getByRole('button', { name: /^Revoke/ })
      .click()
    await yes(a.page, PASSWORD)
    await row(a.page, SCREEN).waitFor({ state: 'detached' })
    await w.page.getByText('This screen is signed out.').first().waitFor({ timeout: SHUT_MS })
    await axe(w.page, 'a revoked wall')
    expect(new URL(w.page.url()).pathname === '/wall', `the screen went to ${w.page.url()}`)
    expect((await w.page.locator('input').count()) === 0, 'the screen asks for a sign-in')
    const again = await watched(browser)
    await again.page.goto(at(MEMBER, screen))
    await again.page.getByText('This screen is signed out.').first().waitFor({ timeout: SHUT_MS })
    await again.close()
    clean(w, /status of 401/)
    await w.close()
    clean(a, asked)
  })
  await check('a case is passed across a wall by name, and taken back', async () => {
    const s = await watched(browser)
    await c.page.goto(`${CELL}/admin/cell`)
    await c.page.fill('#cell-name', `Uma ${tag}`)
    await c.page.fill('#cell-email', `uma@${tag}.example`)
    await c.page.selectOption('#cell-role', 'seconded-analyst')
    await c.page.fill('#cell-find', FIRM)
    await c.page.locator('#cell-organisation option', { hasText: FIRM }).waitFor({ state: 'attached' })
    await c.page.selectOption('#cell-organisation', { label: FIRM })
    await c.page.fill('#cell-vetting', 'SC')
    await c.page.fill('#cell-vetted_until', `${new Date().getUTCFullYear() + 1}-01-31`)
    for (const sector of await c.page.locator('#cell-wall input').all()) await sector.check()
    await c.page.click('#cell-go')
    await itIsMe(c.page, lead.password, '.once')
    const secondee = await linkOf(c.page)
    await keep(c.page)
    await authenticator(s)
    await joinByPasskey(s, secondee, CELL)
    await c.page.goto(`${CELL}/campaigns`)
    await c.page.locator('main a[href^="/campaigns/"]').first().click()
    await c.page.locator('#hcases ~ details summary').click()
    const report = c.page.locator('.rows tr[data-row]').first(),
      id = await report.getAttribute('data-row'),
      held = c.page.locator(`.rows tr[data-row="${id}"]`)
    const reads = () =>
      s.page.evaluate(async x => {
        const r = await fetch('/cell/v1/wall')
        return (await r.text()).includes(x)
      }, id)
    expect(!(await reads()), 'the wall hides nothing')
    await held.getByRole('button', { name: /^Pass on/ }).click()
    const dialog = c.page.locator('dialog[open]', { hasText: 'across a wall' })
    await dialog.locator('select').waitFor()
    await axe(c.page, 'passing a case')
    const option = dialog.locator('option', { hasText: `Uma ${tag}` })
    await dialog.locator('select').selectOption(await option.getAttribute('value'))
    await dialog.getByRole('button', { name: 'Pass the case' }).click()
    await held.getByText(`Passed to Uma ${tag}.`).waitFor({ timeout: LINK_WAIT_MS })
    await held
      .locator('td', { hasText: `Uma ${tag}` })
      .first()
      .waitFor()
    await s.page.waitForSelector(`[data-case="${id}"]`, { timeout: LINK_WAIT_MS })
    await held.getByRole('button', { name: /^Pass on/ }).click()
    await dialog.getByRole('button', { name: 'Take it back' }).click()
    await held.getByText(`Taken back from Uma ${tag}.`).waitFor({ timeout: LINK_WAIT_MS })
    await s.page.waitForSelector(`[data-case="${id}"]`, { state: 'detached', timeout: LINK_WAIT_MS })
    clean(c, asked)
    clean(s)
    await s.close()
  })
  await check('a suspended firm’s pages end at once; woken, its people sign in with what they had', async () => {
    await a.page.goto(`${MEMBER}/organisation`)
    await c.page.goto(page)
    await c.page.getByRole('button', { name: 'Suspend' }).click()
    await axe(c.page, 'the question before suspending')
    await yes(c.page, lead.password)
    await c.page.locator('.state[data-state=suspended]').waitFor()
    await p.page.goto(`${MEMBER}/`)
    await signedOut(p.page)
    await a.page.reload()
    await signedOut(a.page)
    await c.page.getByRole('button', { name: 'Let it take part again' }).click()
    await yes(c.page, lead.password)
    await c.page.locator('.state[data-state=active]').first().waitFor()
    await byRecovery(a, codes[0])
    clean(c, asked)
    clean(a, /status of 401/)
  })
  await check('a new version of the terms is published, shown to the admin, and accepted', async () => {
    await c.page.goto(`${CELL}/admin/terms`)
    await c.page.waitForSelector('#terms-text')
    const ahead = new Date(Date.now() + DAYS_AHEAD * 86_400_000).toISOString().slice(0, 10)
    await c.page.fill('#terms-text', `What is shared stays among us.\n\nVersion of ${tag}.`)
    await c.page.fill('#terms-from_day', ahead)
    await c.page.click('#terms-go')
    await itIsMe(c.page, lead.password, 'p.good')
    const version = /Version (\d+) is published/.exec(await says(c.page))?.[1]
    expect(version, await says(c.page))
    await a.page.goto(`${MEMBER}/organisation`)
    await until(a.page, `Version of ${tag}.`)
    await axe(a.page, '/organisation with new terms')
    await a.page.getByRole('button', { name: `Accept version ${version}` }).click()
    await until(a.page, `Your organisation has accepted version ${version}.`)
    clean(a, asked)
    clean(c, asked)
  })
  await check('an English home page fetches no second part of a font', async () => {
    for (const [base, who] of [
      [CELL, lead],
      [MEMBER, WHO.member],
    ]) {
      const w = await watched(browser),
        fonts = []
      w.page.on('request', r => r.url().endsWith('.woff2') && fonts.push(new URL(r.url()).pathname))
      await signIn(w.page, base, who)
      await w.page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => undefined)
      expect(fonts.length > 0 && !fonts.some(f => /-rest-/.test(f)), fonts.join(' '))
      await w.close()
    }
  })
  for (const w of [c, a, p]) await w.close()
}
