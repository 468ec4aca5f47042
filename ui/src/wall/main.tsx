// Starts the wall: asks which face this listener has, then opens one stream of its own.
import { createRoot } from 'react-dom/client'
import '../tokens.css'
import './wall.css'
import type { FaceView } from '../api/types'
import { prefixOf } from '../lib/prefix'
import { openStream, backoff } from '../live/stream'
import { Behind } from './Frame'
import { FLUSH_MS, WallLive } from './live'
import { MemberLive } from './member-live'
import { MemberWall } from './MemberWall'
import { Wall } from './Wall'

const root = createRoot(document.getElementById('root')!)
document.documentElement.dataset.theme = 'dark'

async function face(): Promise<FaceView> {
  for (let n = 0; ; n++) {
    try {
      const r = await fetch('/face', { headers: { accept: 'application/json' } })
      if (r.ok) return (await r.json()) as FaceView
    } catch {
      /* the server is away: the screen says so and tries on */
    }
    const wait = backoff(n, Math.random())
    root.render(
      <main className="wall">
        <Behind ready={false} age={0} link="reconnecting" wait={Math.round(wait / 1000)} />
      </main>,
    )
    await new Promise(done => setTimeout(done, wait)) // eslint-disable-line no-await-in-loop
  }
}

function start(f: FaceView) {
  const prefix = prefixOf(f.face),
    live = f.face === 'cell' ? new WallLive() : new MemberLive()
  const whole = f.face === 'cell' ? `${prefix}/wall` : `${prefix}/home`
  live.onResync = () => {
    fetch(whole)
      .then(r => (r.ok ? r.json() : Promise.reject(new Error(String(r.status)))))
      .then(
        (data: unknown) => live.event({ type: 'snapshot', data }),
        () => {
          /* the next resync or reconnect brings it */
        },
      )
  }
  openStream({
    url: `${prefix}/stream`,
    onEvent: e => live.event(e),
    onLink: (l, at) => live.setLink(l, at),
    probe: () => fetch(`${prefix}/session`).then(r => r.status),
  })
  setInterval(() => live.flush(), FLUSH_MS)
  if (live instanceof WallLive) setInterval(() => live.second(), 1000)
  root.render(
    live instanceof WallLive ? (
      <Wall live={live} exercise={f.exercise} />
    ) : (
      <MemberWall live={live} exercise={f.exercise} />
    ),
  )
}
void face().then(start)
