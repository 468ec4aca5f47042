// The text of the terms, as paragraphs of plain text.
import type { Terms } from '../api/types'
import { join as T } from '../words/account'

export function TermsText({ terms, level = 2 }: { terms: Terms; level?: 2 | 3 }) {
  const H = level === 2 ? 'h2' : 'h3',
    id = `terms-${terms.version}`
  return (
    <section aria-labelledby={id} className="terms">
      <H id={id}>{T.terms(terms.version)}</H>
      <p className="sub">{T.termsFrom(terms.from_day)}</p>
      <div className="termstext" tabIndex={0} role="group" aria-labelledby={id}>
        {terms.text.split(/\n\s*\n/).map((p, i) => (
          <p key={`${i}${p.slice(0, 20)}`} dir="auto">
            {p}
          </p>
        ))}
      </div>
    </section>
  )
}
