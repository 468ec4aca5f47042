// The wall's first question, "is now unusual?", in one word and two lines. Pure.
import type { CampaignRow, PostureRow, PostureWord, Sector, SourceRow } from '../api/types'
import { wall as W } from '../words/wall'
import type { Level } from './math'

export type Said = { word: PostureWord; first: string; second: string }
const rank: Record<PostureWord, number> = { normal: 0, raised: 1, high: 2 }

export function say(
  sectors: readonly Sector[],
  levels: readonly Level[],
  campaigns: readonly CampaignRow[],
  feeds: readonly SourceRow[],
  set: PostureRow | null,
): Said {
  const high = sectors.filter((_, i) => levels[i] === 2).map(s => s.name),
    raised = sectors.filter((_, i) => levels[i] === 1).map(s => s.name)
  const spreading = campaigns.filter(c => c.firms > 1 && c.trend === 'spreading').map(c => c.letter)
  const silent = feeds.filter(f => f.silent).length
  const seen: PostureWord =
    high.length && spreading.length ? 'high' : high.length || raised.length || spreading.length ? 'raised' : 'normal'
  const word = set && rank[set.word] > rank[seen] ? set.word : seen
  const where = high.length ? W.wellAbove(high) : raised.length ? W.above(raised) : W.allNormal
  // never an all-clear from a part-blind screen
  const what = spreading.length ? W.spreading(spreading) : silent ? W.notSpreadingBut(silent) : W.notSpreading
  // what the lead told everybody comes first when it is what makes the word
  return set && set.word === word && set.word !== 'normal' && set.text
    ? { word, first: set.text, second: spreading.length || !high.length ? what : where }
    : { word, first: where, second: what }
}
