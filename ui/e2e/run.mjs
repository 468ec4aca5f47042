// Journeys in a real browser against a running server. SIGN_INS=FILE, or MEMBER_URL, CELL_URL and CREDENTIALS, say where and who.
// PLANT=axe|csp|dead-stream breaks something on purpose; such a run must fail. An argument (journeys, outage) runs that part alone.
import { journeys } from './journeys.mjs'
import { close, launch } from './kit.mjs'
import { outage } from './outage.mjs'

const only = process.argv[2],
  browser = await launch()
if (only !== 'outage') await journeys(browser)
if (only !== 'journeys') await outage(browser)
await browser.close()
close()
