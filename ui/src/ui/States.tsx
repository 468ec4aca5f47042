// What a page shows when there is nothing to show: loading, failed, not found. Each says what it means and offers one action.
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { ApiError } from '../api/client'
import { isExercise } from '../lib/exercise'
import { words } from '../words/portal'

const T = words.states
export const Loading = ({ what }: { what: string }) => (
  <p className="loading" role="status">
    {what}
  </p>
)

export function Failed({
  error,
  retry,
  title = T.failed,
  meaning = T.safe,
}: {
  error: unknown
  retry: () => void
  title?: string
  meaning?: string
}) {
  useEffect(() => {
    document.title = words.errorTitle(title, isExercise())
  }, [title])
  const why =
    error instanceof ApiError
      ? error.status === 403
        ? T.forbidden
        : error.offline
          ? words.signin.offline + '.'
          : error.detail
      : ''
  return (
    <section className="problem" role="alert">
      <h1>{title}</h1>
      <p>{why}</p>
      <p>{meaning}</p>
      <p>
        <button className="btn" onClick={retry}>
          {T.retry}
        </button>
      </p>
    </section>
  )
}
export function NotFound({ title = T.notFound, meaning = T.notFoundMeaning }: { title?: string; meaning?: string }) {
  return (
    <div className="page">
      <Heading title={title} page={title} />
      <p className="lede">{meaning}</p>
      <p>
        <Link to="/" className="btn">
          {T.toHome}
        </Link>
      </p>
    </div>
  )
}
/** A page's heading: names the page in the title bar, and takes the focus when a page is entered. */
export function Heading({
  title,
  page,
  exercise = isExercise(),
  children,
}: {
  title: string
  page: string
  exercise?: boolean
  children?: React.ReactNode
}) {
  const h = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = words.title(page, exercise)
  }, [page, exercise])
  useEffect(() => {
    if (entered) h.current?.focus()
    entered = true
  }, [])
  return (
    <h1 ref={h} tabIndex={-1}>
      {children ?? title}
    </h1>
  )
}
let entered = false // the first page of a visit leaves the focus where the browser puts it
