// A QR code's path, what an organisation says of itself, and passing a case.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { encode } from 'uqr'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { cell } from '../src/api/client'
import { Pass } from '../src/ui/Pass'
import { profileOf } from '../src/ui/Profile'
import { Qr, outline } from '../src/ui/Qr'
import { office } from '../src/words/office'

afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
})

describe('a QR code', () => {
  it('is one path whose boxes are the dark modules, each once', () => {
    const { data, size } = encode('otpauth://totp/x?secret=JBSWY3DPEHPK3PXP', { ecc: 'M', border: 4 })
    const dark = Array.from({ length: size }, () => Array.from({ length: size }, () => false))
    for (const [, x, y, run, back] of outline(data).matchAll(/M(\d+) (\d+)h(\d+)v1H(\d+)z/g)) {
      expect(back).toBe(x)
      for (let i = 0; i < Number(run); i++) {
        expect(dark[Number(y)]![Number(x) + i]).toBe(false)
        dark[Number(y)]![Number(x) + i] = true
      }
    }
    expect(dark).toEqual(data)
  })
  it('has no style, no image and no text of its own', () => {
    const { container } = render(<Qr text={'otpauth://totp/<img src=x>'} label="code" />)
    expect(container.querySelectorAll('svg > path').length).toBe(2)
    expect(container.querySelector('[style], img, image, text, use')).toBeNull()
    expect(screen.getByRole('img', { name: 'code' })).toBeTruthy()
  })
})

it('a profile is sent as lists, and what is not said as nothing', () => {
  const typed: Record<string, string> = { region: '', size: '10-49', domains: ' a.example \n\nb.example', brands: '' }
  expect(profileOf(name => typed[name] ?? '')).toEqual({
    region: null,
    size: '10-49',
    domains: ['a.example', 'b.example'],
    ranges: [],
    brands: [],
    software: [],
  })
})

describe('passing a case', () => {
  const people = { exercise: true, items: [{ id: 'u', name: 'Uma', walled: ['Water'] }] }
  const show = (passed_to: string[]) =>
    render(
      <QueryClientProvider client={new QueryClient()}>
        <Pass of={{ case: 'c1', attack: 'Phishing', sector: 'Water', passed_to }} />
      </QueryClientProvider>,
    )
  it('names the secondee and what they are walled from', async () => {
    vi.spyOn(cell, 'secondees').mockResolvedValue(people)
    const pass = vi.spyOn(cell, 'pass').mockResolvedValue(undefined as never)
    show([])
    fireEvent.click(screen.getByRole('button', { name: /Pass on/ }))
    fireEvent.change(await screen.findByLabelText(office.pass.to), { target: { value: 'u' } })
    expect(screen.getByText('Uma, walled from Water')).toBeTruthy()
    fireEvent.click(screen.getByRole('button', { name: office.pass.go }))
    await screen.findByText('Passed to Uma.')
    expect(pass).toHaveBeenCalledWith('c1', 'u')
  })
  it('is taken back from who has it, and offered to nobody twice', async () => {
    vi.spyOn(cell, 'secondees').mockResolvedValue(people)
    const back = vi.spyOn(cell, 'takeBack').mockResolvedValue(undefined as never)
    show(['Uma'])
    fireEvent.click(screen.getByRole('button', { name: /Pass on/ }))
    fireEvent.click(await screen.findByRole('button', { name: office.pass.back }))
    await screen.findByText('Taken back from Uma.')
    expect(screen.queryByLabelText(office.pass.to)).toBeNull()
    expect(back).toHaveBeenCalledWith('c1', 'u')
  })
})
