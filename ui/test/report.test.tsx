// The report's draft and its steps: nothing is chosen for anybody, nothing typed is lost, and what is not to be sent is not.
import { describe, expect, it } from 'vitest'
import { EMPTY, bodyOf, join, readDraft } from '../src/lib/draft'
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
  it('has only what is ticked, and no contact where nobody may know', () => {
    const d = {
      ...full,
      contact: '0123',
      values: [
        { value: 'a.test', kind: 'domain', on: true },
        { value: 'b.test', on: false },
      ],
    }
    const body = bodyOf(d, 'Contact: ')
    expect(body.indicators).toEqual([{ value: 'a.test', kind: 'domain' }])
    expect(body.narrative).toBe('It came.')
    expect(bodyOf({ ...d, know: 'cell' }, 'Contact: ').narrative).toBe('It came.\n\nContact: 0123')
    expect(body).toMatchObject({ title: 'Mail', warn: 'now', know: 'nobody', ongoing: true, tlp: 'GREEN' })
  })
  it('names a group by its id and leaves out what was not answered', () => {
    expect(bodyOf({ ...full, warn: 'group:x' }, '').warn).toEqual({ group: 'x' })
    expect('warn' in bodyOf({ ...full, warn: '' }, '')).toBe(false)
    expect(bodyOf({ ...full, findings: { f1: 'keep' } }, '').findings).toEqual([{ id: 'f1', decision: 'keep' }])
  })
})

describe('the steps', () => {
  it('ask for what is compulsory, and choose nothing', () => {
    const asked = STEPS.flatMap(s => missing(s, EMPTY).map(p => p.field))
    expect(asked).toEqual(['r-now-yes', 'r-what-phishing', 'r-title', 'r-narrative', 'r-warn-now', 'r-know-nobody'])
    expect(STEPS.flatMap(s => missing(s, full))).toEqual([])
  })
})
