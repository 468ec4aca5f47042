// What an analyst says of campaigns, in a browser: a report of a member and another one that share nothing are made one attack, the
// campaign is named, members see one campaign too, and a later word makes two of it again.
import { CELL, MEMBER, WHO, axe, check, clean, expect, signIn, watched } from './kit.mjs'

// Digits alone: letters between them would be a word that both names share.
const tag = String(Date.now())
const NAME = `Silver Heron ${tag}`
const WAIT_MS = 10_000
const TICK_MS = 100
const analyst = WHO.analyst ?? WHO.lead

/** A report of the member with one value, as its page sends it; its reference. */
const reported = (page, wanted) =>
  page.evaluate(async value => {
    const body = { title: 'Odd', attack: 'phishing', warn: 'now', know: 'nobody', tlp: 'GREEN', pap: 'GREEN' }
    const r = await fetch('/api/v1/reports', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, indicators: [{ value }] }),
    })
    return (await r.json()).reference
  }, wanted)

/** The campaign of a value as members see it, once it is another than `than`. */
const campaignOf = async (page, wanted, than) => {
  for (let i = 0; i < 40; i++) {
    const id = await page.evaluate(async value => {
      const found = await (await fetch(`/api/v1/lookup?value=${value}`)).json()
      return found.indicator?.campaign ?? found.campaign?.id ?? ''
    }, wanted)
    if (id && id !== than) return id
    await page.waitForTimeout(500)
  }
  throw new Error(`${wanted} is in no other campaign`)
}

export async function campaigns(browser) {
  const m = await watched(browser),
    c = await watched(browser)
  await signIn(m.page, MEMBER, WHO.member)
  await signIn(c.page, CELL, analyst)
  const values = [`quartz${tag}.net`, `lantern${tag}.org`],
    cases = []
  let apart = []
  await check('two reports that share nothing are two campaigns', async () => {
    for (const value of values) {
      cases.push(await reported(m.page, value))
      // Of two that open at one release tick members' older one is either, by chance.
      await m.page.waitForTimeout(3 * TICK_MS)
    }
    apart = [await campaignOf(m.page, values[0]), await campaignOf(m.page, values[1])]
    expect(apart[0] !== apart[1], 'one campaign already')
  })
  await check('an analyst names a campaign', async () => {
    await c.page.goto(`${CELL}/campaigns/${cases[0]}`)
    await c.page.fill('#name-name', NAME)
    await c.page.click('#name-go')
    await c.page.getByRole('heading', { level: 1, name: NAME }).waitFor({ timeout: WAIT_MS })
    await axe(c.page, 'a campaign with a name')
  })
  await check('a word makes one campaign of two, here and for members', async () => {
    const said = await c.page.evaluate(
      async ([one, other]) => {
        const r = await fetch(`/cell/v1/reports/${one}/related`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ other, same: true, reason: 'the kit is the same' }),
        })
        return r.status
      },
      [cases[1], cases[0]],
    )
    expect(said === 204, `the word was answered with ${said}`)
    await c.page.getByText('A campaign of 1 report became part of it').waitFor({ timeout: 2 * WAIT_MS })
    expect((await campaignOf(m.page, values[1], apart[1])) === apart[0], 'members have another campaign')
  })
  await check('a reason is asked for, and then the campaign is two again', async () => {
    await c.page.getByText('Not one attack').click()
    const ids = await c.page.locator('#part-one option').evaluateAll(o => o.map(x => x.value).filter(Boolean))
    await c.page.selectOption('#part-one', ids[0])
    await c.page.selectOption('#part-other', ids[1])
    await c.page.click('#part-go')
    await c.page.locator('.errsum').waitFor()
    await c.page.fill('#part-reason', 'another lure, another hand')
    await c.page.click('#part-go')
    await c.page.getByText('A campaign of 1 report was split off').waitFor({ timeout: 2 * WAIT_MS })
    expect((await campaignOf(m.page, values[1], apart[0])) === apart[1], 'members have another campaign')
    await axe(c.page, 'a campaign that was split')
  })
  clean(m)
  clean(c, /422/)
  await m.close()
  await c.close()
}
