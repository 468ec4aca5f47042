// A secret that is shown this once: it can be copied, and leaves only when somebody says that it is kept.
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { words } from '../words/forms'
import { Copy } from './Copy'

export function Once({
  title,
  text,
  values,
  done,
  go = words.done,
  children,
}: {
  title: string
  text: ReactNode
  values: readonly string[]
  done: () => void
  go?: string
  children?: ReactNode
}) {
  const [kept, keep] = useState(false),
    h = useRef<HTMLHeadingElement>(null)
  useEffect(() => h.current?.focus(), [])
  return (
    <section className="once card">
      <h2 ref={h} tabIndex={-1}>
        {title}
      </h2>
      <p>{text}</p>
      <ul className={values.length > 1 ? 'secrets many' : 'secrets'} data-secret>
        {values.map(v => (
          <li key={v}>
            <code>{v}</code>
          </li>
        ))}
      </ul>
      <p className="acts">
        <Copy text={values.join('\n')} label={words.copy} />
      </p>
      {children}
      <p>
        <label className="tick">
          <input type="checkbox" checked={kept} onChange={e => keep(e.target.checked)} />{' '}
          {values.length > 1 ? words.keptMany : words.kept}
        </label>
      </p>
      <p>
        <button type="button" className="btn" disabled={!kept} onClick={done}>
          {go}
        </button>
      </p>
    </section>
  )
}
