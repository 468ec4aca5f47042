// One advisory: plain title, what happened, numbered "Do this", and "We have read this".
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { member } from '../api/client'
import type { AdvisoryView } from '../api/types'
import { When } from '../ui/When'
import { Severity, Tlp } from '../ui/bits'
import { words } from '../words/portal'

const T = words.home
const KEY = 'fc-read'
// The server counts reads but tells nobody, so what was read is remembered in this browser.
function readIds(): string[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '[]') as string[]
  } catch {
    return []
  }
}
export const isRead = (id: string) => readIds().includes(id)
const READ_KEPT = 200
function remember(id: string) {
  try {
    localStorage.setItem(KEY, JSON.stringify([id, ...readIds().filter(x => x !== id)].slice(0, READ_KEPT)))
  } catch {
    /* private mode */
  }
}

export function AdvisoryCard({ a, now, page }: { a: AdvisoryView; now: number; page?: boolean }) {
  const [read, setRead] = useState(() => isRead(a.id)),
    [failed, fail] = useState(false)
  const H = page ? 'h2' : 'h3',
    Sub = page ? 'h3' : 'h4'
  const mark = () => {
    fail(false)
    member.read(a.id).then(
      () => {
        remember(a.id)
        setRead(true)
      },
      () => fail(true),
    )
  }
  return (
    <li className={read ? 'card done' : 'card'} id={a.id}>
      <p className="meta">
        <Severity v={a.severity} />
        <Tlp v={a.tlp} meaning={page} />
        <When at={a.released_at} now={now} />
      </p>
      <H className="t">{a.title}</H>
      <p>{a.summary}</p>
      {a.actions.length > 0 && (
        <>
          <Sub className="do">{T.doThis}</Sub>
          <ol>
            {a.actions.map(x => (
              <li key={x}>{x}</li>
            ))}
          </ol>
        </>
      )}
      <p className="acts">
        {read ? (
          <span className="was">✓ {T.wasDone}</span>
        ) : (
          <button className="btn quiet" onClick={mark}>
            {T.done}
            <span className="vh">: {a.title}</span>
          </button>
        )}
        {a.campaign && (
          <Link to="/campaigns/$id" params={{ id: a.campaign }}>
            {T.seeCampaign}
          </Link>
        )}
      </p>
      {failed && (
        <p className="err" role="alert">
          {words.advisories.failed}
        </p>
      )}
    </li>
  )
}
