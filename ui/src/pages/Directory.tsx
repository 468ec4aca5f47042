// Who is in the partnership, by name and sector; nothing tells who is active.
import { useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import { firm } from '../api/people'
import { Listed, Name, Table, usePages } from '../ui/Rows'
import { SearchBox } from '../ui/SearchBox'
import { Heading, NotFound } from '../ui/States'
import { sectorName } from '../words/forms'
import { firm as words } from '../words/firm'

const T = words.directory
export function Directory() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { q = '' } = useSearch({ from: '/shell/members' }),
    nav = useNavigate(),
    on = face?.face === 'member' && !!session?.rights.includes('read-directory')
  const list = usePages(['directory', q], c => firm.directory(q, c), on)
  if (!on) return <NotFound />
  return (
    <div className="page">
      <Heading title={T.title} page={T.title} exercise={session.exercise} />
      <p className="lede">{T.lede}</p>
      <SearchBox
        id="part"
        label={T.label}
        value={q}
        go={T.go}
        ask={v => void nav({ to: '/members', search: { q: v || undefined } })}
      />
      <Listed of={list} empty={T.none(q)}>
        {items => (
          <Table
            label={T.title}
            rows={items}
            id={d => d.name}
            columns={[
              { label: T.name, cell: d => <Name>{d.name}</Name> },
              { label: T.sectors, cell: d => d.sectors.map(sectorName).join(', ') },
            ]}
          />
        )}
      </Listed>
    </div>
  )
}
