// A lead's keys on this device: made here, kept where no script can read them out, and used for one case at a time. A key that was
// replaced is kept: the cases that came while it counted open with it and with no other.
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core'
import { toBase64url } from './passkey'

const CURVE = { name: 'ECDH', namedCurve: 'P-256' }
const PUBLIC_BYTES = 65
const label = (text: string) => new TextEncoder().encode(text)
const INFO = label('fusioncell source register 1')
const SHARE_INFO = label('fusioncell source 1')

export type LeadKey = { pair: CryptoKeyPair; public: string }

export const hex = (bytes: ArrayBuffer) =>
  Array.from(new Uint8Array(bytes), b => b.toString(16).padStart(2, '0')).join('')
export const unhex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))

/** A key of its two halves in hexadecimal digits; the private half cannot be read out of what this gives. */
async function keyOf(secret: string, open: string): Promise<LeadKey> {
  const part = (from: number) => toBase64url(unhex(open).slice(from, from + 32).buffer)
  const point = { kty: 'EC', crv: 'P-256', x: part(1), y: part(33) }
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('jwk', { ...point, d: toBase64url(unhex(secret).buffer) }, CURVE, false, ['deriveBits']),
    crypto.subtle.importKey('jwk', point, CURVE, true, []),
  ])
  return { pair: { privateKey, publicKey }, public: open }
}

/** Makes a key, and the text of the file in which its owner keeps it. */
export async function makeLeadKey(): Promise<{ key: LeadKey; file: string }> {
  const made = await crypto.subtle.generateKey(CURVE, true, ['deriveBits'])
  const jwk = await crypto.subtle.exportKey('jwk', made.privateKey)
  const plain = atob((jwk.d ?? '').replaceAll('-', '+').replaceAll('_', '/'))
  const secret = Array.from(plain, c => c.charCodeAt(0).toString(16).padStart(2, '0'))
    .join('')
    .padStart(64, '0')
  const open = hex(await crypto.subtle.exportKey('raw', made.publicKey))
  return { key: await keyOf(secret, open), file: `${secret}\n${open}\n` }
}

/** The key of a file; `null` if it is none. */
export async function leadKeyOfFile(text: string): Promise<LeadKey | null> {
  const [secret = '', open = ''] = text.split('\n').map(l => l.trim())
  if (!/^[0-9a-f]{64}$/.test(secret) || !/^04[0-9a-f]{128}$/.test(open)) return null
  return keyOf(secret, open).catch(() => null)
}

const FINGERPRINT_DIGITS = 32
/** What is read out of a key's public half: SHA-256, its first 128 bits. */
export const fingerprintOf = async (open: string) =>
  hex(await crypto.subtle.digest('SHA-256', unhex(open))).slice(0, FINGERPRINT_DIGITS)
/** A fingerprint in groups that can be read out. */
export const inGroups = (fingerprint: string) => fingerprint.match(/.{1,4}/g)?.join(' ') ?? ''

/** The secret of an epoch that the server keeps sealed for a key; fails if it is another's. */
function secretOf(key: LeadKey, sealed: string): Promise<ArrayBuffer> {
  const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
  const bytes = unhex(sealed)
  return suite.open(
    { recipientKey: key.pair, enc: bytes.slice(0, PUBLIC_BYTES).buffer, info: INFO.buffer },
    bytes.slice(PUBLIC_BYTES).buffer,
  )
}

/** The key that a secret is sealed to; `null` if it is none of these. */
export async function keyFor(keys: readonly LeadKey[], sealed: string): Promise<LeadKey | null> {
  for (const key of keys) {
    const opens = await secretOf(key, sealed).then(
      () => true,
      () => false,
    )
    if (opens) return key
  }
  return null
}

/** The share of one case, of the secret that the server keeps sealed for this key. */
export async function shareOf(key: LeadKey, sealed: string, id: string): Promise<string> {
  const from = await crypto.subtle.importKey('raw', await secretOf(key, sealed), 'HKDF', false, ['deriveBits'])
  const info = new Uint8Array([...SHARE_INFO, ...unhex(id.replaceAll('-', ''))])
  return hex(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }, from, 256))
}

const STORE = 'keys'
const opened = () =>
  new Promise<IDBDatabase>((done, fail) => {
    const r = indexedDB.open('fusioncell-lead', 1)
    r.onupgradeneeded = () => r.result.createObjectStore(STORE)
    r.onsuccess = () => done(r.result)
    r.onerror = () => fail(r.error)
  })
async function within<T>(mode: IDBTransactionMode, work: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await opened()
  try {
    return await new Promise<T>((done, fail) => {
      const r = work(db.transaction(STORE, mode).objectStore(STORE))
      r.onsuccess = () => done(r.result)
      r.onerror = () => fail(r.error)
    })
  } finally {
    db.close()
  }
}
/** Those of this device. An earlier version kept one, under a name of its own: it is found as well. */
export const keptLeadKeys = (): Promise<LeadKey[]> =>
  within('readonly', s => s.getAll() as IDBRequest<LeadKey[]>).then(
    all => [...new Map(all.map(key => [key.public, key])).values()],
    () => [],
  )
/** Each by its public half: none takes another's place. */
export const keepLeadKey = (key: LeadKey) => within('readwrite', s => s.put(key, key.public))
