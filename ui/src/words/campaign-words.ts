// Words about what analysts say of campaigns, and what happened to one.
import { count } from '../lib/format'

export const said = {
  title: 'What the cell says of it',
  named: (by: string) => `Named by ${by}.`,
  name: 'What the cell calls it',
  nameHint: 'Members do not see the name. Leave it empty to take it back.',
  nameGo: 'Name it',
  words: 'Said of its reports',
  same: (one: string, other: string) => `${one} and ${other} are of one attack`,
  notSame: (one: string, other: string) => `${one} and ${other} are not of one attack`,
  elsewhere: 'a report elsewhere',
  overruled: 'A later word counts instead.',
  join: 'Same attack as another campaign',
  joinText:
    'Both become one, here at once and for members within seconds, as far as members have the reports. It stays so, whatever ' +
    'reports come, until somebody says otherwise.',
  joinWith: 'The other campaign',
  joinGo: 'Make them one',
  part: 'Not one attack',
  partText:
    'The campaign is cut in two where the two reports hold together least; the part with the oldest report keeps this ' +
    'page. The two reports are never in one campaign again, until somebody says otherwise. What members were told of how ' +
    'many were hit stays.',
  partOne: 'A report',
  partOther: 'One that is of another attack',
  partGo: 'Cut it in two',
  choose: 'Choose',
  why: 'Why',
  needWhy: 'Say why, in 10 characters or more',
  needOther: 'Choose the other campaign',
  needReport: 'Choose a report',
  needPart: 'Choose the report of another attack',
  twice: 'Choose two different reports',
  done: 'It is done.',
  history: 'What happened to it',
  historyNone: 'Nothing was joined to it or split off it.',
  happened: {
    merged: (n: number) => `A campaign of ${count(n, 'report')} became part of it`,
    parted: (n: number) => `A campaign of ${count(n, 'report')} was split off`,
    'parted-from': (n: number) => `It was split off a campaign of ${count(n, 'report')}`,
    revived: (n: number) => `It came back after ${count(n, 'day')} without a report`,
    wave: (n: number) => `A wave: ${count(n, 'firm')} were hit within six hours`,
  } as Record<string, (n: number) => string>,
  by: (who: string) => `as ${who} said`,
  byReport: (name: string) => (name ? `by ${name}` : 'by a report'),
  other: 'the other campaign',
}
