// Times, values and lists in words.
import { describe, expect, it } from 'vitest'
import { brief, ago, behind, both, clock, count, defang, list, safeNext, span } from '../src/lib/format'

const now = Date.parse('2026-07-10T12:00:00.000Z')
describe('times', () => {
  it.each([
    [10, 'just now'],
    [60, '1 min ago'],
    [59 * 60, '59 min ago'],
    [3600, '1 h ago'],
    [98 * 60, '1 h 38 min ago'],
    [30 * 3600, '30'],
    [86_400, 'yesterday'],
    [3 * 86_400, '3 days ago'],
    [-30, 'just now'],
  ])('%i seconds ago reads %s', (s, want) => {
    if (want === '30') expect(ago(now - s * 1000, now)).toBe('yesterday')
    else expect(ago(now - s * 1000, now)).toBe(want)
  })
  it('says local and UTC, once where they agree, with the date on another day', () => {
    expect(both(now, now, 'Europe/London')).toBe('13:00 (12:00 UTC)')
    expect(both(now, now, 'UTC')).toBe('12:00 UTC')
    expect(both('2026-07-08T12:00:00.000Z', now, 'UTC')).toBe('8 Jul 12:00 UTC')
    expect(both('not a time', now, 'UTC')).toBe('–')
    expect(clock(now, 'UTC', true)).toBe('12:00:00')
  })
  it('never shows a negative span', () => {
    expect(span(-5000)).toBe('now')
    expect(span(61_000)).toBe('1 min')
    expect(span(3_700_000)).toBe('1 h 1')
  })
  it('says how far behind in units that grow', () => {
    expect(behind(10_400)).toBe('10 seconds')
    expect(behind(150_000)).toBe('2 minutes')
    expect(behind(4 * 3_600_000)).toBe('4 hours')
  })
})
describe('lists and counts', () => {
  it('joins as a person would, and says how many are left out', () => {
    expect(list(['A'])).toBe('A')
    expect(list(['A', 'B'])).toBe('A and B')
    expect(list(['A', 'B', 'C', 'D', 'E'], 3)).toBe('A, B, C and 2 more')
  })
  it('counts', () => {
    expect(count(1, 'firm')).toBe('1 firm')
    expect(count(2000, 'firm')).toBe('2,000 firms')
  })
})
describe('defang', () => {
  it.each([
    ['evil.example', 'domain', 'evil[.]example'],
    ['203.0.113.4', 'ipv4', '203[.]0[.]113[.]4'],
    ['https://a.example/x.php?y=1.2', 'url', 'hxxps://a[.]example/x.php?y=1.2'],
    ['a.b@mail.example', 'email', 'a.b[@]mail[.]example'],
    ['2001:db8::1', 'ipv6', '2001[:]db8::1'],
    ['C:\\a.exe', 'file-path', 'C:\\a.exe'],
    ['d41d8cd98f00b204e9800998ecf8427e', 'md5', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['evil.example', null, 'evil[.]example'],
    ['CVE-2025-1', 'cve', 'CVE-2025-1'],
  ])('%s (%s) becomes %s', (v, k, want) => expect(defang(v, k)).toBe(want))
})
describe('where a sign-in may lead', () => {
  it.each([
    ['/campaigns/x?y=1', '/campaigns/x?y=1'],
    ['//evil.example', '/'],
    ['https://evil.example', '/'],
    ['/\\evil.example', '/'],
    ['/signin?next=/', '/'],
    [undefined, '/'],
    ['/a\nb', '/'],
  ])('%s leads to %s', (next, want) => expect(safeNext(next)).toBe(want))
})

it('a title keeps the ends of a fingerprint only', () => {
  expect(brief(`Ransomware: ${'ab12'.repeat(16)} and 4 more`)).toBe('Ransomware: ab12ab12…ab12 and 4 more')
  expect(brief('Phishing: sign-docs.example and 7 more')).toBe('Phishing: sign-docs.example and 7 more')
})
