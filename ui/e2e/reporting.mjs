// A report and what comes after it, by keyboard alone at two widths: answer, thread with an analyst who does not know who it is,
// consent, correction, withdrawal.
import { readFileSync } from 'node:fs'
import { CELL, MEMBER, WHO, axe, check, clean, expect, noSidewaysScroll, signIn, watched } from './kit.mjs'

const SIZES = [
  [1440, 900],
  [390, 844],
]
const TABS_MAX = 160
const SOON_MS = 25_000
const LOOKS_MAX = 20
const LOOK_MS = 500
/** Page and stylesheet of whoever has no account. */
const PLAIN_BYTES_MAX = 50_000
const MAIL = 'From: a@b.example\r\nSubject: x\r\nReceived: by c\r\n\r\nhello'
const HOSTILE = '<svg onload=alert(1)>‮gnp.exe'
const member = WHO.member
const cellPerson = WHO.lead ?? WHO.analyst

/** Presses keys and counts them. */
function hands(page) {
  let presses = 0
  const press = async key => {
    presses++
    await page.keyboard.press(key)
  }
  return {
    press,
    presses: () => presses,
    /** Tabs to an element, as somebody without a mouse does. */
    to: async selector => {
      for (let n = 0; n < TABS_MAX; n++) {
        if (await page.evaluate(s => document.activeElement?.matches(s) ?? false, selector)) return
        await press('Tab')
      }
      throw new Error(`${selector} is not reached by Tab`)
    },
    type: async text => {
      presses += text.length
      await page.keyboard.insertText(text)
    },
  }
}
const heading = (page, text) =>
  page.waitForFunction(t => (document.querySelector('main h1')?.textContent ?? '').includes(t), text, {
    timeout: SOON_MS,
  })
const says = (page, text) => page.waitForFunction(t => document.body.innerText.includes(t), text, { timeout: SOON_MS })

