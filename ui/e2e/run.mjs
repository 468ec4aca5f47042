// Journeys in a real browser against a running server. SIGN_INS=FILE, or MEMBER_URL, CELL_URL and CREDENTIALS, say where and who.
// PLANT=NAME (see plants.mjs) breaks something on purpose: the run ends with 3 if the check meant for it caught it.
// An argument (journeys, joining, lives, reporting, campaigns, sources, outage, standin, reports, people) runs that part alone.
import { campaigns } from './campaigns.mjs'
import { joining } from './joining.mjs'
import { journeys } from './journeys.mjs'
import { close, launch } from './kit.mjs'
import { lives } from './lives.mjs'
import { reporting } from './reporting.mjs'
import { outage } from './outage.mjs'
import { everyPage } from './pages.mjs'
import { peopleStandIn } from './people-standin.mjs'
import { reportStandIn } from './report-standin.mjs'
import { sources } from './sources.mjs'
import { standIn } from './standin.mjs'

const only = process.argv[2],
  browser = await launch(),
  runs = part => !only || only === part
if (runs('journeys')) await everyPage(browser, await journeys(browser))
if (runs('joining')) await joining(browser)
if (runs('lives')) await lives(browser)
if (runs('reporting')) await reporting(browser)
if (runs('campaigns')) await campaigns(browser)
if (runs('sources')) await sources(browser)
if (runs('outage')) await outage(browser)
if (runs('standin')) await standIn(browser)
if (runs('reports')) await reportStandIn(browser)
if (runs('people')) await peopleStandIn(browser)
await browser.close()
close()
