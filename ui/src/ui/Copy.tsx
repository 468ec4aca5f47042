// Copies text and says so; the words change only for the one who pressed.
import { useState } from 'react'
import { words } from '../words/portal'
export function Copy({ text, label, what }: { text: string; label: string; what?: string }) {
  const [said, say] = useState<string | null>(null)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      say(words.copy.done)
    } catch {
      say(words.copy.failed)
    }
    setTimeout(() => say(null), 2500)
  }
  return (
    <button type="button" className="btn quiet sm" onClick={copy}>
      <span aria-live="polite">{said ?? label}</span>
      {what && <span className="vh"> {what}</span>}
    </button>
  )
}
