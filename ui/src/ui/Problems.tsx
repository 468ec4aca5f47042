// What is wrong with a form: told above it in one list, each line leading to its field, and the reader is taken there.
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { isExercise } from '../lib/exercise'
import { words } from '../words/portal'

export type Problem<F extends string = string> = { field: F; text: string }

/** A form's problems; `title` is the page's, which says that something is wrong while there are any. */
export function useProblems<F extends string = string>(title: string) {
  const [problems, set] = useState<Problem<F>[]>([])
  const box = useRef<HTMLDivElement>(null),
    told = useRef(false),
    id = useId()
  useEffect(() => {
    if (problems.length) {
      document.title = words.errorTitle(title, isExercise())
      box.current?.focus()
    } else if (told.current) document.title = words.title(title, isExercise())
    told.current = problems.length > 0
  }, [problems, title])
  const summary = problems.length > 0 && (
    <div className="errsum" role="alert" tabIndex={-1} ref={box} aria-labelledby={id}>
      <h2 id={id}>{words.signin.summary}</h2>
      <ul>
        {problems.map(p => (
          <li key={p.text}>
            <a
              href={`#${p.field}`}
              onClick={e => {
                e.preventDefault()
                document.getElementById(p.field)?.focus()
              }}
            >
              {p.text}
            </a>
          </li>
        ))}
      </ul>
    </div>
  )
  return { set, summary, any: problems.length > 0, bad: (field: F) => problems.some(p => p.field === field) }
}

/** A field with its label, marked while something is wrong with it. */
export function Field({ id, label, bad, children }: { id: string; label: string; bad: boolean; children: ReactNode }) {
  return (
    <p className={bad ? 'field bad' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {children}
    </p>
  )
}
