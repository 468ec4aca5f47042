// The words of the portal.
import { count } from '../lib/format'
import { shared } from './shared'

export const words = {
  ...shared,
  errorTitle: (page: string) => `Error: ${page}`,
  skip: 'Skip to main content',
  loading: { page: 'Loading the page…', home: 'Loading your home page…', campaign: 'Loading the campaign…', list: 'Loading the list…', lookup: 'Looking…' },
  nav: {
    main: 'Main', account: 'Your sign-in', home: 'Home', desk: 'Desk', advisories: 'Advisories', search: 'Check an indicator', campaigns: 'Campaigns', noise: 'Over-common values',
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
    paused: 'Live list paused: reconnecting. The items below are from before.',
    failed: 'We could not load this page', safe: 'Nothing you sent is lost.', retry: 'Try again', notFound: 'There is no such page', notFoundMeaning: 'The address may be mistyped, or what it named is not shared with you.', toHome: 'Go to the home page',
    forbidden: 'Your role does not allow this.',
  },
  posture: {
    none: 'No posture set', noneMeaning: 'The cell has not set one yet.', heading: 'Posture', setAt: (t: string) => `Set ${t}`,
    word: 'Posture word', text: 'What members should know', set: 'Set posture', done: 'Posture set. Members see it now.', needText: 'Say in a sentence what members should know',
  } as const,
  copy: { defanged: 'Copy safe form', plain: 'Copy plain', allDefanged: 'Copy all, safe form', allPlain: 'Copy all, plain', done: 'Copied', failed: 'Copying is not allowed here' },
  home: {
    title: 'Home', todo: (n: number) => (n ? `${count(n, 'advisory needs', 'advisories need')} you` : 'Nothing needs you right now'), advisories: 'Advisories', all: 'All advisories', noAdvisories: 'The cell has sent no advisory. When it does, it is here at once, with what to do.',
    doThis: 'Do this', done: 'We have read this', wasDone: 'Read', seeCampaign: 'See the campaign', campaigns: 'Campaigns', noCampaigns: 'No campaign is being shared between members right now.', allCampaigns: 'All campaigns',
    latest: 'Latest shared', latestMeaning: 'As members share them. Nobody sees who reported.', noLatest: 'Nothing has been shared yet. The first item appears here by itself.', attributed: (w: string) => `From ${w}`,
  },
  campaign: {
    band: (b: string) => `${b} members`, bandNone: 'Fewer than four members, or not counted yet', sectors: 'Sectors hit', noSectors: 'No sector is named until enough of its members have it.', bandMeaning: 'A band, never a count: nobody can work out who reported.',
    indicators: (n: number) => count(n, 'indicator'), updated: 'changed', first: 'first shared', timeline: 'How it was shared', timelineMeaning: 'Times are when it was shared with members, not when it was reported.', table: 'Indicators', techniques: 'Techniques', regions: 'Regions',
    noIndicators: 'No indicator of this campaign is shared with members yet.', more: 'Only the first 500 are shown. The watch feed has all.', value: 'Value', kind: 'Kind', shared: 'Shared', what: 'What to do', marking: 'Marking', copy: 'Copy', feed: 'Watch feed (text)', blockFeed: 'Block feed (text)',
    common: (why: string) => `Everyday value: ${why}`, list: 'Campaigns', listMeaning: 'What belongs to one attack. How many members it has hit is shown from four on.', empty: 'No campaign is being shared between members right now.', next: 'Show more', name: 'Campaign', breadth: 'Members', changed: 'Last change', gone: 'There is no such campaign', goneMeaning: 'It may have joined another one, or it is not shared with you.', time: 'Time', happened: 'What happened', newIndicators: 'New indicators', unnamed: 'Campaign',
  },
  cellCampaign: {
    keyHit: 'first firm hit in that sector',
    note: 'Cell view: exact counts. Members see bands and sector marks only.', firms: 'firms', sectors: 'sectors', indicators: 'indicators', reports: 'reports', first: 'first seen', spread: 'How it spread', spreadTable: 'The same as a table', matrix: 'What the reports share', matrixMeaning: 'A column is a report: sectors in the order they were hit, oldest report left. A ring marks the report that held the value first.', reasons: 'Why these are linked', reasonsNone: 'One report so far; nothing links it to another.',
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
    title: 'Desk', all: 'All', heading: (n: number) => (n ? `${count(n, 'report is', 'reports are')} unclaimed` : 'Every report is claimed'), reports: 'Reports in', noReports: 'No report in the last hour.', claim: 'Claim', claimed: (o: string) => `Claimed by ${o}`, claimedAnnounce: (a: string, o: string) => `${a}: claimed by ${o}`, claimFailed: 'The claim did not go through. Try again.', campaigns: 'Same attack, several firms', noCampaigns: 'Nothing shared between firms right now.', alerts: 'Advisories sent', noAlerts: 'No advisory has been sent.', readBy: (r: number, s: number) => `${r} of ${s} read`,
    sector: 'Sector', campaign: 'Campaign', state: 'Who', firms: (n: number) => count(n, 'firm'), delta: (n: number) => (n ? `+${n} in 10 min` : 'none new'), nobody: 'Nobody on it', sectorNone: 'Sector not shown', severity: 'Severity', sources: 'Sources', silent: 'silent', answering: 'answering',
    trend: { spreading: 'spreading', cooling: 'cooling', steady: 'steady' } as Record<string, string>,
  },
  write: {
    title: 'Send an advisory', intro: 'Goes to every member its marking allows, at once. Members see it as coming from the cell.', name: 'Title, in plain words', summary: 'What happened', actions: 'Do this, one action a line', severity: 'Severity', tlp: 'Marking', campaign: 'Campaign', noCampaign: 'None', go: 'Send to members', going: 'Sending…', sent: 'Sent. Members have it now.', another: 'Write another', toDesk: 'Back to the desk',
    needTitle: 'Give it a title', needSummary: 'Say what happened', needActions: 'Say at least one thing to do', failed: 'It was not sent. Your words are still here.',
  },
  noise: { title: 'Over-common values', intro: 'Values seen so widely that they link nothing. They stay searchable; they never join two reports.', label: 'Part of a value', go: 'Search', value: 'Value', why: 'Why it links nothing', seen: 'Seen', none: (q: string) => (q ? `Nothing over-common matches “${q}”.` : 'No value is over-common yet.'), more: 'Show more', kind: 'Kind' },
  keys: { title: 'Keys', on: 'Use single keys', close: 'Close', list: [['/', 'Search'], ['j  k', 'Move in a list'], ['c', 'Claim the report in focus'], ['?', 'This help'], ['f', 'On the wall: full screen']] as const },
} as const

export { kindWord } from './shared'
