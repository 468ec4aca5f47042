// Campaigns: the same attack at several members. Members see the released form, the cell counts.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useRouteContext } from '@tanstack/react-router'
import { cell, member } from '../api/client'
import { brief, list } from '../lib/format'
import { Letter, When, useNow } from '../ui/When'
import { Severity } from '../ui/bits'
import { Failed, Heading, Loading } from '../ui/States'
import { words } from '../words/portal'
import { CampaignLine } from './MemberHome'

const T = words.campaign
function MemberList() {
  const now = useNow()
  const q = useInfiniteQuery({
    queryKey: ['campaigns'],
    queryFn: ({ pageParam }) => member.campaigns(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: l => l.next ?? undefined,
    refetchInterval: 30_000,
  })
  if (q.isError) return <Failed error={q.error} retry={() => q.refetch()} />
  if (!q.data) return <Loading what={words.loading.list} />
  const all = q.data.pages.flatMap(p => p.items),
    // every report makes a campaign: those known to have hit several members come first
    items = [...all.filter(c => c.band), ...all.filter(c => !c.band)]
  return (
    <>
      {!items.length ? (
        <p className="empty card">{T.empty}</p>
      ) : (
        <ul className="lines card">
          {items.map(c => (
            <CampaignLine key={c.id} c={c} now={now} page />
          ))}
        </ul>
      )}
      {q.hasNextPage && (
        <p>
          <button className="btn quiet" onClick={() => q.fetchNextPage()}>
            {T.next}
          </button>
        </p>
      )}
    </>
  )
}
function CellList() {
  const q = useQuery({ queryKey: ['cell-campaigns'], queryFn: cell.campaigns, refetchInterval: 10_000 }),
    now = useNow()
  if (q.isError) return <Failed error={q.error} retry={() => q.refetch()} />
  if (!q.data) return <Loading what={words.loading.list} />
  if (!q.data.items.length) return <p className="empty card">{words.desk.noCampaigns}</p>
  return (
    <ul className="lines card">
      {q.data.items.map(c => (
        <li key={c.id}>
          <h2 className="t">
            <Letter v={c.letter} />
            <Link to="/campaigns/$id" params={{ id: c.id }}>
              {brief(c.title)}
            </Link>
          </h2>
          <p className="meta">
            <Severity v={c.severity} />
            <b>{words.desk.firms(c.firms, c.firms_at_most)}</b>
            <span>{words.desk.delta(c.delta)}</span>
            <span>{words.desk.trend[c.trend] ?? c.trend}</span>
            {c.wave && <b>{words.desk.wave}</b>}
            <span>{T.indicators(c.indicators)}</span>
            {c.hits[0] && <When at={c.hits[0].at} now={now} short lead={words.cellCampaign.first} />}
            <span className={c.owner ? '' : 'open'}>{c.owner ?? words.desk.nobody}</span>
          </p>
          {c.sectors.length > 0 && (
            <p className="sub">
              {T.sectors}: {list(c.sectors)}
            </p>
          )}
        </li>
      ))}
    </ul>
  )
}
export function Campaigns() {
  const { face, session } = useRouteContext({ from: '/shell' })
  return (
    <div className="page">
      <Heading title={T.list} page={T.list} exercise={!!session?.exercise} />
      <p className="lede">{T.listMeaning}</p>
      {face?.face === 'cell' ? <CellList /> : <MemberList />}
    </div>
  )
}
