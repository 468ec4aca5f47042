// One draft, several tabs: a tab that is behind never writes over a newer draft; it says so and keeps its own words aside until somebody chooses.
import { useEffect, useRef, useState } from 'react'
import { EMPTY, draftKey, readDraft, store, stored, type Draft } from './draft'

export type Change = (part: Partial<Draft> | ((d: Draft) => Partial<Draft>)) => void
/** What another tab has made of the draft: a newer one, or nothing (it was sent or deleted there). */
export type Newer = Draft | 'gone' | null

const made = (text: string | null): Newer => (text === null ? 'gone' : readDraft(text))
const ownTab = () => sessionStorage

export function useDraft(person: string) {
  const key = draftKey(person)
  // what the store had when this tab began, and what this tab had put aside before it was loaded again
  const [begin] = useState(() => ({ shared: stored(key), aside: stored(key, ownTab) }))
  const [draft, set] = useState<Draft>(() => readDraft(begin.aside ?? begin.shared)),
    [newer, setNewer] = useState<Newer>(begin.aside === null ? null : made(begin.shared)),
    // what is in the store as this tab knows it: anything else there was written by another
    seen = useRef(begin.shared),
    latest = useRef(draft)
  const show = (d: Draft) => {
    latest.current = d
    set(d)
  }
  /** Writes to the store that all tabs share. */
  const write = (d: Draft | null) => {
    store(key, d && JSON.stringify(d))
    store(key, null, ownTab)
    seen.current = stored(key)
    setNewer(null)
  }
  useEffect(() => {
    const look = () => {
      const now = stored(key)
      if (now !== seen.current) setNewer(made(now))
    }
    const heard = (e: StorageEvent) => {
      if (e.key === key || e.key === null) look()
    }
    addEventListener('storage', heard)
    addEventListener('focus', look)
    return () => {
      removeEventListener('storage', heard)
      removeEventListener('focus', look)
    }
  }, [key])
  const keep = (next: Draft) => {
    const now = stored(key)
    if (newer !== null || now !== seen.current) {
      setNewer(made(now))
      store(key, JSON.stringify(next), ownTab)
    } else write(next)
    show(next)
  }
  const change: Change = part => {
    const d = latest.current
    keep({ ...d, ...(typeof part === 'function' ? part(d) : part), version: d.version + 1, key: '', sealed: '' })
  }
  return {
    draft,
    newer,
    change,
    /** Names this sending, if it has no name yet. */
    named: (name: () => string): Draft => {
      if (!latest.current.key) keep({ ...latest.current, key: name() })
      return latest.current
    },
    /** Keeps the words of this sending as they are sealed; nothing if the draft was changed meanwhile. */
    sealedAs: (of: Draft, sealed: string): Draft | null => {
      if (latest.current.version !== of.version || latest.current.key !== of.key) return null
      keep({ ...latest.current, sealed })
      return latest.current
    },
    /** The other tab's draft, in place of this one. */
    take: () => {
      const now = stored(key)
      store(key, null, ownTab)
      seen.current = now
      setNewer(null)
      show(readDraft(now))
    },
    /** This tab's draft, in place of the other one. */
    mine: () => {
      const d = { ...latest.current, version: Math.max(latest.current.version, readDraft(stored(key)).version) + 1 }
      write(d)
      show(d)
    },
    clear: () => {
      write(null)
      show(EMPTY)
    },
  }
}
