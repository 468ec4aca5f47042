// Every word a person reads, in one catalogue: another language is another file of this shape.
import { count, list } from './lib/format'

export const words = {
  product: 'Fusion Cell',
  exercise: 'EXERCISE',
  exerciseMeaning: 'This is an exercise. Nothing here is real.',
  title: (page: string, exercise: boolean) => `${exercise ? '[EXERCISE] ' : ''}${page} – Fusion Cell`,
  errorTitle: (page: string) => `Error: ${page}`,
  skip: 'Skip to main content',
  loading: { page: 'Loading the page…', home: 'Loading your home page…', campaign: 'Loading the campaign…', list: 'Loading the list…', lookup: 'Looking…' },
  nav: {
    main: 'Main', home: 'Home', desk: 'Desk', advisories: 'Advisories', search: 'Check an indicator', campaigns: 'Campaigns', noise: 'Over-common values',
    write: 'Send an advisory', wall: 'Open the wall', menu: 'Menu', close: 'Close', signedInAs: (n: string) => `Signed in as ${n}`, signOut: 'Sign out', theme: 'Theme',
    themes: { auto: 'As this device', light: 'Light', dark: 'Dark' }, cell: 'The cell', keys: 'Keys',
  },
  roles: { member: 'Member', analyst: 'Analyst', lead: 'Cell lead' } as Record<string, string>,
  searchBox: 'Check an address, web name or file',
  signin: {
    heading: 'Sign in', member: (p: string) => `Member pages of ${p}`, cell: (p: string) => `The cell of ${p}`, email: 'E-mail address', password: 'Password', show: 'Show the password', go: 'Sign in', going: 'Signing in…',
    summary: 'There is a problem', needEmail: 'Enter your e-mail address', needPassword: 'Enter your password',
    wrong: 'The e-mail address or the password is not right', slow: (s: number) => `Too many tries. Wait ${count(s, 'second')}, then try again`,
    offline: 'We cannot reach the server. Nothing was sent. Check your connection and try again', broken: 'The server had a problem. Nothing was lost. Try again in a moment',
    out: 'You are signed out.', help: 'No sign-in yet? Ask the cell; they make one for you.',
  },
  states: {
    live: 'Live', connecting: 'Connecting…', reconnecting: 'Reconnecting…', behind: 'Not live', paused: 'Live list paused: reconnecting. The items below are from before.',
    failed: 'We could not load this page', safe: 'Nothing you sent is lost.', retry: 'Try again', notFound: 'There is no such page', notFoundMeaning: 'The address may be mistyped, or what it named is not shared with you.', toHome: 'Go to the home page',
    forbidden: 'Your role does not allow this.',
  },
  tlp: {
    RED: 'For the named persons only', AMBER: 'For your organisation and its clients, as far as they need it', 'AMBER+STRICT': 'For your organisation only', GREEN: 'For the community, not public', CLEAR: 'May be shared with anybody',
  } as Record<string, string>,
  severity: { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low' } as Record<string, string>,
  posture: {
    normal: 'Normal', raised: 'Raised', high: 'High', none: 'No posture set', noneMeaning: 'The cell has not set one yet.', heading: 'Posture', setAt: (t: string) => `Set ${t}`,
    word: 'Posture word', text: 'What members should know', set: 'Set posture', done: 'Posture set. Members see it now.', needText: 'Say in a sentence what members should know',
  } as const,
  kinds: {
    ipv4: 'IP address', ipv6: 'IPv6 address', cidr: 'Address range', domain: 'Web name', hostname: 'Host name', url: 'Web address', email: 'E-mail address', 'email-subject': 'Mail subject', md5: 'File (MD5)', sha1: 'File (SHA-1)', sha256: 'File (SHA-256)', sha512: 'File (SHA-512)',
    ssdeep: 'File (ssdeep)', tlsh: 'File (TLSH)', imphash: 'Import hash', 'file-name': 'File name', 'file-path': 'File path', 'registry-key': 'Registry key', mutex: 'Mutex', 'user-agent': 'User agent', ja3: 'TLS client (JA3)', ja4: 'TLS client (JA4)', asn: 'Network (AS)',
    'x509-fingerprint': 'Certificate', mac: 'MAC address', phone: 'Telephone number', iban: 'Bank account', btc: 'Bitcoin address', cve: 'Known fault', account: 'Account',
  } as Record<string, string>,
  copy: { defanged: 'Copy safe form', plain: 'Copy plain', allDefanged: 'Copy all, safe form', allPlain: 'Copy all, plain', done: 'Copied', failed: 'Copying is not allowed here' },
  home: {
    title: 'Home', todo: (n: number) => (n ? `${count(n, 'advisory needs', 'advisories need')} you` : 'Nothing needs you right now'), advisories: 'Advisories', all: 'All advisories', noAdvisories: 'The cell has sent no advisory. When it does, it is here at once, with what to do.',
    doThis: 'Do this', done: 'We have read this', wasDone: 'Read', seeCampaign: 'See the campaign', campaigns: 'Campaigns', noCampaigns: 'No campaign is being shared between members right now.', allCampaigns: 'All campaigns',
    latest: 'Latest shared', latestMeaning: 'As members share them. Nobody sees who reported.', noLatest: 'Nothing has been shared yet. The first item appears here by itself.', block: 'Block', watch: 'Watch', attributed: (w: string) => `From ${w}`,
  },
  campaign: {
    band: (b: string) => `${b} members`, bandNone: 'Fewer than four members, or not counted yet', sectors: 'Sectors hit', noSectors: 'No sector is named until enough of its members have it.', bandMeaning: 'A band, never a count: nobody can work out who reported.',
    indicators: (n: number) => count(n, 'indicator'), updated: 'changed', first: 'first shared', timeline: 'How it was shared', timelineMeaning: 'Times are when it was shared with members, not when it was reported.', table: 'Indicators', techniques: 'Techniques', regions: 'Regions',
    noIndicators: 'No indicator of this campaign is shared with members yet.', more: 'Only the first 500 are shown. The watch feed has all.', value: 'Value', kind: 'Kind', shared: 'Shared', what: 'What to do', marking: 'Marking', copy: 'Copy', feed: 'Watch feed (text)', blockFeed: 'Block feed (text)',
    common: (why: string) => `Everyday value: ${why}`, list: 'Campaigns', listMeaning: 'The same attack at several members.', empty: 'No campaign is being shared between members right now.', next: 'Show more', name: 'Campaign', breadth: 'Members', changed: 'Last change', gone: 'There is no such campaign', goneMeaning: 'It may have joined another one, or it is not shared with you.', time: 'Time', happened: 'What happened', newIndicators: 'New indicators', unnamed: 'Campaign',
  },
  cellCampaign: {
    note: 'Cell view: exact counts. Members see bands and sector marks only.', firms: 'firms', sectors: 'sectors', indicators: 'indicators', reports: 'reports', first: 'first seen', spread: 'How it spread', spreadTable: 'The same as a table', matrix: 'What the reports share', matrixMeaning: 'A column is a report, oldest left; a ring marks the report that held the value first.', reasons: 'Why these are linked', reasonsNone: 'One report so far; nothing links it to another.',
    aliases: (n: number) => `Joined from ${count(n, 'campaign')}`, truncated: 'Too large to show whole: the table is cut. The oldest reports and the most shared values are kept.', firstHere: 'first here', yes: 'yes', report: (n: number) => `Report ${n}`, noise: 'Everyday value', legendReport: 'Report', legendFirst: 'First to hold the value', legendHas: 'Also holds it', onlyFirst: (n: number, all: number) => `The first ${n} of ${all} reports are drawn.`, noSector: 'Sector not shown', owner: 'Owner', nobody: 'Nobody on it',
    score: 'Score', hiddenRows: (n: number) => `${count(n, 'value')} held by one report only`,
  },
  lookup: {
    title: 'Check an indicator', heading: 'Check an address, web name or file', label: 'Address, web name or file fingerprint', go: 'Check', hint: 'Paste one thing, safe form or plain. Nobody is told that you asked.', readAs: (k: string) => `Read as: ${k}`,
    verdict: { block: 'Block it', watch: 'Watch for it', everyday: 'Everyday value', 'not-seen': 'Not seen', unreadable: 'We cannot read this', seen: 'Seen' } as Record<string, string>,
    notSeen: '“Not seen” does not mean safe. No member has shared it so far; an attacker may still be using it.', since: (t: string) => `Shared ${t}`, until: (t: string) => `watch until ${t}`, part: 'Part of', failed: 'The look-up did not work', failedMeaning: 'We do not know whether this was seen. Try again before you decide.',
    reports: 'reports', firms: 'firms', firstSeen: 'first seen', lastSeen: 'last seen', score: 'score', released: 'Members see it', held: 'Not shared with members',
  },
  advisories: {
    title: 'Advisories', none: 'The cell has sent no advisory.', unread: 'New', markRead: 'We have read this', read: 'Read', failed: 'That did not reach the cell. Try again.',
  },
  desk: {
    title: 'Desk', heading: (n: number) => (n ? `${count(n, 'report is', 'reports are')} unclaimed` : 'Every report is claimed'), reports: 'Reports in', noReports: 'No report in the last hour.', claim: 'Claim', claimed: (o: string) => `Claimed by ${o}`, claimedAnnounce: (a: string, o: string) => `${a}: claimed by ${o}`, claimFailed: 'The claim did not go through. Try again.', campaigns: 'Same attack, several firms', noCampaigns: 'Nothing shared between firms right now.', alerts: 'Advisories sent', noAlerts: 'No advisory has been sent.', readBy: (r: number, s: number) => `${r} of ${s} read`,
    when: 'When', attack: 'What', sector: 'Sector', campaign: 'Campaign', state: 'Who', firms: (n: number) => count(n, 'firm'), delta: (n: number) => (n ? `+${n} in 10 min` : 'none new'), nobody: 'Nobody on it', sectorNone: 'Sector not shown', severity: 'Severity', sources: 'Sources', silent: 'silent', answering: 'answering',
    trend: { spreading: 'spreading', cooling: 'cooling', steady: 'steady' } as Record<string, string>,
  },
  write: {
    title: 'Send an advisory', intro: 'Goes to every member its marking allows, at once. Members see it as coming from the cell.', name: 'Title, in plain words', summary: 'What happened', actions: 'Do this, one action a line', severity: 'Severity', tlp: 'Marking', campaign: 'Campaign', noCampaign: 'None', go: 'Send to members', going: 'Sending…', sent: 'Sent. Members have it now.', another: 'Write another', toDesk: 'Back to the desk',
    needTitle: 'Give it a title', needSummary: 'Say what happened', needActions: 'Say at least one thing to do', failed: 'It was not sent. Your words are still here.',
  },
  noise: { title: 'Over-common values', intro: 'Values seen so widely that they link nothing. They stay searchable; they never join two reports.', label: 'Part of a value', go: 'Search', value: 'Value', why: 'Why it links nothing', seen: 'Seen', none: (q: string) => (q ? `Nothing over-common matches “${q}”.` : 'No value is over-common yet.'), more: 'Show more', kind: 'Kind' },
  keys: { title: 'Keys', on: 'Use single keys', close: 'Close', list: [['/', 'Search'], ['j  k', 'Move in a list'], ['c', 'Claim the report in focus'], ['?', 'This help'], ['f', 'On the wall: full screen']] as const },
  wall: {
    title: 'Wall', heading: 'Fusion Cell wall', connecting: 'Connecting…', cannot: 'This screen cannot reach the server.', signedOut: 'This screen is signed out.', signIn: 'Sign in', behind: (t: string) => `This screen is ${t} behind.`, reconnecting: 'Reconnecting…', nextTry: (s: number) => `Next try in ${count(s, 'second')}.`,
    lanes: 'Attacks seen, by sector', lanesLabel: 'Attacks seen by sector over the last hour in half-minutes, against each sector’s normal level. The numbers are in the list beside it.', keyHit: 'first firm hit in that sector', keyNormal: 'normal level', axis: ['60 min ago', '45', '30', '15', 'now'], rate: 'a min', times: '× normal', laneLabel: (rate: number, times: string) => `${rate} a minute${times ? `, ${times} times normal` : ''}`, laneUnknown: 'no figure',
    allNormal: 'All sectors at their usual level', wellAbove: (s: string[]) => `${list(s, 3)} well above normal`, above: (s: string[]) => `${list(s, 3)} above normal`, spreading: (l: string[]) => `${l.length > 1 ? 'Campaigns' : 'Campaign'} ${list(l, 5)} spreading`, notSpreading: 'Nothing is spreading between firms', but: (n: number) => `, but ${count(n, 'source is', 'sources are')} silent`, butLead: 'Cell lead: ',
    same: 'Same attack, several firms', shown: (n: number, all: number) => `${n} of ${all}`, noSame: 'Nothing shared between firms right now.', firms: (n: number) => (n === 1 ? 'firm' : 'firms'), delta: (n: number) => `+${n} in 10 min`, noDelta: 'none new', nobody: 'Nobody on it',
    reports: 'Reports in', noReports: 'No report in the last hour.', unclaimed: (n: number, t: string) => `${n} unclaimed, oldest ${t}`, someUnclaimed: (n: number, t: string) => `over ${n} unclaimed, oldest ${t}`, allClaimed: 'All claimed', open: 'unclaimed',
    alerts: 'Alerts sent', noAlerts: 'No alert sent yet.', read: (r: number, s: number) => `${r} of ${s} read`, readLabel: (r: number, s: number) => `${r} of ${s} members have read it`,
    sources: 'Sources', noSources: 'No source yet', of: (n: number) => `of ${n} answering`, silent: (name: string, t: string) => `${name}, silent ${t}`, moreSilent: (n: number) => `and ${n} more silent`,
    memberTitle: 'What members share right now', doThis: 'Do this', campaigns: 'Campaigns among members', latest: 'Just shared', noCampaigns: 'No campaign is being shared between members right now.', noLatest: 'Nothing has been shared yet.', noAdvice: 'The cell has sent no advisory.', noPosture: 'No posture set', noPostureMeaning: 'The cell has not set one yet', full: 'Press f for full screen', spread: (b: string) => `at ${b} members`, fewer: 'breadth not shown yet', campaignCount: (n: number) => (n ? `${count(n, 'campaign')} shared between members` : 'Nothing is shared between members right now'),
  },
} as const

export const kindWord = (kind: string | null | undefined) => (kind ? (words.kinds[kind] ?? kind) : '')
