// The frame of every signed-in page: search, navigation for this face, theme, keys, sign-out, and the EXERCISE marker.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useNavigate, useRouteContext, useRouter } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { member as api, signOut } from '../api/client'
import { chooseTheme, isTyping, keysOn, setKeysOn, theme, type Theme } from '../lib/theme'
import { forgetKept } from '../lib/draft'
import { words } from '../words/portal'
import { Icon, type IconName } from './Icon'
import { Exercise, Mark } from './bits'
import { sureStore } from './sure'

const N = words.nav
const Sure = lazy(() => import('./Sure').then(m => ({ default: m.Sure })))
type Item = { to: string; icon: IconName; label: string; needs?: string }
type Part = { heading?: string; items: Item[] }
const member: Part[] = [
  {
    items: [
      { to: '/', icon: 'home', label: N.home, needs: 'read-released' },
      { to: '/report', icon: 'write', label: N.report, needs: 'report' },
      { to: '/reports', icon: 'mail', label: N.reports, needs: 'report' },
      { to: '/advisories', icon: 'alert', label: N.advisories, needs: 'read-advisories' },
      { to: '/search', icon: 'search', label: N.search, needs: 'read-released' },
      { to: '/campaigns', icon: 'campaign', label: N.campaigns, needs: 'read-released' },
      { to: '/groups', icon: 'groups', label: N.groups, needs: 'read-groups' },
      { to: '/members', icon: 'people', label: N.directory, needs: 'read-directory' },
    ],
  },
  {
    heading: N.firm,
    items: [
      { to: '/organisation', icon: 'firm', label: N.organisation, needs: 'manage-own' },
      { to: '/people', icon: 'people', label: N.people, needs: 'manage-own' },
      { to: '/keys', icon: 'key', label: N.machineKeys, needs: 'manage-own' },
      { to: '/devices', icon: 'wall', label: N.devices, needs: 'pair-walls' },
      { to: '/sponsor', icon: 'sponsor', label: N.sponsor, needs: 'manage-own' },
    ],
  },
]
const cell: Part[] = [
  {
    items: [
      { to: '/', icon: 'desk', label: N.desk, needs: 'read-cases' },
      { to: '/campaigns', icon: 'campaign', label: N.campaigns, needs: 'read-cases' },
      { to: '/search', icon: 'search', label: N.search, needs: 'read-cases' },
      { to: '/noise', icon: 'noise', label: N.noise, needs: 'read-cases' },
      { to: '/advisories/new', icon: 'write', label: N.write, needs: 'advise' },
      { to: '/devices', icon: 'wall', label: N.devices, needs: 'pair-walls' },
    ],
  },
  {
    heading: N.office,
    items: [
      { to: '/admin/members', icon: 'firm', label: N.adminMembers, needs: 'manage-members' },
      { to: '/admin/sponsorships', icon: 'sponsor', label: N.adminSponsorships, needs: 'manage-members' },
      { to: '/admin/cell', icon: 'people', label: N.adminCell, needs: 'manage-cell' },
      { to: '/admin/groups', icon: 'groups', label: N.adminGroups, needs: 'manage-members' },
      { to: '/admin/terms', icon: 'terms', label: N.adminTerms, needs: 'manage-members' },
      { to: '/admin/sources', icon: 'key', label: N.adminSources, needs: 'open-sources' },
      { to: '/admin/audit', icon: 'desk', label: N.adminAudit, needs: 'read-audit' },
      { to: '/admin/mail', icon: 'mail', label: N.adminMail, needs: 'run-system' },
      { to: '/admin/settings', icon: 'settings', label: N.adminSettings, needs: 'run-system' },
    ],
  },
]
/** The parts of a navigation that somebody with these rights has any use for. */
export const navigation = (face: 'member' | 'cell', rights: readonly string[]): Part[] =>
  (face === 'cell' ? cell : member)
    .map(part => ({ ...part, items: part.items.filter(i => !i.needs || rights.includes(i.needs)) }))
    .filter(part => part.items.length)

const UNREAD_MS = 20_000
/** How many reports have something new in their threads; asked again while the page is seen. */
export function Unread() {
  const n =
    useQuery({ queryKey: ['own-reports', 'unread'], queryFn: api.unread, refetchInterval: UNREAD_MS, retry: false })
      .data ?? 0
  return n > 0 ? (
    <span className="badge">
      <span aria-hidden="true">{n > UNREAD_SHOWN ? `${UNREAD_SHOWN}+` : n}</span>
      <span className="vh"> {N.unread(n)}</span>
    </span>
  ) : null
}
const UNREAD_SHOWN = 99

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
    [look, setLook] = useState<Theme>(theme),
    asked = useSyncExternalStore(sureStore.subscribe, sureStore.get).open
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
    forgetKept()
    await nav({ to: '/signin', search: { out: '1' } })
    await router.invalidate()
  }
  const item = (i: Item) => (
    <li key={i.to}>
      <Link to={i.to as '/'} activeOptions={{ exact: i.to === '/' }} onClick={() => setOpen(false)}>
        <Icon n={i.icon} />
        {i.label}
        {i.to === '/reports' && <Unread />}
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
          {face.face === 'member' && session.rights.includes('report') && !open && <Unread />}
        </button>
      </header>
      <div id="nav" className={open ? 'side shown' : 'side'}>
        <nav aria-label={N.main}>
          {!session.enrol &&
            navigation(face.face, session.rights).map(part => (
              <div key={part.heading ?? ''}>
                {part.heading && <p className="navhead">{part.heading}</p>}
                <ul aria-label={part.heading}>
                  {part.items.map(item)}
                  {!part.heading && (
                    <li>
                      <a href="/wall">
                        <Icon n="wall" />
                        {N.wall}
                      </a>
                    </li>
                  )}
                </ul>
              </div>
            ))}
        </nav>
        <aside className="me" aria-label={N.account}>
          <b>
            <bdi className="name">{session.organisation ?? session.partnership}</bdi>
          </b>
          <span>
            {N.signedIn} <bdi className="name">{session.name}</bdi>
          </span>
          {face.face === 'cell' && <span>{words.roles[session.role] ?? session.role}</span>}
          <Link to="/account" className="plain" onClick={() => setOpen(false)}>
            <Icon n="key" />
            {N.ownAccount}
          </Link>
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
      {asked && (
        <Suspense>
          <Sure face={face.face} />
        </Suspense>
      )}
      <KeysHelp open={help} close={() => setHelp(false)} />
    </div>
  )
}
