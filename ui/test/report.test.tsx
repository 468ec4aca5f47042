// The report's draft and its steps: nothing is chosen for anybody, nothing typed is lost, and what is not to be sent is not.
import { describe, expect, it } from 'vitest'
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core'
import { EMPTY, bodyOf, join, readDraft, wordsOf } from '../src/lib/draft'
import { hex, unhex } from '../src/lib/lead'
import { sealFile } from '../src/lib/sealed-file'
import { padded, sealWords } from '../src/lib/words'
import { STEPS, missing } from '../src/pages/Report'

const full = {
  ...EMPTY,
  ongoing: 'yes' as const,
  attack: 'phishing',
  title: ' Mail ',
  narrative: 'It came.',
  warn: 'now',
  know: 'nobody',
}

describe('the draft', () => {
  it('survives what another version or a hand has written', () => {
    expect(readDraft(null)).toEqual(EMPTY)
    expect(readDraft('{')).toEqual(EMPTY)
    expect(readDraft('null')).toEqual(EMPTY)
    expect(readDraft('{"ongoing":"perhaps","values":[{"value":1},{"value":"a.test","on":true}],"tlp":""}')).toEqual({
      ...EMPTY,
      values: [{ value: 'a.test', on: true }],
    })
    expect(readDraft(JSON.stringify(full))).toEqual(full)
  })
  it('keeps what was unticked when the same text is read again', () => {
    const before = [{ value: 'a.test', on: false }]
    expect(
      join(before, [
        { value: 'a.test', on: true },
        { value: 'b.test', on: true },
      ]),
    ).toEqual([
      { value: 'a.test', on: false },
      { value: 'b.test', on: true },
    ])
  })
})

describe('what is sent', () => {
  it('has only what is ticked, and how to reach them apart from their words', () => {
    const d = {
      ...full,
      contact: '0123',
      values: [
        { value: 'a.test', kind: 'domain', on: true },
        { value: 'b.test', on: false },
      ],
    }
    const body = bodyOf(d)
    expect(body.indicators).toEqual([{ value: 'a.test', kind: 'domain' }])
    expect([body.narrative, body.contact]).toEqual(['It came.', '0123'])
    // Where it goes is the server's affair, once it is answered who may know.
    expect(bodyOf({ ...d, know: 'cell' })).toMatchObject({ narrative: 'It came.', contact: '0123' })
    expect('contact' in bodyOf({ ...d, know: '' })).toBe(false)
    expect(body).toMatchObject({ title: 'Mail', warn: 'now', know: 'nobody', ongoing: true, tlp: 'GREEN' })
  })
  it('has no words of a report for the cell only but as they were sealed', () => {
    const d = { ...full, warn: 'cell-only', know: 'cell', contact: '0123' }
    expect(bodyOf(d).narrative).toBe('')
    const sent = bodyOf({ ...d, sealed: 'fusioncell-sealed-words-1 7 00' })
    expect([sent.narrative, sent.contact]).toEqual(['fusioncell-sealed-words-1 7 00', undefined])
    expect(wordsOf(d, 'Contact: ')).toBe('It came.\n\nContact: 0123')
    // Nobody may know who it is: then it is in no words that the cell reads, and goes with who it is.
    const secret = { ...d, know: 'nobody' }
    expect([wordsOf(secret, 'Contact: '), bodyOf(secret).contact]).toEqual(['It came.', '0123'])
  })
  it('names a group by its id and leaves out what was not answered', () => {
    expect(bodyOf({ ...full, warn: 'group:x' }).warn).toEqual({ group: 'x' })
    expect('warn' in bodyOf({ ...full, warn: '' })).toBe(false)
    expect(bodyOf({ ...full, findings: { f1: 'keep' } }).findings).toEqual([{ id: 'f1', decision: 'keep' }])
  })
})

