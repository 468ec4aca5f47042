// From an invitation to a revoked key, in a browser with a virtual authenticator: a lead invites a firm, its admin joins by passkey,
// adds people and proposes a second firm, the cell approves it, and a key's open stream ends when the key is revoked.
import { CELL, MEMBER, axe, check, clean, expect, signIn, watched } from './kit.mjs'
import { LINK_WAIT_MS, at, authenticator, itIsMe, joinByPasskey, keep, lead, linkOf, until } from './way-in.mjs'

const STREAM_ENDS_MS = 10_000
const tag = Date.now().toString(36)
const FIRM = `Wharf Water ${tag}`
const SECOND = `Tern Logistics ${tag}`

export async function joining(browser) {
  const c = await watched(browser),
    m = await watched(browser),
    f = await watched(browser)
  let link = '',
    second = '',
    key = ''
  await check('a lead invites a firm', async () => {
    await signIn(c.page, CELL, lead)
    await c.page.goto(`${CELL}/admin/members`)
    await c.page.fill('#firm-name', FIRM)
    await c.page.selectOption('#firm-sector', 'water')
    await c.page.fill('#firm-contact', 'Kit Hale')
    await c.page.fill('#firm-email', `kit@${tag}.example`)
    await c.page.click('#firm-go')
    await itIsMe(c.page, lead.password, '.once')
    link = await linkOf(c.page)
    await keep(c.page)
    clean(c, /status of 403/)
  })
  await check('its admin accepts the terms and registers a passkey', async () => {
    await authenticator(m)
    await joinByPasskey(m, link)
    clean(m)
  })
  await check('the link works once', async () => {
    const w = await watched(browser)
    await w.page.goto(at(MEMBER, link))
    await w.page.waitForFunction(() => /does not work/.test(document.querySelector('h1')?.textContent ?? ''))
    clean(w, /status of 404/)
    await w.close()
  })
  await check('the admin signs in by passkey alone', async () => {
    await m.page.getByRole('button', { name: 'Sign out' }).click()
    await m.page.waitForSelector('#passkey')
    await m.page.click('#passkey')
    await m.page.waitForURL(u => u.pathname === '/', { timeout: LINK_WAIT_MS })
    clean(m)
  })
  await check('the admin adds people', async () => {
    await m.page.goto(`${MEMBER}/people`)
    await m.page.fill('#invite-name', 'Noor Vale')
    await m.page.fill('#invite-email', `noor@${tag}.example`)
    await m.page.click('#invite-go')
    await m.page.waitForSelector('.once', { timeout: LINK_WAIT_MS })
    const person = await linkOf(m.page)
    await keep(m.page)
    await authenticator(f)
    await joinByPasskey(f, person)
    await m.page.goto(`${MEMBER}/people`)
    await m.page.waitForSelector(`.rows :text("noor@${tag}.example")`)
    clean(m)
    clean(f)
  })
  await check('the admin proposes a second firm, and the cell approves it', async () => {
    await m.page.goto(`${MEMBER}/sponsor`)
    for (const [field, text] of [
      ['name', SECOND],
      ['domain', `${tag}-tern.example`],
      ['contact', 'Ada Marsh'],
      ['email', `ada@${tag}-tern.example`],
      ['why', 'We have worked with them for years.'],
    ])
      await m.page.fill(`#firm-${field}`, text)
    await m.page.selectOption('#firm-sector', 'transport')
    await m.page.click('#firm-go')
    await m.page.waitForSelector(`.rows :text("${SECOND}")`, { timeout: LINK_WAIT_MS })
    await c.page.goto(`${CELL}/admin/sponsorships`)
    const row = c.page.locator('.proposals li', { hasText: SECOND })
    await row.locator('.acts button').first().click()
    await c.page.locator('dialog[open] .acts .btn').first().click()
    await itIsMe(c.page, lead.password, '.once')
    second = await linkOf(c.page)
    await keep(c.page)
    await m.page.reload()
    await m.page.waitForSelector('.state[data-state=invited]')
    clean(m)
    clean(c, /status of 403/)
  })
  await check('what an invitation calls a firm’s own waits for its admin', async () => {
    const s = await watched(browser)
    await authenticator(s)
    await joinByPasskey(s, second)
    await until(s.page, 'Nobody of your organisation can report yet')
    await axe(s.page, 'a home that cannot report yet')
    await s.page.goto(`${MEMBER}/report`)
    await until(s.page, 'Nobody of your organisation can report yet')
    expect((await s.page.locator('main form').count()) === 0, 'there is a form that would be refused')
    await s.page.getByRole('link', { name: 'Look through it' }).click()
    await until(s.page, 'None of it counts until you confirm it')
    expect(
      (await s.page.inputValue('#own-domains')).trim() === `${tag}-tern.example`,
      'the proposed domain is not shown',
    )
    await axe(s.page, 'an organisation whose own is proposed')
    await s.page.fill('#own-domains', '')
    await s.page.click('#own-go')
    await until(s.page, 'Saved.')
    await s.page.goto(`${MEMBER}/report`)
    await s.page.waitForSelector('main form', { timeout: LINK_WAIT_MS })
    expect(!/can report yet/.test(await s.page.locator('main').innerText()), 'the notice stays')
    clean(s)
    await s.close()
  })
  // what the secondee is then shown, and what not, is the affair of who-sees-what
  await check('a secondee of the firm is added, vetted and walled', async () => {
    const w = await watched(browser)
    await c.page.goto(`${CELL}/admin/cell`)
    await c.page.fill('#cell-name', 'Remy Stone')
    await c.page.fill('#cell-email', `remy@${tag}.example`)
    await c.page.selectOption('#cell-role', 'seconded-analyst')
    await c.page.fill('#cell-find', FIRM)
    await c.page.locator('#cell-organisation option', { hasText: FIRM }).waitFor({ state: 'attached' })
    await c.page.selectOption('#cell-organisation', { label: FIRM })
    await c.page.click('#cell-go')
    await c.page.waitForSelector('.errsum a[href="#cell-wall"]')
    await axe(c.page, 'inviting a secondee with errors')
    await c.page.fill('#cell-vetting', 'SC')
    await c.page.fill('#cell-vetted_until', `${new Date().getUTCFullYear() + 1}-01-31`)
    await c.page.locator('#cell-wall').getByLabel('Water').check()
    await c.page.click('#cell-go')
    await itIsMe(c.page, lead.password, '.once')
    const secondee = await linkOf(c.page)
    await keep(c.page)
    await authenticator(w)
    await joinByPasskey(w, secondee, CELL)
    await c.page.reload()
    const row = c.page.locator('.rows tr', { hasText: `remy@${tag}.example` })
    await row.waitFor()
    const says = await row.innerText()
    expect(says.includes(FIRM) && /Vetted SC/.test(says) && /Water/.test(says), says)
    clean(c, /status of 403/)
    await w.close()
  })
  await check('a key is made, used, and its open stream ends when it is revoked', async () => {
    await m.page.goto(`${MEMBER}/keys`)
    await m.page.fill('#key-label', 'Firewall')
    await m.page.getByLabel('Read what is released').check()
    await m.page.click('#key-go')
    await m.page.waitForSelector('.once', { timeout: LINK_WAIT_MS })
    key = await linkOf(m.page)
    await keep(m.page)
    const headers = { authorization: `Bearer ${key}` },
      host = MEMBER.replace('//localhost', '//127.0.0.1')
    expect((await fetch(`${host}/api/v1/indicators`, { headers })).status === 200, 'the key does not read')
    const stream = await fetch(`${host}/api/v1/stream`, { headers })
    expect(stream.status === 200, `the stream answers ${stream.status}`)
    const ended = (async () => {
      for await (const _ of stream.body) void _
      return true
    })().catch(() => true)
    await m.page.locator('.rows tr', { hasText: 'Firewall' }).locator('.does button').click()
    await m.page.locator('dialog[open] .btn.danger').click()
    expect(
      await Promise.race([ended, new Promise(done => setTimeout(() => done(false), STREAM_ENDS_MS))]),
      'the stream goes on after the key is revoked',
    )
    expect((await fetch(`${host}/api/v1/indicators`, { headers })).status === 401, 'the revoked key still reads')
    clean(m)
  })
  for (const w of [c, m, f]) await w.close()
}
