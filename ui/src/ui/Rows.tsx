// Lists and tables of people, firms and keys; on a narrow screen each row is a small card of its own.
import { useInfiniteQuery, type QueryKey, type UseQueryResult } from '@tanstack/react-query'
import { Fragment, type ReactNode } from 'react'
import { words } from '../words/forms'
import { Failed, Loading } from './States'
import './people.css'

/** A name as somebody wrote it: text, kept apart from the direction of what stands around it. */
export const Name = ({ children }: { children: string | null | undefined }) => (
  <bdi className="name" dir="auto">
    {children}
  </bdi>
)

/** A person in a table: the name, and the address below it. */
export const Called = ({ name, email, of }: { name: string; email: string; of?: string | null }) => (
  <>
    <Name>{name}</Name>
    <small>
      <Name>{email}</Name>
      {of && (
        <>
          {' · '}
          <Name>{of}</Name>
        </>
      )}
    </small>
  </>
)
/** Whom or what a question is about, in their own words, and then the question's. */
export const About = ({ names, text }: { names: readonly string[]; text: string }) => (
  <>
    <p>
      {names.map((n, i) => (
        <Fragment key={n}>
          {i > 0 && ', '}
          <Name>{n}</Name>
        </Fragment>
      ))}
    </p>
    <p>{text}</p>
  </>
)

export type Column<T> = { label: string; cell: (row: T) => ReactNode; hidden?: boolean }
export function Table<T>({
  label,
  columns,
  rows,
  id,
}: {
  label: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  id: (row: T) => string
}) {
  return (
    <table className="rows">
      <caption className="vh">{label}</caption>
      <thead>
        <tr>
          {columns.map(c => (
            <th scope="col" key={c.label}>
              {c.hidden ? <span className="vh">{c.label}</span> : c.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(row => (
          <tr key={id(row)} data-row={id(row)}>
            {columns.map((c, i) =>
              i ? (
                <td key={c.label} data-label={c.hidden ? undefined : c.label} className={c.hidden ? 'does' : undefined}>
                  {c.cell(row)}
                </td>
              ) : (
                <th scope="row" key={c.label}>
                  {c.cell(row)}
                </th>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

type Page<T> = { items: T[]; next?: string | null }
/** A list that comes in pages. */
export function usePages<T>(key: QueryKey, fn: (cursor?: string) => Promise<Page<T>>, enabled = true) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => fn(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (l: Page<T>) => l.next ?? undefined,
    enabled,
  })
}
export function Listed<T>({
  of,
  empty,
  children,
}: {
  of: ReturnType<typeof usePages<T>>
  empty: string
  children: (items: T[]) => ReactNode
}) {
  const items = of.data?.pages.flatMap(p => p.items)
  if (of.isError) return <Failed error={of.error} retry={() => void of.refetch()} />
  if (!items) return <Loading what={words.loading} />
  if (!items.length) return <p className="empty card">{empty}</p>
  return (
    <>
      <div className="card tight">{children(items)}</div>
      {of.hasNextPage && (
        <p>
          <button className="btn quiet" disabled={of.isFetchingNextPage} onClick={() => void of.fetchNextPage()}>
            {words.more}
          </button>
        </p>
      )}
    </>
  )
}

/** A list that comes whole. */
export function Whole<T>({
  of,
  what,
  empty,
  children,
}: {
  of: UseQueryResult<{ items: T[] }>
  what: string
  empty: string
  children: (items: T[]) => ReactNode
}) {
  if (of.isError) return <Failed error={of.error} retry={() => void of.refetch()} />
  if (!of.data) return <Loading what={what} />
  if (!of.data.items.length) return <p className="empty card">{empty}</p>
  return <div className="card tight">{children(of.data.items)}</div>
}

/** A state as a word with its own colour; the word says it all. */
export const State = ({ v, word }: { v: string; word: string }) => (
  <span className="state" data-state={v}>
    {word}
  </span>
)
