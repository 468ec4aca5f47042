// The frame of every signed-in page: search, navigation for this face, theme, keys, sign-out, and the EXERCISE marker.
import { useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useNavigate, useRouteContext, useRouter } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { signOut } from '../api/client'
import { chooseTheme, isTyping, keysOn, setKeysOn, theme, type Theme } from '../lib/theme'
import { words } from '../words/portal'
import { Icon, type IconName } from './Icon'
import { Exercise, Mark } from './bits'

const N = words.nav
type Item = { to: string; icon: IconName; label: string }
const member: Item[] = [
  { to: '/', icon: 'home', label: N.home },
  { to: '/advisories', icon: 'alert', label: N.advisories },
  { to: '/search', icon: 'search', label: N.search },
  { to: '/campaigns', icon: 'campaign', label: N.campaigns },
]
const cell: Item[] = [
  { to: '/', icon: 'desk', label: N.desk },
  { to: '/campaigns', icon: 'campaign', label: N.campaigns },
  { to: '/search', icon: 'search', label: N.search },
  { to: '/noise', icon: 'noise', label: N.noise },
  { to: '/advisories/new', icon: 'write', label: N.write },
]

function KeysHelp({ open, close }: { open: boolean; close: () => void }) {
  const d = useRef<HTMLDialogElement>(null),
    [on, set] = useState(keysOn)
  useEffect(() => {
    if (open && !d.current?.open) d.current?.showModal()
    if (!open && d.current?.open) d.current.close()
  }, [open])
  return (
    <dialog ref={d} className="dlg" aria-labelledby="hk" onClose={close}>
      <h2 id="hk">{words.keys.title}</h2>
      <dl className="keys">
        {words.keys.list.map(([k, v]) => (
          <div key={k}>
            <dt>
              {k.split('  ').map(x => (
                <kbd key={x}>{x}</kbd>
              ))}
            </dt>
            <dd>{v}</dd>
          </div>
        ))}
      </dl>
      <p>
        <label className="tick">
          <input
            type="checkbox"
            checked={on}
            onChange={e => {
              set(e.target.checked)
              setKeysOn(e.target.checked)
            }}
          />{' '}
          {words.keys.on}
        </label>
      </p>
      <p>
        <button className="btn" onClick={close}>
          {words.keys.close}
        </button>
      </p>
    </dialog>
  )
}

export function Shell() {
  const { face, session } = useRouteContext({ from: '/shell' })
  const nav = useNavigate(),
    router = useRouter(),
    queries = useQueryClient(),
    box = useRef<HTMLInputElement>(null)
  const [open, setOpen] = useState(false),
    [help, setHelp] = useState(false),
    [look, setLook] = useState<Theme>(theme)
  useEffect(() => {
    const k = (e: KeyboardEvent) => {
      if (!keysOn() || isTyping(e)) return
      if (e.key === '/') {
        e.preventDefault()
        box.current?.focus()
      }
      if (e.key === '?') setHelp(true)
    }
    addEventListener('keydown', k)
    return () => removeEventListener('keydown', k)
  }, [])
  if (!face || !session) return null
  const out = async () => {
    try {
      await signOut(face.face)
    } catch {
      /* the cookie may be gone already */
    }
    queries.clear()
    await nav({ to: '/signin', search: { out: '1' } })
    await router.invalidate()
  }
  const item = (i: Item) => (
    <li key={i.to}>
      <Link to={i.to as '/'} activeOptions={{ exact: i.to === '/' }} onClick={() => setOpen(false)}>
        <Icon n={i.icon} />
        {i.label}
      </Link>
    </li>
  )
  return (
    <div className="shell" data-face={face.face}>
      <a className="skip" href="#main">
        {words.skip}
      </a>
      <header className="bar">
        <Link to="/" className="brand">
          <Mark />
          <b>{words.product}</b>
        </Link>
        <Exercise on={session.exercise || face.exercise} />
        <form
          role="search"
          onSubmit={e => {
            e.preventDefault()
            const q = box.current!.value.trim()
            if (q) {
              void nav({ to: '/search', search: { q } })
              box.current!.value = ''
            }
          }}
        >
          <Icon n="search" />
          <label className="vh" htmlFor="q">
            {words.searchBox}
          </label>
          <input
            id="q"
            ref={box}
            type="search"
            placeholder={words.searchBox}
            autoComplete="off"
            spellCheck={false}
            maxLength={2048}
          />
          <kbd aria-hidden="true">/</kbd>
        </form>
        <button className="menu" aria-expanded={open} aria-controls="nav" onClick={() => setOpen(!open)}>
          <Icon n={open ? 'x' : 'menu'} />
          {N.menu}
        </button>
      </header>
      <div id="nav" className={open ? 'side open' : 'side'}>
        <nav aria-label={N.main}>
          <ul>
            {(face.face === 'cell' ? cell : member).map(item)}
            <li>
              <a href="/wall">
                <Icon n="wall" />
                {N.wall}
              </a>
            </li>
          </ul>
        </nav>
        <aside className="me" aria-label={N.account}>
          <b>{session.organisation ?? session.partnership}</b>
          <span>{N.signedInAs(session.name)}</span>
          {face.face === 'cell' && <span>{words.roles[session.role] ?? session.role}</span>}
          <label className="themes">
            {N.theme}{' '}
            <select
              value={look}
              onChange={e => {
                const t = e.target.value as Theme
                setLook(t)
                chooseTheme(t)
              }}
            >
              {(['auto', 'light', 'dark'] as const).map(t => (
                <option key={t} value={t}>
                  {N.themes[t]}
                </option>
              ))}
            </select>
          </label>
          <button className="plain" onClick={() => setHelp(true)}>
            <Icon n="question" />
            {N.keys}
          </button>
          <button className="plain" onClick={out}>
            <Icon n="out" />
            {N.signOut}
          </button>
        </aside>
      </div>
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
      <KeysHelp open={help} close={() => setHelp(false)} />
    </div>
  )
}
