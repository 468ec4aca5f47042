// The words of the pages on which two leads open who reported a case.
export const sources = {
  title: 'Who reported',
  lede: 'Who reported a case is sealed. Two leads open one case together, with a reason; it is recorded, and the reporter is told.',
  on: 'Cases that come now can be opened by any two of these leads.',
  off: 'Fewer than two leads have a key that counts. Until two have, nothing is kept that could be opened, and the members’ form says so.',
  key: 'Your key',
  keyText:
    'The key is made on this device and never sent. Whoever has the file that you are given can act as you here, so keep it offline.',
  none: 'You have no key.',
  make: 'Make a key on this device',
  made: 'The key is made and enrolled. Keep the file that was saved, and have the key confirmed.',
  here: 'Your key is on this device.',
  elsewhere: 'Your key is not on this device.',
  load: 'The file of a key of yours',
  loadHint: 'An earlier key opens the cases that came while it counted: it can be on this device as well.',
  loaded: 'The key is on this device now.',
  noKey: 'This file holds no key.',
  otherKey:
    'This file holds another key than the one that is enrolled. It is on this device now, for the cases that were sealed to it.',
  remove: 'Take my key away',
  removed:
    'Your key is taken away, and a share that you gave is forgotten. The key stays on this device: once another key of yours counts, ' +
    'it still opens the cases that came until now.',
  byCommand: 'Made with the command line?',
  byCommandText:
    'A key that you make on a device of your own need never come near a browser. This makes one and prints its public half:',
  keygen: 'fusioncell lead keygen --out lead.key',
  public: 'The public half',
  publicHint: '130 digits from 0 to 9 and a to f, as they were printed.',
  needPublic: 'Enter the public half that was printed',
  enrol: 'Enrol this key',
  enrolled: 'The key is enrolled. Have it confirmed.',
  shareByCommand: 'Give it with the command line',
  shareByCommandText: 'On the device that has your key, this prints the share of this case, which opens nothing else:',
  shareCommand: (id: string, secret: string) => `fusioncell lead share --key lead.key --case ${id} --secret ${secret}`,
  share: 'The share',
  shareHint: '64 digits from 0 to 9 and a to f, as they were printed.',
  needShare: 'Enter the share that was printed',
  waits: 'Your key does not count yet. Nothing is sealed to it until it is confirmed.',
  readOut:
    'Two leads whose keys count confirm it, or whoever runs the server. Read this fingerprint out to them, by telephone or face to ' +
    'face; do not send it, for whoever sits between could send another.',
  readOutElsewhere:
    'The key that waits is not on this device. Read out the fingerprint that the device showed on which you made it. If you made none, ' +
    'somebody enrolled it in your name: take it away, end your other sessions, and tell another lead.',
  byOperator: 'Whoever runs the server enters what you read out:',
  command: 'fusioncell lead confirm --data-dir D --email YOUR-ADDRESS --fingerprint "…"',
  saidBy: (who: string) => `Confirmed so far by ${who}.`,
  saidByNone: 'Nobody has confirmed it yet.',
  waiting: 'Keys that wait to be confirmed',
  waitingText:
    'Somebody enrolled these keys in the name of a lead. Whoever holds a key that counts can open with another lead who reported, so be ' +
    'sure that it is them: ring them up on a number that you know, and have them read their fingerprint out to you. It is not shown ' +
    'here, because it is theirs to say. A key counts once two leads have confirmed it, or whoever runs the server.',
  waitingNone: 'No key waits.',
  heard: (who: string) => `The fingerprint that ${who} read out to you`,
  heardHint: '32 digits from 0 to 9 and a to f; blanks and capitals do not matter.',
  needHeard: 'Enter the fingerprint that they read out',
  theirs: 'It is theirs',
  youSaid: 'You have confirmed it. One other lead has to as well.',
  notYou: 'You can confirm it once your own key counts.',
  confirmed: 'Confirmed.',
  leads: 'Leads whose keys count',
  leadsText: 'Two of them open a case together. Whose keys they are was confirmed by others.',
  lead: 'Lead',
  fingerprint: 'Fingerprint',
  since: 'Since',
  openings: 'Being opened',
  noOpenings: 'Nothing waits to be opened. Ask on the page of a case.',
  case: 'Open the case',
  reason: 'Why',
  askedBy: (who: string) => `${who} asks.`,
  given: (who: string) => `Given by ${who}.`,
  givenNone: 'Nobody has given a share yet.',
  give: 'Give my share',
  gave: 'Your share is given. It waits for a second lead.',
  later:
    'No key of yours counted when this case came: it is not yours to open. Once two others have opened it, it is sealed to your key too.',
  notHere:
    'The key that this case was sealed to is not on this device. Load its file below, or give your share with the command line.',
  notCounting: 'You can give a share once a key of yours counts.',
  source: (who: string) => `It was reported by ${who}.`,
  reach: (contact: string) => `Who to call: ${contact}`,
  outside: 'It came from somebody without an account: only the case itself tells who.',
  ask: 'Who reported it',
  askText:
    'Only two leads together can open it. The reporter is told, with the reason. It is sealed to all leads whose keys count by then.',
  askGo: 'Ask to open it',
  asked: 'It waits for two leads.',
  toOpenings: 'To what is being opened',
  needReason: 'Say why, in 10 to 500 characters',
} as const
