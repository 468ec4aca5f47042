// What an organisation says of itself: the fields to edit it, and the facts to read, alike for its own people and the cell.
import type { OwnOrganisation } from '../api/types'
import { regions, sizes } from '../words/forms'
import { firm } from '../words/firm'
import { Area, Choice, lines, type FormState, type Values } from './Form'
import { Name } from './Rows'

const LIST_CHARS_MAX = 20_000
const LISTS = ['domains', 'ranges', 'brands', 'software'] as const
type Held = Pick<OwnOrganisation, 'region' | 'size' | (typeof LISTS)[number]>
type Labels = Record<'region' | 'size' | (typeof LISTS)[number], string>

export const PROFILE_FIELDS = ['region', 'size', ...LISTS]
/** What the fields hold, as the server takes it. */
export const profileOf = (get: Values) => ({
  region: get('region') || null,
  size: get('size') || null,
  domains: lines(get('domains')),
  ranges: lines(get('ranges')),
  brands: lines(get('brands')),
  software: lines(get('software')),
})

/** Without `own` what is the organisation's own, which it says itself. */
export function ProfileFields({
  of,
  held,
  labels,
  own = true,
}: {
  of: FormState
  held: Held
  labels: Labels
  own?: boolean
}) {
  const T = firm.organisation,
    hints: Partial<Labels> = { ranges: T.rangesHint, software: T.softwareHint }
  return (
    <>
      <div className="pair even">
        <Choice of={of} name="region" label={labels.region} options={regions} value={held.region} none={T.notSaid} />
        <Choice of={of} name="size" label={labels.size} options={sizes} value={held.size} none={T.notSaid} />
      </div>
      {LISTS.filter(name => own || name === 'software').map(name => (
        <Area
          key={name}
          of={of}
          name={name}
          label={labels[name]}
          hint={hints[name]}
          value={held[name].join('\n')}
          max={LIST_CHARS_MAX}
        />
      ))}
    </>
  )
}

export const Several = ({ label, list, none }: { label: string; list: readonly string[]; none: string }) => (
  <div>
    <dt>{label}</dt>
    <dd>
      {list.length ? (
        <ul>
          {list.map(x => (
            <li key={x}>
              <Name>{x}</Name>
            </li>
          ))}
        </ul>
      ) : (
        none
      )}
    </dd>
  </div>
)
