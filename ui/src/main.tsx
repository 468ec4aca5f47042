// Starts the portal: asks which face this listener has, then lays the routes for it.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import {
  RouterProvider,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  useRouter,
} from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import './tokens.css'
import './ui/portal.css'
import { ApiError, getFace, session } from './api/client'
import type { FaceView, Session } from './api/types'
import { isExercise, setExercise } from './lib/exercise'
import { applyTheme } from './lib/theme'
import { Failed, NotFound } from './ui/States'
import { Shell } from './ui/Shell'
import { Exercise, Mark } from './ui/bits'
import { words } from './words/portal'

type Context = { queries: QueryClient; face: FaceView | null; session: Session | null }
const text = (v: unknown) => (typeof v === 'string' && v ? v : typeof v === 'number' ? String(v) : undefined)
const faceQuery = {
  queryKey: ['face'],
  queryFn: async () => {
    const face = await getFace()
    setExercise(face.exercise)
    return face
  },
  staleTime: Infinity,
}

function RootFailed({ error }: { error: unknown }) {
  const r = useRouter()
  return (
    <main className="bare">
      <p className="brand">
        <Mark />
        <b>{words.product}</b> <Exercise on={isExercise()} />
      </p>
      <Failed error={error} retry={() => r.invalidate()} />
    </main>
  )
}
const root = createRootRouteWithContext<Context>()({
  beforeLoad: async ({ context }) => ({ face: await context.queries.ensureQueryData(faceQuery) }),
  errorComponent: RootFailed,
})
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  notFoundComponent: () => <NotFound />,
  beforeLoad: async ({ context, location }) => {
    let who: Session
    try {
      who = await context.queries.ensureQueryData({
        queryKey: ['session'],
        queryFn: () => session(context.face!.face),
        staleTime: 60_000,
      })
    } catch (e) {
      if (e instanceof ApiError && e.status === 401)
        throw redirect({ to: '/signin', search: { next: location.href === '/' ? undefined : location.href } })
      throw e
    }
    // a second factor comes before anything else
    if (who.enrol && location.pathname !== '/account') throw redirect({ to: '/account' })
    return { session: who }
  },
  errorComponent: RootFailed,
})
const signin = createRoute({
  getParentRoute: () => root,
  path: '/signin',
  validateSearch: (s: Record<string, unknown>): { next?: string; out?: string } => ({
    next: text(s.next),
    out: text(s.out),
  }),
  component: lazyRouteComponent(() => import('./pages/SignIn'), 'SignIn'),
})
const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/Home'), 'Home'),
})
const search = createRoute({
  getParentRoute: () => shell,
  path: '/search',
  validateSearch: (s: Record<string, unknown>): { q?: string; kind?: string } => ({ q: text(s.q), kind: text(s.kind) }),
  component: lazyRouteComponent(() => import('./pages/Search'), 'Search'),
})
const campaigns = createRoute({
  getParentRoute: () => shell,
  path: '/campaigns',
  component: lazyRouteComponent(() => import('./pages/Campaigns'), 'Campaigns'),
})
const campaign = createRoute({
  getParentRoute: () => shell,
  path: '/campaigns/$id',
  component: lazyRouteComponent(() => import('./pages/Campaign'), 'Campaign'),
})
const advisories = createRoute({
  getParentRoute: () => shell,
  path: '/advisories',
  component: lazyRouteComponent(() => import('./pages/Advisories'), 'Advisories'),
})
const write = createRoute({
  getParentRoute: () => shell,
  path: '/advisories/new',
  validateSearch: (s: Record<string, unknown>): { campaign?: string } => ({ campaign: text(s.campaign) }),
  component: lazyRouteComponent(() => import('./pages/Write'), 'Write'),
})
const noise = createRoute({
  getParentRoute: () => shell,
  path: '/noise',
  validateSearch: (s: Record<string, unknown>): { q?: string } => ({ q: text(s.q) }),
  component: lazyRouteComponent(() => import('./pages/Noise'), 'Noise'),
})
const join = createRoute({
  getParentRoute: () => root,
  path: '/join',
  component: lazyRouteComponent(() => import('./pages/Join'), 'Join'),
})
const account = createRoute({
  getParentRoute: () => shell,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/Account'), 'Account'),
})
const organisation = createRoute({
  getParentRoute: () => shell,
  path: '/organisation',
  component: lazyRouteComponent(() => import('./pages/Organisation'), 'Organisation'),
})
const people = createRoute({
  getParentRoute: () => shell,
  path: '/people',
  component: lazyRouteComponent(() => import('./pages/People'), 'People'),
})
const keys = createRoute({
  getParentRoute: () => shell,
  path: '/keys',
  component: lazyRouteComponent(() => import('./pages/Keys'), 'Keys'),
})
const devices = createRoute({
  getParentRoute: () => shell,
  path: '/devices',
  component: lazyRouteComponent(() => import('./pages/Devices'), 'Devices'),
})
const sponsor = createRoute({
  getParentRoute: () => shell,
  path: '/sponsor',
  component: lazyRouteComponent(() => import('./pages/Sponsor'), 'Sponsor'),
})
const directory = createRoute({
  getParentRoute: () => shell,
  path: '/members',
  validateSearch: (s: Record<string, unknown>): { q?: string } => ({ q: text(s.q) }),
  component: lazyRouteComponent(() => import('./pages/Directory'), 'Directory'),
})
const groups = createRoute({
  getParentRoute: () => shell,
  path: '/groups',
  component: lazyRouteComponent(() => import('./pages/Groups'), 'Groups'),
})
const group = createRoute({
  getParentRoute: () => shell,
  path: '/groups/$id',
  component: lazyRouteComponent(() => import('./pages/Groups'), 'Group'),
})
const report = createRoute({
  getParentRoute: () => shell,
  path: '/report',
  validateSearch: (s: Record<string, unknown>): { step?: string } => ({ step: text(s.step) }),
  component: lazyRouteComponent(() => import('./pages/Report'), 'Report'),
})
const ownReports = createRoute({
  getParentRoute: () => shell,
  path: '/reports',
  component: lazyRouteComponent(() => import('./pages/Reports'), 'Reports'),
})
const ownReport = createRoute({
  getParentRoute: () => shell,
  path: '/reports/$ref',
  component: lazyRouteComponent(() => import('./pages/Thread'), 'Thread'),
})
const triage = createRoute({
  getParentRoute: () => shell,
  path: '/triage/$id',
  component: lazyRouteComponent(() => import('./pages/Triage'), 'Triage'),
})
const adminMembers = createRoute({
  getParentRoute: () => shell,
  path: '/admin/members',
  validateSearch: (s: Record<string, unknown>): { q?: string; status?: string } => ({
    q: text(s.q),
    status: text(s.status),
  }),
  component: lazyRouteComponent(() => import('./pages/admin/Members'), 'Members'),
})
const adminMember = createRoute({
  getParentRoute: () => shell,
  path: '/admin/members/$id',
  component: lazyRouteComponent(() => import('./pages/admin/Member'), 'Member'),
})
const adminSponsorships = createRoute({
  getParentRoute: () => shell,
  path: '/admin/sponsorships',
  component: lazyRouteComponent(() => import('./pages/admin/Sponsorships'), 'Sponsorships'),
})
const adminCell = createRoute({
  getParentRoute: () => shell,
  path: '/admin/cell',
  component: lazyRouteComponent(() => import('./pages/admin/CellPeople'), 'CellPeople'),
})
const adminGroups = createRoute({
  getParentRoute: () => shell,
  path: '/admin/groups',
  component: lazyRouteComponent(() => import('./pages/admin/CellGroups'), 'CellGroups'),
})
const adminTerms = createRoute({
  getParentRoute: () => shell,
  path: '/admin/terms',
  component: lazyRouteComponent(() => import('./pages/admin/CellTerms'), 'CellTerms'),
})
const adminAudit = createRoute({
  getParentRoute: () => shell,
  path: '/admin/audit',
  component: lazyRouteComponent(() => import('./pages/admin/Audit'), 'Audit'),
})
const adminSources = createRoute({
  getParentRoute: () => shell,
  path: '/admin/sources',
  component: lazyRouteComponent(() => import('./pages/admin/Sources'), 'Sources'),
})
const adminMail = createRoute({
  getParentRoute: () => shell,
  path: '/admin/mail',
  component: lazyRouteComponent(() => import('./pages/admin/System'), 'Mail'),
})
const adminSettings = createRoute({
  getParentRoute: () => shell,
  path: '/admin/settings',
  component: lazyRouteComponent(() => import('./pages/admin/System'), 'Settings'),
})

