// A value in its safe form, leading to its look-up as the kind that it is.
import { Link } from '@tanstack/react-router'
import { defang } from '../lib/format'

export function Value({ value, kind }: { value: string; kind: string }) {
  return (
    <Link to="/search" search={{ q: value, kind }} className="mono">
      {defang(value, kind)}
    </Link>
  )
}
