// The words that the portal and the wall share. The catalogue is this folder: another language is another folder of this shape.
export const shared = {
  product: 'Fusion Cell',
  exercise: 'EXERCISE',
  exerciseMeaning: 'This is an exercise. Nothing here is real.',
  title: (page: string, exercise: boolean) => `${exercise ? '[EXERCISE] ' : ''}${page} – Fusion Cell`,
  tlp: {
    RED: 'For the named persons only', AMBER: 'For your organisation and its clients, as far as they need it', 'AMBER+STRICT': 'For your organisation only', GREEN: 'For the community, not public', CLEAR: 'May be shared with anybody',
  } as Record<string, string>,
  severity: { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low' } as Record<string, string>,
  kinds: {
    ipv4: 'IP address', ipv6: 'IPv6 address', cidr: 'Address range', domain: 'Web name', hostname: 'Host name', url: 'Web address', email: 'E-mail address', 'email-subject': 'Mail subject', md5: 'File (MD5)', sha1: 'File (SHA-1)', sha256: 'File (SHA-256)', sha512: 'File (SHA-512)',
    ssdeep: 'File (ssdeep)', tlsh: 'File (TLSH)', imphash: 'Import hash', 'file-name': 'File name', 'file-path': 'File path', 'registry-key': 'Registry key', mutex: 'Mutex', 'user-agent': 'User agent', ja3: 'TLS client (JA3)', ja4: 'TLS client (JA4)', asn: 'Network (AS)',
    'x509-fingerprint': 'Certificate', mac: 'MAC address', phone: 'Telephone number', iban: 'Bank account', btc: 'Bitcoin address', cve: 'Known fault', account: 'Account',
  } as Record<string, string>,
  live: { live: 'Live', connecting: 'Connecting…', reconnecting: 'Reconnecting…', behind: 'Not live' },
  postures: { normal: 'Normal', raised: 'Raised', high: 'High' },
  act: { block: 'Block', watch: 'Watch' },
} as const

export const kindWord = (kind: string | null | undefined) => (kind ? (shared.kinds[kind] ?? kind) : '')
