// The trail of acts, the latest first.
import { useRouteContext } from '@tanstack/react-router'
import { office } from '../../api/people'
import { Listed, Name, Table, usePages } from '../../ui/Rows'
import { Heading, NotFound } from '../../ui/States'
import { Moment } from '../../ui/When'
import { actWord } from '../../words/acts'
import { firm } from '../../words/firm'
import { office as words } from '../../words/office'

const T = words.audit
const A = firm.organisation
export function Audit() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    on = face?.face === 'cell' && !!session?.rights.includes('read-audit')
  const list = usePages(['acts'], office.acts, on)
  if (!on) return <NotFound />
  return (
    <div className="page wide">
      <Heading title={T.title} page={T.title} exercise={session.exercise} />
      <p className="lede">{T.lede}</p>
      <Listed of={list} empty={T.none}>
        {items => (
          <Table
            label={T.title}
            rows={items}
            id={a => String(a.seq)}
            columns={[
              { label: T.at, cell: a => <Moment at={a.at} /> },
              { label: A.by, cell: a => <Name>{a.actor}</Name> },
              {
                label: A.what,
                cell: a => (
                  <>
                    {actWord(a.what)}
                    {a.detail && (
                      <small>
                        <Name>{a.detail}</Name>
                      </small>
                    )}
                  </>
                ),
              },
              { label: A.to, cell: a => <Name>{a.target}</Name> },
            ]}
          />
        )}
      </Listed>
    </div>
  )
}
