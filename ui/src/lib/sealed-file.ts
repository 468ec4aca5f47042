// A file that is for the cell only, sealed on this device before it is sent: its name and its length with it.
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core'
import { hex, unhex } from './lead'
import { padded } from './words'

const text = new TextEncoder()
const INFO = text.encode('fusioncell cell file 1')
const PIECE_BYTES = 64 * 1024
const NAME_CHARS_MAX = 255
const MEDIA_CHARS_MAX = 100

/** One line, as long as it may be. */
// eslint-disable-next-line no-control-regex -- a line's end within a name would be the end of the name
const line = (of: string, max: number) => of.replace(/[\u0000-\u001f\u007f]/g, '').slice(0, max)

/** What is sent in its place. It opens as a file of this report alone, and whole or not at all. */
export async function sealFile(key: { number: number; public: string }, report: string, file: File): Promise<Blob> {
  const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
  const content = new Uint8Array(await file.arrayBuffer()),
    sha256 = hex(await crypto.subtle.digest('SHA-256', content)),
    head = text.encode(
      `${line(file.name, NAME_CHARS_MAX)}\n${line(file.type, MEDIA_CHARS_MAX)}\n${content.length}\n${sha256}\n`,
    ),
    plain = new Uint8Array(padded(head.length + content.length))
  plain.set(head)
  plain.set(content, head.length)
  const recipientPublicKey = await suite.kem.deserializePublicKey(unhex(key.public).buffer),
    sender = await suite.createSenderContext({ recipientPublicKey, info: INFO.buffer }),
    parts: BlobPart[] = [text.encode(`fusioncell-sealed-file-1 ${key.number}\n`), sender.enc]
  for (let at = 0; at < plain.length; at += PIECE_BYTES) {
    const last = at + PIECE_BYTES >= plain.length,
      bound = text.encode(`${report} ${last ? 'last' : 'more'}`)
    parts.push(await sender.seal(plain.slice(at, at + PIECE_BYTES).buffer, bound.buffer))
  }
  return new Blob(parts, { type: 'application/octet-stream' })
}
