// What the cell feeds back to the source of a case: each verdict offers the others, a limit needs a reason, and done is all that is told.
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { cases } from '../src/api/reports'
import { LimitSource, Worth } from '../src/ui/Feedback'
import { feedback as T } from '../src/words/feedback'

afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
})

describe('what a case was worth', () => {
  for (const [verdict, offered] of [
    ['open', [T.confirm, T.refute]],
    ['confirmed', [T.refute, T.takeBack]],
    ['false', [T.confirm, T.takeBack]],
  ] as const)
    it(`is ${verdict}, and can be said otherwise`, () => {
      render(<Worth id="c" verdict={verdict} fresh={() => {}} />)
      expect(screen.getByRole('status').textContent).toBe(T.verdicts[verdict])
      expect(screen.getAllByRole('button').map(b => b.textContent)).toEqual(offered)
    })
  it('is sent for its case, and the page is read anew', async () => {
    const judge = vi.spyOn(cases, 'judge').mockResolvedValue(undefined as never),
      fresh = vi.fn()
    render(<Worth id="c" verdict="open" fresh={fresh} />)
    fireEvent.click(screen.getByRole('button', { name: T.refute }))
    await vi.waitFor(() => expect(fresh).toHaveBeenCalledOnce())
    expect(judge).toHaveBeenCalledWith('c', 'false')
  })
})

describe('limiting a source', () => {
  it('asks why, and tells that it is done', async () => {
    const limit = vi.spyOn(cases, 'limit').mockResolvedValue(undefined as never)
    render(<LimitSource id="c" fresh={() => {}} />)
    const form = screen.getByLabelText(T.reason).closest('form')!
    fireEvent.submit(form)
    expect((await screen.findAllByText(T.needReason)).length).toBeGreaterThan(0)
    expect(limit).not.toHaveBeenCalled()
    fireEvent.change(screen.getByLabelText(T.reason), { target: { value: 'It sends noise all day' } })
    fireEvent.submit(form)
    await screen.findByText(T.limited)
    expect(limit).toHaveBeenCalledWith('c', 'It sends noise all day')
  })
})
