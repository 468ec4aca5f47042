// Starts the wall: asks which face this listener has, then opens one stream of its own.
import { createRoot } from 'react-dom/client'
import '../tokens.css'
import './wall.css'
import type { FaceView } from '../api/types'
import { prefixOf } from '../lib/prefix'
import { isExercise, setExercise } from '../lib/exercise'
import { openStream, backoff, type Link } from '../live/stream'
import { wall as T } from '../words/wall'
import { Behind, Clock, Frame } from './Frame'
import { FLUSH_MS, WallLive } from './live'
import { MemberLive } from './member-live'
import { MemberWall } from './MemberWall'
import { Wall } from './Wall'

const root = createRoot(document.getElementById('root')!)
document.documentElement.dataset.theme = 'dark'

// before the first answer the screen already says that it connects, and that this is an exercise if it last was one
function waiting(link: Link, wait: number) {
  root.render(
    <Frame
      stale={false}
      exercise={isExercise()}
      posture={
        <div className="posture" data-word="none">
          <p>{T.connecting}</p>
        </div>
      }
      clock={<Clock now={() => Date.now()} ready={false} age={() => 0} link={link} />}
      banner={<Behind ready={false} age={0} link={link} wait={wait} />}
    >
      {null}
    </Frame>,
  )
}

async function face(): Promise<FaceView> {
  waiting('connecting', 0)
  for (let n = 0; ; n++) {
    try {
      const r = await fetch('/face', { headers: { accept: 'application/json' } })
      if (r.ok) {
        const f = (await r.json()) as FaceView
        setExercise(f.exercise)
        return f
      }
    } catch {
      /* the server is away: the screen says so and tries on */
    }
    const wait = backoff(n, Math.random())
    waiting('reconnecting', Math.round(wait / 1000))
    await new Promise(done => setTimeout(done, wait)) // eslint-disable-line no-await-in-loop
  }
}

// A wall is paired by a link whose code stands behind `#`: used once and taken out of the address at once.
async function pair(f: FaceView) {
  const code = new URLSearchParams(location.hash.slice(1)).get('pair')
  if (!code) return
  history.replaceState(null, '', location.pathname)
  const body = JSON.stringify({ code }),
    headers = { 'content-type': 'application/json' }
  // a code that is refused leaves the screen as it was: the stream then says that it is not let in
  await fetch(`${prefixOf(f.face)}/devices/pair`, { method: 'POST', headers, body }).catch(() => undefined)
}

function start(f: FaceView) {
  const prefix = prefixOf(f.face),
    live = f.face === 'cell' ? new WallLive() : new MemberLive()
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
void face().then(f => pair(f).then(() => start(f)))
