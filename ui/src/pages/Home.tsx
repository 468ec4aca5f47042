// The home page of whichever face this listener has.
import { useRouteContext } from '@tanstack/react-router'
import { Suspense, lazy } from 'react'
import { Loading } from '../ui/States'
import { words } from '../words/portal'

const CellHome = lazy(() => import('./CellHome').then(m => ({ default: m.CellHome })))
const MemberHome = lazy(() => import('./MemberHome').then(m => ({ default: m.MemberHome })))
export function Home() {
  const { face, session } = useRouteContext({ from: '/shell' })
  return (
    <Suspense
      fallback={
        <div className="page">
          <Loading what={words.loading.home} />
        </div>
      }
    >
      {face?.face === 'cell' ? <CellHome session={session!} /> : <MemberHome session={session} />}
    </Suspense>
  )
}
