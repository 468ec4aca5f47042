// All advisories, newest first.
import { useQuery } from '@tanstack/react-query'
import { useRouteContext } from '@tanstack/react-router'
import { member } from '../api/client'
import { useNow } from '../ui/When'
import { Failed, Heading, Loading, NotFound } from '../ui/States'
import { words } from '../words/portal'
import { AdvisoryCard } from './AdvisoryCard'

export function Advisories() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    now = useNow()
  const q = useQuery({
    queryKey: ['advisories'],
    queryFn: member.advisories,
    enabled: face?.face === 'member',
    refetchInterval: 30_000,
  })
  if (face?.face !== 'member') return <NotFound />
  if (q.isError)
    return (
      <div className="page">
        <Failed error={q.error} retry={() => q.refetch()} />
      </div>
    )
  return (
    <div className="page">
      <Heading title={words.advisories.title} page={words.advisories.title} exercise={!!session?.exercise} />
      {!q.data ? (
        <Loading what={words.loading.list} />
      ) : !q.data.items.length ? (
        <p className="empty card">{words.advisories.none}</p>
      ) : (
        <ul className="alerts">
          {q.data.items.map(a => (
            <AdvisoryCard key={a.id} a={a} now={now} page />
          ))}
        </ul>
      )}
    </div>
  )
}
