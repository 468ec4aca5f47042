// One campaign, in the form that this face may see.
import { useParams, useRouteContext } from '@tanstack/react-router'
import { CellCampaignPage } from './CellCampaign'
import { MemberCampaignPage } from './MemberCampaign'
export function Campaign() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { id } = useParams({ from: '/shell/campaigns/$id' })
  return face?.face === 'cell' ? (
    <CellCampaignPage
      id={id}
      exercise={!!session?.exercise}
      lead={!!session?.rights.includes('advise')}
      judges={!!session?.rights.includes('judge-cases')}
      passes={!!session?.rights.includes('pass-cases')}
    />
  ) : (
    <MemberCampaignPage id={id} exercise={!!session?.exercise} />
  )
}
