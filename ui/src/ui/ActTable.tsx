// Acts of people as rows: by whom, what, to whom. The latest first.
import type { OwnAct } from '../api/types'
import { Name, Table } from './Rows'
import { actWord } from '../words/acts'
import { firm } from '../words/firm'

const T = firm.organisation
export function ActTable({
  label,
  rows,
}: {
  label: string
  rows: readonly (OwnAct & { seq?: number; at?: string })[]
}) {
  if (!rows.length) return <p className="empty">{T.actsNone}</p>
  return (
    <Table
      label={label}
      rows={rows.map((r, i) => ({ ...r, key: r.seq ?? i }))}
      id={r => String(r.key)}
      columns={[
        { label: T.day, cell: r => r.day },
        { label: T.by, cell: r => <Name>{r.actor}</Name> },
        {
          label: T.what,
          cell: r => (
            <>
              {actWord(r.what)}
              {r.detail && (
                <small>
                  <Name>{r.detail}</Name>
                </small>
              )}
            </>
          ),
        },
        { label: T.to, cell: r => <Name>{r.target}</Name> },
      ]}
    />
  )
}
