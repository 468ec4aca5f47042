// Acts that ask for a factor shown within ten minutes: the page asks for it once, then the act is tried again.
import { ApiError } from '../api/client'

type Ask = { open: boolean; /** Nothing else counts. */ passkey: boolean; answer: (yes: boolean) => void }
let ask: Ask = { open: false, passkey: false, answer: () => {} }
const heard = new Set<() => void>()
const tell = (next: Ask) => {
  ask = next
  for (const h of heard) h()
}
export const sureStore = {
  subscribe: (h: () => void) => {
    heard.add(h)
    return () => void heard.delete(h)
  },
  get: () => ask,
}

/** The person closed the question: not an error, and nothing happened. */
export class NotSure extends Error {}
export const notSure = (x: unknown) => x instanceof NotSure

/** Does something; if the server wants a factor first, asks for one and does it again. */
export async function sure<T>(act: () => Promise<T>): Promise<T> {
  let passkey = false
  try {
    return await act()
  } catch (x) {
    if (!(x instanceof ApiError) || (x.kind !== 'confirm' && x.kind !== 'passkey-first')) throw x
    passkey = x.kind === 'passkey-first'
  }
  const yes = await new Promise<boolean>(done => {
    tell({
      open: true,
      passkey,
      answer: y => {
        tell({ open: false, passkey: false, answer: () => {} })
        done(y)
      },
    })
  })
  if (!yes) throw new NotSure()
  return act()
}
