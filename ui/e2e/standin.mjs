// The cell's wall before a stand-in server that does what no real one can be asked to: nothing for an hour, a wrong clock, a flood.
import { spawn } from 'node:child_process'
import { axe, check, clean, expect, watched } from './kit.mjs'

const LIVE_MS = 15_000
const FLOOD_PER_S = 500
const FLOOD_MS = 5000
const FLOOD_TRIES = 3
const DROPPED_MAX = 0.01
const SKEW_S = 5400

/** A stand-in server on a free port. */
export async function standInServer(face, ...options) {
  const child = spawn(process.execPath, ['dev/fake-server.mjs', face, '0', ...options], {
    cwd: new URL('..', import.meta.url).pathname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise((done, fail) => {
    child.once('error', fail)
    child.once('exit', code => fail(new Error(`the stand-in server ended (${code})`)))
    child.stdout.once('data', d => done(String(d).trim()))
  })
  return { url, stop: () => child.kill() }
}

async function wallOf(browser, face, ...options) {
  const s = await standInServer(face, ...options),
    w = await watched(browser, { viewport: { width: 1920, height: 1080 } }, [s.url])
  await w.ctx.addCookies([{ name: 'fake', value: '1', url: s.url }])
  await w.page.goto(`${s.url}/wall`)
  await w.page.waitForSelector('.clock[data-state=live]', { timeout: LIVE_MS })
  return {
    ...w,
    stop: async () => {
      await w.close()
      s.stop()
    },
  }
}

// Frames that the screen should have shown and did not, by the gaps between animation frames.
const dropped = (page, ms) =>
  page.evaluate(
    time =>
      new Promise(done => {
        const start = performance.now(),
          gaps = []
        let last = start
        const frame = t => {
          gaps.push(t - last)
          last = t
          if (t - start < time) requestAnimationFrame(frame)
          else {
            const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)],
              missed = gaps.reduce((n, g) => n + Math.max(0, Math.round(g / usual) - 1), 0)
            done(missed / (missed + gaps.length))
          }
        }
        requestAnimationFrame(t => {
          last = t
          requestAnimationFrame(frame)
        })
      }),
    ms,
  )

export async function standIn(browser) {
  await check('a quiet wall says Normal and what its empty panels mean', async () => {
    const w = await wallOf(browser, 'cell', '--quiet')
    await w.page.waitForSelector('.posture[data-word]')
    const says = await w.page.locator('.wall').innerText()
    for (const words of ['Nothing shared between firms right now.', 'No report in the last hour.'])
      expect(says.includes(words), `“${words}” is not there: ${says}`)
    expect(
      (await w.page.locator('.lane[data-level="1"], .lane[data-level="2"]').count()) === 0,
      'a quiet lane is coloured',
    )
    await axe(w.page, 'the quiet wall')
    clean(w)
    await w.stop()
  })
  await check('a member’s quiet wall says what its empty panels mean, and no posture is made up', async () => {
    const w = await wallOf(browser, 'member', '--quiet')
    const says = await w.page.locator('.wall').innerText()
    for (const words of [
      'Nothing has been shared yet.',
      'The cell has sent no advisory.',
      'the cell has set no posture',
    ])
      expect(says.includes(words), `“${words}” is not there: ${says}`)
    await axe(w.page, 'the member’s quiet wall')
    clean(w)
    await w.stop()
  })
  await check('a screen whose clock is wrong shows the server’s time and counts by it', async () => {
    const w = await wallOf(browser, 'cell', '--skew', String(SKEW_S))
    const off = await w.page.evaluate(
      () => (Date.parse(document.querySelector('.clock time').dateTime) - Date.now()) / 1000,
    )
    expect(Math.abs(off - SKEW_S) < 5, `the clock is ${off} s off this machine’s, not ${SKEW_S}`)
    const spans = await w.page.locator('.reports time').allInnerTexts()
    expect(
      spans.length > 0 && spans.every(t => t === 'now' || Number.parseInt(t, 10) < 30),
      `reports came ${spans.join(', ')} ago`,
    )
    expect((await w.page.locator('.behind').count()) === 0, 'it says that it is behind')
    clean(w)
    await w.stop()
  })
  await check(`${FLOOD_PER_S} events a second drop at most 1 % of the frames`, async () => {
    const w = await wallOf(browser, 'cell', '--flood', String(FLOOD_PER_S)),
      seen = []
    await w.page.waitForTimeout(2000)
    while (seen.length < FLOOD_TRIES && !(seen.at(-1) <= DROPPED_MAX)) seen.push(await dropped(w.page, FLOOD_MS))
    expect(seen.at(-1) <= DROPPED_MAX, `dropped ${seen.map(x => (x * 100).toFixed(1) + ' %').join(', ')}`)
    expect((await w.page.locator('.clock[data-state=live]').count()) === 1, 'it is not live')
    clean(w)
    await w.stop()
  })
}