applyTheme()
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => applyTheme())
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (n, e) => n < 1 && e instanceof ApiError && (e.status === 0 || e.status >= 500),
      refetchOnWindowFocus: true,
    },
  },
})
const router = createRouter({
  routeTree: root.addChildren([
    signin,
    join,
    shell.addChildren([
      home,
      search,
      campaigns,
      campaign,
      advisories,
      write,
      noise,
      account,
      organisation,
      people,
      keys,
      devices,
      sponsor,
      directory,
      groups,
      group,
      report,
      ownReports,
      ownReport,
      triage,
      adminMembers,
      adminMember,
      adminSponsorships,
      adminCell,
      adminGroups,
      adminTerms,
      adminAudit,
      adminSources,
      adminMail,
      adminSettings,
    ]),
  ]),
  context: { queries, face: null, session: null },
  defaultPreload: 'intent',
  scrollRestoration: false,
  defaultNotFoundComponent: () => (
    <main className="bare">
      <NotFound />
    </main>
  ),
  notFoundMode: 'root',
})
declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
// a session that ends while somebody reads leads to the sign-in page, and back again
queries.getQueryCache().subscribe(e => {
  if (
    e.type === 'updated' &&
    e.action.type === 'error' &&
    e.action.error instanceof ApiError &&
    e.action.error.status === 401 &&
    e.query.queryKey[0] !== 'session' &&
    router.state.location.pathname !== '/signin' &&
    router.state.location.pathname !== '/join'
  ) {
    queries.removeQueries({ queryKey: ['session'] })
    void router.navigate({ to: '/signin', search: { next: router.state.location.href } })
  }
})
createRoot(document.getElementById('root')!).render(
  <QueryClientProvider client={queries}>
    <RouterProvider router={router} />
  </QueryClientProvider>,
)
