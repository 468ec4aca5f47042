// A value in its safe form, leading to its look-up where one is possible.
import { Link } from '@tanstack/react-router'
import { canLookUp, defang } from '../lib/format'

export function Value({ value, kind }: { value: string; kind: string }) {
  return canLookUp(kind) ? (
    <Link to="/search" search={{ q: value }} className="mono">
      {defang(value, kind)}
    </Link>
  ) : (
    <span className="mono">{defang(value, kind)}</span>
  )
}
