// Why somebody who would report cannot now: what the invitation called the organisation's own waits for an administrator, or it only reads.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { firm } from '../api/people'
import type { Session } from '../api/types'
import { firm as words } from '../words/firm'

const T = words.organisation
const REPORTERS = ['reporter', 'organisation-admin']

/** Whether the organisation, and not the role, keeps somebody from reporting. */
export const isKept = (s?: Session | null) => !!s && REPORTERS.includes(s.role) && !s.rights.includes('report')

export function CannotReport({ session }: { session?: Session | null }) {
  const kept = isKept(session),
    q = useQuery({ queryKey: ['own-organisation'], queryFn: firm.organisation, enabled: kept }),
    o = kept ? q.data : undefined
  if (!o || (!o.proposed && !o.read_only)) return null
  const admin = session?.role === 'organisation-admin'
  return (
    <p className="note warn">
      {o.read_only ? (T.readOnly[o.read_only] ?? o.read_only) : admin ? T.proposedYours : T.proposed}{' '}
      {admin && <Link to="/organisation">{o.read_only ? T.look : T.lookThrough}</Link>}
    </p>
  )
}
