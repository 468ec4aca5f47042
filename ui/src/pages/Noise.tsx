// Over-common values: listed and searchable, though they link nothing.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import { cell } from '../api/client'
import { defang } from '../lib/format'
import { Failed, Heading, Loading, NotFound } from '../ui/States'
import { kindWord, words } from '../words/portal'

const T = words.noise
export function Noise() {
  const { face, session } = useRouteContext({ from: '/shell' }),
    { q = '' } = useSearch({ from: '/shell/noise' }),
    nav = useNavigate()
  const r = useInfiniteQuery({
    queryKey: ['noise', q],
    queryFn: ({ pageParam }) => cell.noise(q, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: l => l.next ?? undefined,
    enabled: face?.face === 'cell',
  })
  if (face?.face !== 'cell') return <NotFound />
  const items = r.data?.pages.flatMap(p => p.items)
  return (
    <div className="page">
      <Heading title={T.title} page={T.title} exercise={!!session?.exercise} />
      <p className="lede">{T.intro}</p>
      <form
        className="bigsearch"
        onSubmit={e => {
          e.preventDefault()
          const v = String(new FormData(e.currentTarget).get('part')).trim()
          void nav({ to: '/noise', search: { q: v || undefined } })
        }}
      >
        <label className="vh" htmlFor="part">
          {T.label}
        </label>
        <input
          id="part"
          name="part"
          defaultValue={q}
          key={q}
          className="mono"
          spellCheck={false}
          autoComplete="off"
          placeholder={T.label}
        />
        <button className="btn big">{T.go}</button>
      </form>
      {r.isError ? (
        <Failed error={r.error} retry={() => r.refetch()} />
      ) : !items ? (
        <Loading what={words.loading.list} />
      ) : !items.length ? (
        <p className="empty card">{T.none(q)}</p>
      ) : (
        <section className="card tight">
          <div className="scroll" role="group" aria-label={T.title} tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{T.value}</th>
                  <th scope="col">{T.kind}</th>
                  <th scope="col">{T.why}</th>
                  <th scope="col" className="num">
                    {T.seen}
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map(i => (
                  <tr key={`${i.kind} ${i.value}`}>
                    <th scope="row">
                      <Link to="/search" search={{ q: i.value, kind: i.kind }} className="mono">
                        {defang(i.value, i.kind)}
                      </Link>
                    </th>
                    <td>{kindWord(i.kind)}</td>
                    <td>{i.why}</td>
                    <td className="num">{i.seen}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      {r.hasNextPage && (
        <p>
          <button className="btn quiet" onClick={() => r.fetchNextPage()}>
            {T.more}
          </button>
        </p>
      )}
    </div>
  )
}
