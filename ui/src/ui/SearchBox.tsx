// A search within a list; the address holds what was asked.
export function SearchBox({
  id,
  label,
  value,
  go,
  ask,
}: {
  id: string
  label: string
  value: string
  go: string
  ask: (q: string) => void
}) {
  return (
    <form
      className="bigsearch"
      role="search"
      aria-label={label}
      onSubmit={e => {
        e.preventDefault()
        ask(String(new FormData(e.currentTarget).get(id) ?? '').trim())
      }}
    >
      <label className="vh" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        name={id}
        defaultValue={value}
        key={value}
        placeholder={label}
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        dir="auto"
      />
      <button className="btn">{go}</button>
    </form>
  )
}
