// Turns times, values and lists into what a person reads; pure, so that every screen says the same thing the same way.
export type Instant = string | number

export const ms = (t: Instant): number => (typeof t === 'number' ? t : Date.parse(t))

const clocks = new Map<string, Intl.DateTimeFormat>()
function clockFormat(zone: string | undefined, seconds: boolean) {
  const key = `${zone}|${seconds}`
  let f = clocks.get(key)
  if (!f)
    clocks.set(
      key,
      (f = new Intl.DateTimeFormat('en-GB', {
        hour: '2-digit',
        minute: '2-digit',
        second: seconds ? '2-digit' : undefined,
        timeZone: zone,
      })),
    )
  return f
}
export const clock = (t: Instant, zone?: string, seconds = false) => clockFormat(zone, seconds).format(ms(t))
const day = (t: Instant, zone?: string) =>
  new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: zone }).format(ms(t))

/** Local and UTC. Where both read the same it is said once; another day than today's names its date. */
export function both(t: Instant, now: number, zone?: string): string {
  if (Number.isNaN(ms(t))) return '–'
  const local = clock(t, zone),
    utc = clock(t, 'UTC')
  const date = day(t, zone) === day(now, zone) ? '' : `${day(t, zone)} `
  return local === utc ? `${date}${utc} UTC` : `${date}${local} (${utc} UTC)`
}

export function ago(t: Instant, now: number): string {
  const s = Math.max(0, (now - ms(t)) / 1000)
  if (Number.isNaN(s)) return '–'
  if (s < 45) return 'just now'
  const m = Math.round(s / 60)
  if (m < 60) return `${Math.max(1, m)} min ago`
  const h = Math.floor(m / 60)
  if (h < 24) return m % 60 ? `${h} h ${m % 60} min ago` : `${h} h ago`
  const d = Math.round(h / 24)
  return d === 1 ? 'yesterday' : `${d} days ago`
}

/** A span of time for a wall: short, never negative. */
export function span(milliseconds: number): string {
  const m = Math.floor(Math.max(0, milliseconds) / 60_000)
  return m < 1
    ? 'now'
    : m < 60
      ? `${m} min`
      : m < 1440
        ? `${Math.floor(m / 60)} h ${m % 60}`
        : `${Math.floor(m / 1440)} d`
}

/** How far behind a screen is, in words that stay true as it grows. */
export function behind(milliseconds: number): string {
  const s = Math.round(milliseconds / 1000)
  if (s < 120) return `${s} seconds`
  return s < 7200 ? `${Math.floor(s / 60)} minutes` : `${Math.floor(s / 3600)} hours`
}

export function list(words: readonly string[], max = Infinity): string {
  const a = words.length > max ? [...words.slice(0, max), `${words.length - max} more`] : [...words]
  return a.length < 2 ? a.join('') : `${a.slice(0, -1).join(', ')} and ${a.at(-1)}`
}

/** A title on a wall or in a narrow list: the middle of a long fingerprint says nothing to a person. */
export const brief = (title: string) => title.replace(/\b[0-9a-f]{24,}\b/gi, h => `${h.slice(0, 8)}…${h.slice(-4)}`)

export const count = (n: number, one: string, many = one + 's') =>
  `${n.toLocaleString('en-GB')} ${n === 1 ? one : many}`

/** The size of a file as a person says it. */
export function bytes(n: number): string {
  if (n < 1000) return count(n, 'byte')
  return n < 1_000_000 ? `${Math.round(n / 1000)} kB` : `${(n / 1_000_000).toFixed(1)} MB`
}

/** Breaks the host so that nothing turns the value into a link; a path stays readable. Only network kinds are broken. */
export function defang(value: string, kind?: string | null): string {
  if (kind && !/^(ipv4|ipv6|cidr|domain|hostname|url|email)$/.test(kind)) return value
  const url = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i.exec(value)
  if (url) return `${url[1]!.replace(/^http/i, 'hxxp').replace(/^ftp/i, 'fxp')}://${dots(url[2]!)}${url[3]}`
  if (kind === 'email' || /^[^\s@]+@[^\s@]+$/.test(value)) {
    const at = value.lastIndexOf('@')
    return `${value.slice(0, at)}[@]${dots(value.slice(at + 1))}`
  }
  if (kind === 'ipv6' || (!kind && /^[0-9a-f:]+:[0-9a-f:]*$/i.test(value))) return value.replace(':', '[:]')
  if (kind || /^[^\s/\\]+\.[^\s/\\]+$/.test(value)) return dots(value)
  return value
}
const dots = (host: string) => host.replaceAll('.', '[.]')

/** Where a sign-in may lead back to: a path of ours, and nothing that a browser reads as another host. */
export function safeNext(next: string | undefined): string {
  if (!next || !next.startsWith('/') || next.startsWith('//') || /[\\\s]/.test(next) || next.startsWith('/signin'))
    return '/'
  return next
}