describe('the steps', () => {
  it('ask for what is compulsory, and choose nothing', () => {
    const asked = STEPS.flatMap(s => missing(s, EMPTY).map(p => p.field))
    expect(asked).toEqual(['r-now-yes', 'r-what-phishing', 'r-title', 'r-narrative', 'r-warn-now', 'r-know-nobody'])
    expect(STEPS.flatMap(s => missing(s, full))).toEqual([])
  })
})

describe('words that are sealed', () => {
  const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
  it('open with the cell’s key and with no other, and are as long as others', async () => {
    const [pair, other] = await Promise.all([suite.kem.generateKeyPair(), suite.kem.generateKeyPair()])
    const key = { number: 700, public: hex(await suite.kem.serializePublicKey(pair.publicKey)) }
    const line = await sealWords(key, ' It came at noon – “zwölf”. ')
    const [mark, number, text = ''] = line.split(' ')
    expect([mark, number]).toEqual(['fusioncell-sealed-words-1', '700'])
    const bytes = unhex(text),
      enc = bytes.slice(0, 65).buffer,
      info = new TextEncoder().encode('fusioncell cell words 1').buffer,
      open = (recipientKey: CryptoKeyPair) => suite.open({ recipientKey, enc, info }, bytes.slice(65).buffer)
    expect(new TextDecoder().decode(await open(pair)).trimEnd()).toBe('It came at noon – “zwölf”.')
    await expect(open(other)).rejects.toThrow()
    expect((await sealWords(key, 'No.')).length).toBe(line.length)
  })
  it('are padded as the server pads', () => {
    expect([1, 512, 1000, 1024, 1025, 20_000].map(padded)).toEqual([512, 512, 1024, 1024, 1088, 20_480])
  })
})

describe('a file that is sealed', () => {
  const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() }),
    bytes = new TextEncoder(),
    LINE = 29,
    PIECE = 64 * 1024 + 16
  const opened = async (pair: CryptoKeyPair, blob: Blob, report: string) => {
    const all = new Uint8Array(await blob.arrayBuffer()),
      pieces = all.slice(LINE + 65),
      info = bytes.encode('fusioncell cell file 1').buffer,
      to = await suite.createRecipientContext({ recipientKey: pair, enc: all.slice(LINE, LINE + 65).buffer, info })
    expect(new TextDecoder().decode(all.slice(0, LINE))).toBe('fusioncell-sealed-file-1 700\n')
    const plain: number[] = []
    for (let at = 0; at < pieces.length; at += PIECE) {
      const bound = bytes.encode(`${report} ${at + PIECE >= pieces.length ? 'last' : 'more'}`).buffer
      plain.push(...new Uint8Array(await to.open(pieces.slice(at, at + PIECE).buffer, bound)))
    }
    return Uint8Array.from(plain)
  }
  it('opens for its report alone, with its name inside, and is as long as others', async () => {
    const pair = await suite.kem.generateKeyPair(),
      key = { number: 700, public: hex(await suite.kem.serializePublicKey(pair.publicKey)) },
      content = Uint8Array.from({ length: 100_000 }, (_, n) => n % 251),
      blob = await sealFile(key, 'a-report', new File([content], 'pay\nroll.eml', { type: 'message/rfc822' })),
      plain = await opened(pair, blob, 'a-report'),
      sha256 = hex(await crypto.subtle.digest('SHA-256', content)),
      head = `payroll.eml\nmessage/rfc822\n100000\n${sha256}\n`
    expect(new TextDecoder().decode(plain.slice(0, head.length))).toBe(head)
    expect(plain.slice(head.length, head.length + content.length)).toEqual(content)
    expect(plain.length).toBe(padded(head.length + content.length))
    await expect(opened(pair, blob, 'another')).rejects.toThrow()
    const sizes = await Promise.all(['a', 'b'.repeat(90)].map(text => sealFile(key, 'a-report', new File([text], 'x'))))
    expect(sizes[0]?.size).toBe(sizes[1]?.size)
  })
})
