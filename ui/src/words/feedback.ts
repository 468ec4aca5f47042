// Words about what a case was worth and what its source bears.
export const feedback = {
  source: 'Source when it came',
  letters: {
    A: 'completely reliable',
    B: 'usually reliable',
    C: 'fairly reliable',
    D: 'not usually reliable',
    E: 'unreliable',
    F: 'cannot be judged',
  } as Record<string, string>,
  worth: 'What was it worth?',
  worthText:
    'It tells on the letter of its source, whoever that is: only on cases that come after the month, and only where ten ' +
    'members bear the letter. Nobody is told, and members see nothing of it.',
  verdicts: {
    confirmed: 'Judged as confirmed.',
    false: 'Judged as false or noise.',
    open: 'Not judged yet.',
  } as Record<string, string>,
  confirm: 'It is so',
  refute: 'False or noise',
  takeBack: 'Take the verdict back',
  limit: 'Limit the source of this case',
  limitText:
    'For 24 hours one report in 15 minutes is taken of whoever sent this. They are asked to wait when they send more, and ' +
    'are told neither why nor for which case. You learn that it is done and nothing of them. Cases that cease to come may ' +
    'be of the same source: do not go looking, it is sealed.',
  reason: 'Why',
  needReason: 'Say why, in 10 characters or more',
  limitGo: 'Limit it',
  limited: 'It is done.',
}
