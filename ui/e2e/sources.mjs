// Who reported a case, in three browsers: two leads with passkeys make keys, an analyst reads the case without its source, one
// lead opens nothing, two do, and the firm reads that they did and why.
import { CELL, MEMBER, WHO, axe, check, clean, expect, signIn, watched } from './kit.mjs'
import { LINK_WAIT_MS, authenticator, itIsMe, joinByPasskey, keep, lead, linkOf, until } from './way-in.mjs'

const tag = Date.now().toString(36)
const WHY = `A court order of ${tag} names this case`
const FIRM = WHO.member.organisation

/** Invites a lead, who joins by passkey in a browser of their own. */
async function newLead(c, browser, name) {
  await c.page.goto(`${CELL}/admin/cell`)
  await c.page.fill('#cell-name', name)
  await c.page.fill('#cell-email', `${name.toLowerCase().replace(' ', '.')}@${tag}.example`)
  await c.page.selectOption('#cell-role', 'lead')
  await c.page.click('#cell-go')
  await itIsMe(c.page, lead.password, '.once')
  const link = await linkOf(c.page)
  await keep(c.page)
  const w = await watched(browser)
  await authenticator(w)
  await joinByPasskey(w, link, CELL)
  await w.page.goto(`${CELL}/admin/sources`)
  await w.page.getByRole('button', { name: 'Make a key on this device' }).waitFor()
  return w
}

async function makesKey(w) {
  const saved = w.page.waitForEvent('download', { timeout: LINK_WAIT_MS })
  await w.page.getByRole('button', { name: 'Make a key on this device' }).click()
  // To be made a lead is no passkey shown: it is asked for.
  await w.page.locator('dialog[open]').getByRole('button', { name: 'Use your passkey' }).click()
  const file = await saved
  expect(file.suggestedFilename() === 'fusioncell-lead.key', file.suggestedFilename())
  await until(w.page, 'Your key is on this device.')
  // It counts once it is confirmed, which an exercise's operator does by itself.
  await w.page.waitForFunction(
    () => !document.querySelector('main')?.innerText.includes('Your key does not count yet.'),
    null,
    { timeout: LINK_WAIT_MS },
  )
}

/** Goes to the cell's page of the member's firm. */
async function toFirm(w) {
  await w.page.goto(`${CELL}/admin/members?q=${encodeURIComponent(FIRM)}`)
  await w.page.locator('main').getByRole('link', { name: FIRM, exact: true }).first().click()
  await w.page.getByRole('heading', { level: 1, name: FIRM }).waitFor()
}

/** A report of the member, as its page sends it; its reference. */
const reported = page =>
  page.evaluate(async value => {
    const body = { title: 'Sealed', attack: 'phishing', warn: 'cell-only', know: 'nobody', tlp: 'GREEN', pap: 'GREEN' }
    const r = await fetch('/api/v1/reports', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, indicators: [{ value }], contact: '0113 496 0000' }),
    })
    return (await r.json()).reference
  }, `sealed-${tag}.net`)