export async function reporting(browser) {
  for (const [width, height] of SIZES) {
    const w = await watched(browser, { viewport: { width, height } }),
      c = await watched(browser)
    const h = hands(w.page),
      value = `paste-${width}-${Date.now().toString(36)}.net`
    let reference = ''
    const posted = []
    w.page.on('request', r => {
      if (r.method() === 'POST' && r.url().endsWith('/api/v1/reports')) posted.push(r.postData() ?? '')
    })
    await check(`a report by keyboard alone at ${width} px, and an answer at once`, async () => {
      await signIn(w.page, MEMBER, member)
      await w.page.goto(`${MEMBER}/report`)
      await heading(w.page, 'still going on')
      const began = Date.now(),
        before = h.presses()
      // Nothing is chosen for anybody, and what is missing is said.
      await h.to('#r-go')
      await h.press('Enter')
      await w.page.waitForSelector('.errsum a[href="#r-now-yes"]')
      expect((await w.page.title()).startsWith('Error:'), 'the title does not say that something is wrong')
      await axe(w.page, `report: an error at ${width}`)
      await h.to('#r-now-yes')
      await h.press('Space')
      await says(w.page, 'Call the cell')
      await axe(w.page, `report: going on at ${width}`)
      await h.to('#r-go')
      await h.press('Enter')
      await heading(w.page, 'comes closest')
      await h.to('#r-what-phishing')
      await h.press('Space')
      await axe(w.page, `report: what at ${width}`)
      await h.to('#r-go')
      await h.press('Enter')
      await heading(w.page, 'your words')
      await h.to('#r-title')
      await h.type(`False invoice ${HOSTILE}`)
      await h.to('#r-narrative')
      await h.type('It came at noon and two people opened it.')
      await axe(w.page, `report: words at ${width}`)
      await h.to('#r-go')
      await h.press('Enter')
      await heading(w.page, 'What was seen')
      await h.to('#r-paste')
      await h.type(`see hxxps://${value.replace('.', '[.]')}/login and 10.1.2.3`)
      // Nobody has to find the button: what was pasted is looked through before the next question.
      await h.to('#r-go')
      await h.press('Enter')
      await w.page.waitForSelector('#r-values input[type=checkbox]', { timeout: SOON_MS })
      await axe(w.page, `report: values at ${width}`)
      await noSidewaysScroll(w.page, `the report at ${width}`)
      // The draft outlives a reload.
      await w.page.reload()
      await heading(w.page, 'What was seen')
      await w.page.waitForSelector('#r-values input[type=checkbox]')
      await h.to('#r-go')
      await h.press('Enter')
      await heading(w.page, 'Who may be warned')
      expect(
        (await w.page.locator('input[name=warn]:checked, input[name=know]:checked').count()) === 0,
        'an answer is preselected',
      )
      await h.to('#r-warn-now')
      for (let n = 0; n < 3; n++) await h.press('ArrowDown')
      await h.to('#r-know-nobody')
      await h.press('Space')
      await axe(w.page, `report: share at ${width}`)
      await h.to('#r-go')
      await h.press('Enter')
      await heading(w.page, 'reach you')
      await axe(w.page, `report: contact at ${width}`)
      await h.to('#r-go')
      await h.press('Enter')
      await heading(w.page, 'Check your answers')
      await axe(w.page, `report: check at ${width}`)
      await h.to('#r-go')
      await h.press('Enter')
      await heading(w.page, 'Report received')
      await says(w.page, 'What to do now')
      await axe(w.page, `report: received at ${width}`)
      reference = (await w.page.locator('.ref').innerText()).trim()
      // It is for the cell only: its words left this device sealed.
      expect(posted.length === 1 && !posted[0].includes('It came at noon'), 'the words were sent in plain')
      expect(posted[0].includes('"fusioncell-sealed-words-1 '), 'the words were not sent')
      // The receipt outlives a reload.
      await w.page.reload()
      await heading(w.page, 'Report received')
      expect((await w.page.locator('.ref').innerText()).trim() === reference, 'the receipt is lost on reload')
      expect(
        (await w.page.evaluate(() => getComputedStyle(document.querySelector('ol.numbered')).listStyleType)) ===
          'decimal',
        'what to do now has no numbers',
      )
      console.log(
        `      ${h.presses() - before} key presses, ${((Date.now() - began) / 1000).toFixed(1)} s with all checks`,
      )
      clean(w)
    })
    await check(`an analyst reads it and answers without knowing who it is (${width} px)`, async () => {
      await signIn(c.page, CELL, cellPerson)
      await c.page.goto(`${CELL}/triage/${reference}`)
      await says(c.page, 'It came at noon')
      await says(c.page, 'Sealed on the reporter’s device')
      const text = await c.page.locator('main').innerText()
      expect(
        !text.includes(member.email) && !(member.organisation && text.includes(member.organisation)),
        'the page names the firm',
      )
      expect(text.includes('<svg onload'), 'hostile text is not shown as text')
      await axe(c.page, 'a case')
      await c.page.fill('#say-text', 'May others be warned?')
      await c.page.check('input[name=asks]')
      await c.page.click('#say-go')
      await says(c.page, 'asks whether more may be shared')
      clean(c)
    })
    await check(`its reporter reads the answer, consents, corrects and withdraws (${width} px)`, async () => {
      await w.page.goto(`${MEMBER}/reports`)
      await says(w.page, 'False invoice')
      await axe(w.page, `own reports at ${width}`)
      await w.page.goto(`${MEMBER}/reports/${reference}`)
      await says(w.page, 'May others be warned?')
      await says(w.page, 'was sealed on your device')
      // So is a file, with its name; the cell opens both.
      const sent = w.page.waitForRequest(r => r.method() === 'POST' && r.url().includes('/files'))
      await w.page.setInputFiles('#file-add', {
        name: 'payroll.eml',
        mimeType: 'message/rfc822',
        buffer: Buffer.from(MAIL),
      })
      await h.to('#file-go')
      await h.press('Enter')
      await says(w.page, 'payroll.eml was sent.')
      await says(w.page, 'A sealed file')
      expect(!(await sent).url().includes('payroll'), 'the name of the file was sent in plain')
      await c.page.reload()
      await says(c.page, 'payroll.eml')
      await says(c.page, 'opened for you')
      const saved = c.page.waitForEvent('download', { timeout: SOON_MS })
      await c.page.getByRole('link', { name: 'Save payroll.eml' }).click()
      expect(readFileSync(await (await saved).path(), 'utf8') === MAIL, 'the file is another after it was opened')
      await axe(c.page, 'a case with a sealed file')
      await axe(w.page, `a thread at ${width}`)
      await noSidewaysScroll(w.page, `a thread at ${width}`)
      await h.to('#say-text')
      await h.type('Yes.')
      await h.to('#say-go')
      await h.press('Enter')
      await says(w.page, 'Sent.')
      const consent = w.page.getByRole('button', { name: 'You may share this' })
      await consent.focus()
      await h.press('Enter')
      await says(w.page, 'More may be warned now')
      await w.page.getByRole('button', { name: 'Correct it' }).focus()
      await h.press('Enter')
      await w.page.waitForSelector('#fix-title')
      await axe(w.page, `a correction at ${width}`)
      await w.page.fill('#fix-title', 'False invoice, corrected')
      await w.page.locator('#fix-go').focus()
      await h.press('Enter')
      await heading(w.page, 'corrected')
      await w.page.getByRole('button', { name: 'Withdraw it' }).focus()
      await h.press('Enter')
      await w.page.waitForSelector('dialog[open]')
      await axe(w.page, `withdrawing at ${width}`)
      await w.page.locator('dialog[open] .acts .btn').first().focus()
      await h.press('Enter')
      await says(w.page, 'Withdrawn')
      clean(w)
      await c.page.reload()
      await says(c.page, 'Withdrawn')
      clean(c)
    })
    await w.close()
    await c.close()
  }
  await check('what to do without the platform is a page of its own, without script', async () => {
    const w = await watched(browser, { javaScriptEnabled: false })
    await w.page.goto(`${MEMBER}/break-glass`)
    expect((await w.page.locator('h1').innerText()).includes('cannot be reached'), 'no such page')
    await w.page.goto(`${MEMBER}/status`)
    expect((await w.page.locator('main').innerText()).includes('answers'), 'no such page')
    await w.close()
  })
  await check(
    'a shop owner tells without account or script at 390 px, is answered, and talks with the cell by a code',
    async () => {
      const w = await watched(browser, { viewport: { width: 390, height: 844 } }),
        c = await watched(browser)
      const h = hands(w.page)
      const main = () => w.page.locator('main').innerText()
      // The browser runs axe and the hands of this journey; the pages have no script that it could run.
      const seen = async where => {
        expect(!(await w.page.locator('script, [onclick], [style]').count()), `${where} has a script or a style`)
        await axe(w.page, where)
        await noSidewaysScroll(w.page, where)
      }
      const began = Date.now()
      const fetched = async path => (await (await w.page.request.get(`${MEMBER}${path}`)).body()).length
      const size = (await fetched('/tell')) + (await fetched('/plain.css'))
      await w.page.goto(`${MEMBER}/tell`)
      expect(size > 0 && size <= PLAIN_BYTES_MAX, `the page takes ${size} bytes`)
      await seen('the small firm’s page')
      await h.to('button')
      await h.press('Enter')
      await says(w.page, 'Nothing was sent yet')
      await seen('what is missing on the small firm’s page')
      await h.to('#ongoing-yes')
      await h.press('Space')
      await h.to('#what')
      await h.type(`Somebody rang and sent us to hxxps://till-${began.toString(36)}[.]net/pay ${HOSTILE}`)
      await h.to('#reach')
      await h.type('0113 496 0000')
      await h.to('button')
      await h.press('Enter')
      await w.page.locator('h1', { hasText: 'The cell has it' }).waitFor({ timeout: SOON_MS })
      console.log(
        `      ${h.presses()} key presses, ${((Date.now() - began) / 1_000).toFixed(1)} s, ${size} bytes of page and style`,
      )
      const answer = await main(),
        code = await w.page.locator('input[name=code]').getAttribute('value')
      expect(answer.includes(`https://till-${began.toString(36)}.net/pay`), 'its value is not told')
      expect(/not yet\s+read/.test(answer), 'it does not say that nobody has read it')
      await seen('the answer to a small firm')
      const reference = await w.page.locator('p.code').last().innerText()

      await signIn(c.page, CELL, cellPerson)
      await says(c.page, 'from outside, unread')
      await c.page.goto(`${CELL}/triage/${reference}`)
      await says(c.page, 'From outside the partnership')
      await c.page.fill('#say-text', 'Take the till off the network.')
      await c.page.click('#say-go')
      await says(c.page, 'Take the till off the network.')
      clean(c)

      await w.page.goto(`${MEMBER}/tell/back`)
      await seen('asking for the code')
      await w.page.fill('#code', code.toLowerCase().replaceAll('-', ' '))
      await h.to('button')
      await h.press('Enter')
      await heading(w.page, 'Your report')
      for (let n = 0; n < LOOKS_MAX && !(await main()).includes('off the network'); n++) {
        await w.page.waitForTimeout(LOOK_MS)
        await w.page.reload()
      }
      expect((await main()).includes('off the network'), 'the cell’s answer is not there')
      await seen('a small firm’s thread')
      await w.page.fill('#text', 'Done.')
      await w.page.getByRole('button', { name: 'Send' }).click()
      await says(w.page, 'Sent.')
      await says(c.page, 'Done.')
      await w.page.goto(`${MEMBER}/tell/back`)
      await w.page.fill('#code', 'AAAAA-AAAAA-AAAAA-AAAAA')
      await h.to('button')
      await h.press('Enter')
      await says(w.page, 'No report has this code')
      clean(w, /status of (404|422)/)
      clean(c)
      await w.close()
      await c.close()
    },
  )
}
