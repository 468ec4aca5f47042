// Words that are for the cell only, sealed on this device before they are sent: nobody else reads them, where they lie or on the way.
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core'
import { hex, unhex } from './lead'

const INFO = new TextEncoder().encode('fusioncell cell words 1')
const BYTES_MIN = 512

/** A length of which little is told: five bits and its magnitude (Padmé). */
export function padded(length: number): number {
  const n = Math.max(length, BYTES_MIN),
    magnitude = Math.floor(Math.log2(n)),
    told = Math.floor(Math.log2(magnitude)) + 1,
    step = 2 ** Math.max(magnitude - told, 0)
  return Math.ceil(n / step) * step
}

/** The line that stands where the words would. */
export async function sealWords(key: { number: number; public: string }, words: string): Promise<string> {
  const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
  const text = new TextEncoder().encode(words.trim()),
    plain = new Uint8Array(padded(text.length)).fill(0x20)
  plain.set(text)
  const recipientPublicKey = await suite.kem.deserializePublicKey(unhex(key.public).buffer),
    sender = await suite.createSenderContext({ recipientPublicKey, info: INFO.buffer }),
    sealed = await sender.seal(plain.buffer)
  return `fusioncell-sealed-words-1 ${key.number} ${hex(sender.enc)}${hex(sealed)}`
}
