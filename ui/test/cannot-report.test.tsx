// What keeps an organisation from reporting is said where its people look: on the home page and in the place of the report.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider, createMemoryHistory, createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import { firm } from '../src/api/people'
import type { OwnOrganisation, Session } from '../src/api/types'
import { CannotReport, isKept } from '../src/ui/CannotReport'
import { firm as words } from '../src/words/firm'

afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
})

const T = words.organisation
const somebody = (role: string, rights: string[]) =>
  ({ name: 'Ann', organisation: 'Calder', role, rights, exercise: true }) as unknown as Session
const organisation = (more: Partial<OwnOrganisation>) =>
  ({ name: 'Calder', class: 'member', sectors: [], read_only: null, proposed: false, ...more }) as OwnOrganisation
const show = async (session: Session, o: OwnOrganisation) => {
  const asked = vi.spyOn(firm, 'organisation').mockResolvedValue(o)
  const root = createRootRoute({ component: () => <CannotReport session={session} /> })
  const router = createRouter({
    routeTree: root.addChildren(['/', '/organisation'].map(path => createRoute({ getParentRoute: () => root, path }))),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  })
  await router.load()
  render(
    <QueryClientProvider client={new QueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  )
  return asked
}

it('leads an administrator to what the invitation called the organisation’s own', async () => {
  await show(somebody('organisation-admin', ['manage-own']), organisation({ proposed: true }))
  expect(await screen.findByText(T.proposedYours)).toBeTruthy()
  expect(screen.getByRole('link', { name: T.lookThrough }).getAttribute('href')).toBe('/organisation')
})

it('tells a reporter whose turn it is', async () => {
  await show(somebody('reporter', ['read-released']), organisation({ proposed: true }))
  expect(await screen.findByText(T.proposed)).toBeTruthy()
  expect(screen.queryByRole('link')).toBeNull()
})

it('says why an organisation only reads', async () => {
  await show(somebody('reporter', ['read-released']), organisation({ read_only: 'terms' }))
  expect(await screen.findByText(T.readOnly.terms!)).toBeTruthy()
})

it('asks nothing for who can report, and for who never does', async () => {
  const reports = somebody('reporter', ['report']),
    reads = somebody('reader', ['read-released'])
  expect([isKept(reports), isKept(reads), isKept(null)]).toEqual([false, false, false])
  const asked = await show(reports, organisation({ proposed: true }))
  expect(asked).not.toHaveBeenCalled()
  expect(screen.queryByText(T.proposed)).toBeNull()
})
