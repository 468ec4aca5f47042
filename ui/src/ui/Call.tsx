// How the cell is reached while something is going on: the number itself, to be tapped.
import { report as T } from '../words/report'
import type { Reach } from '../api/coming'

/** A number as a telephone dials it. */
export const dialled = (phone: string) => `tel:${phone.replace(/[^\d+]/g, '')}`

export function Call({ phone, mail, then = T.now.callThen }: Reach & { then?: string }) {
  return (
    <div className="note warn call">
      <p>
        <b>
          {T.now.call}
          {phone ? ': ' : '.'}
        </b>
        {phone && (
          <a className="phone" href={dialled(phone)}>
            {phone}
          </a>
        )}
      </p>
      {mail && (
        <p>
          {T.now.callMail} <a href={`mailto:${mail}`}>{mail}</a>
        </p>
      )}
      <p>
        {then} <a href="/break-glass">{T.now.how}</a>
      </p>
    </div>
  )
}
