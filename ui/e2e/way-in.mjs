// What the journeys of people and organisations share: a virtual authenticator, an app's codes, links shown once, joining.
import { createHmac } from 'node:crypto'
import { MEMBER, WHO, axe } from './kit.mjs'

export const LINK_WAIT_MS = 15_000
/** An authenticator without a device: it holds discoverable passkeys and is always shown a finger. */
export async function authenticator(w) {
  const cdp = await w.ctx.newCDPSession(w.page)
  await cdp.send('WebAuthn.enable')
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
}
/** Answers "Is it you?" by password, if it is asked. */
export async function itIsMe(page, password, then) {
  const asked = page.locator('dialog[open] #sure-password')
  await Promise.race([asked.waitFor({ timeout: LINK_WAIT_MS }), page.waitForSelector(then, { timeout: LINK_WAIT_MS })])
  if (await asked.count()) {
    await asked.fill(password)
    await page.click('#sure-go')
  }
  await page.waitForSelector(then, { timeout: LINK_WAIT_MS })
}
export const linkOf = async page => (await page.locator('.once [data-secret] code').innerText()).trim()
/** The link's path at the listener under test: a demo's links name the usual ports. */
export const at = (base, link) => base + new URL(link).pathname + new URL(link).hash
export async function keep(page) {
  await page.locator('.once .tick input').check()
  await page.locator('.once .btn:not(.quiet)').click()
  await page.waitForSelector('.once', { state: 'detached' })
}
export const lead = WHO.lead ?? WHO.analyst

export async function joinByPasskey(w, link, base = MEMBER) {
  await w.page.goto(at(base, link))
  await w.page.waitForSelector('#join-go')
  await axe(w.page, '/join')
  if (base === MEMBER) await w.page.check('#join-terms')
  await w.page.click('#join-go')
  await w.page.waitForFunction(() => location.hash === '', null, { timeout: LINK_WAIT_MS })
  await w.page.locator('.choice .btn.big').click()
  await w.page.fill('#key-name', 'Work laptop')
  await w.page.click('#key-go')
  await w.page.waitForURL(u => u.pathname === '/', { timeout: LINK_WAIT_MS })
  await w.page.waitForSelector('main h1')
}

/** An app's code (RFC 6238) from the key that the page shows. */
export function totp(secret, now = Date.now()) {
  const bits = [...secret.replace(/\s/g, '')]
    .map(c => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from(bits.match(/.{8}/g).map(b => parseInt(b, 2))),
    step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)))
  const mac = createHmac('sha1', key).update(step).digest(),
    from = mac[19] & 15
  return String((mac.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
/** The words of the page's main part. */
export const says = page => page.locator('main').innerText()
/** Waits until the page's main part says so. */
export const until = (page, text) =>
  page.waitForFunction(t => document.querySelector('main')?.innerText.includes(t), text, { timeout: LINK_WAIT_MS })