export async function sources(browser) {
  const c = await watched(browser),
    m = await watched(browser)
  let one, other, reference
  // Without its name every check that a page does not tell it would hold by itself.
  expect(FIRM, 'the sign-ins do not say of which firm the member is')
  await check('two leads join by passkey and make keys that stay on their devices', async () => {
    await signIn(c.page, CELL, lead)
    one = await newLead(c, browser, 'Ada North')
    const before = await one.page.locator('.rows tbody tr').count()
    await until(one.page, before < 2 ? 'Fewer than two leads have a key' : 'Cases that come now can be opened')
    await axe(one.page, '/admin/sources without a key')
    await makesKey(one)
    other = await newLead(c, browser, 'Zoe South')
    await makesKey(other)
    await until(other.page, 'Cases that come now can be opened by any two')
    await axe(other.page, '/admin/sources')
    const kept = await other.page.evaluate(
      () =>
        new Promise(done => {
          const r = indexedDB.open('fusioncell-lead')
          r.onsuccess = () => {
            const all = r.result.transaction('keys').objectStore('keys').getAll()
            all.onsuccess = () => done(all.result.map(key => key.pair.privateKey.extractable).join())
          }
        }),
    )
    expect(kept === 'false', 'a script can read the private half out')
    clean(c, /status of 403/)
    clean(one, /status of 403/)
    clean(other, /status of 403/)
  })
  await check('an analyst reads the case and not its source', async () => {
    await signIn(m.page, MEMBER, WHO.member)
    // Now that two leads have a key the form asks how to reach whoever it is, and says beside the field who reads it.
    await m.page.goto(`${MEMBER}/report?step=share`)
    await m.page.check('#r-warn-cell-only')
    await m.page.check('#r-know-nobody')
    await m.page.click('#r-go')
    await until(m.page, 'two leads of the cell can open both')
    await m.page.fill('#r-contact', '0113 496 0000')
    await axe(m.page, '/report, contact for two leads')
    await m.page.getByRole('button', { name: 'Delete the draft' }).click()
    reference = await reported(m.page)
    const a = await watched(browser)
    await signIn(a.page, CELL, WHO.analyst)
    await a.page.goto(`${CELL}/triage/${reference}`)
    await until(a.page, `sealed-${tag}`)
    const text = await a.page.locator('main').innerText()
    expect(!text.includes(FIRM), 'the page of the case names the firm')
    expect(!text.includes('0113 496 0000'), 'the page of the case says how to reach the firm')
    expect(!(await a.page.locator('summary').count()), 'an analyst is offered to open it')
    await a.page.getByRole('button', { name: 'False or noise' }).click()
    await until(a.page, 'Judged as false or noise.')
    await a.page.getByRole('button', { name: 'It is so' }).click()
    await until(a.page, 'Judged as confirmed.')
    await axe(a.page, '/triage/$id, judged')
    clean(a)
    await a.close()
  })
  await check('one lead asks and opens nothing alone', async () => {
    await one.page.goto(`${CELL}/triage/${reference}`)
    await one.page.locator('summary', { hasText: 'Who reported it' }).click()
    await one.page.click('#opening-go')
    await one.page.waitForSelector('.errsum')
    await one.page.fill('#opening-reason', WHY)
    await one.page.click('#opening-go')
    await one.page.getByRole('link', { name: 'To what is being opened' }).click()
    await until(one.page, WHY)
    await one.page.getByRole('button', { name: 'Give my share' }).click()
    await until(one.page, 'It waits for a second lead.')
    await axe(one.page, '/admin/sources, waiting')
    const text = await one.page.locator('main').innerText()
    expect(!text.includes(FIRM), 'one lead alone is told the firm')
    expect(!text.includes('0113 496 0000'), 'one lead alone is told how to reach the firm')
    clean(one)
  })
  await check('a second lead opens it with the first', async () => {
    await other.page.goto(`${CELL}/admin/sources`)
    await until(other.page, 'Ada North asks.')
    await other.page.getByRole('button', { name: 'Give my share' }).click()
    await until(other.page, `It was reported by ${FIRM}`)
    await until(one.page, `It was reported by ${FIRM}`)
    await until(other.page, 'Who to call: 0113 496 0000')
    await axe(other.page, '/admin/sources, opened')
    clean(other)
    clean(one)
  })
  await check('the firm reads that two leads opened it, and why', async () => {
    await m.page.goto(`${MEMBER}/reports/${reference}`)
    await until(m.page, WHY)
    await until(m.page, 'Two leads of the cell opened who reported this.')
    await axe(m.page, '/reports/$ref, opened')
    clean(m)
  })
  await check('one lead gives nobody a way into a firm, and two do', async () => {
    await toFirm(one)
    await one.page.locator('summary', { hasText: 'No administrator left?' }).click()
    await one.page.fill('#admin-name', 'Eve Mallory')
    await one.page.fill('#admin-email', `eve@${tag}.example`)
    await one.page.click('#admin-go')
    await until(one.page, 'You asked for it: another lead has to agree.')
    expect(!(await one.page.getByRole('button', { name: /^Agree/ }).count()), 'who asked may agree')
    await axe(one.page, '/admin/members/$id, a way in waits')
    await toFirm(other)
    await until(other.page, 'Ada North asked that this person be given a way in')
    await axe(other.page, '/admin/members/$id, a way in to agree to')
    await other.page.getByRole('button', { name: /^Agree/ }).click()
    await other.page.locator('dialog[open]').getByRole('button', { name: 'Agree' }).click()
    await linkOf(other.page)
    clean(one)
    clean(other)
  })
  for (const w of [one, other, m, c]) await w?.close()
}
