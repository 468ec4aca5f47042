// The files of a report, on either side of its thread. Nothing is ever shown in the page: a file is saved, and opened elsewhere.
import { useRef, useState, type FormEvent } from 'react'
import { ApiError } from '../api/client'
import type { FileView } from '../api/coming'
import { FILES_MAX, FILE_MAX, FILE_MAX_MB, isSealed, upload, type Upload } from '../api/files'
import { newKey } from '../lib/draft'
import { bytes } from '../lib/format'
import { files as T } from '../words/report'
import { why } from './Form'
import { Icon } from './Icon'
import { Name } from './Rows'
import { Moment } from './When'

/** What is said of a file that a device sealed: to its sender that it is, to the cell what became of it. */
const sealTold = (f: FileView) => T.seals[f.seal ?? (isSealed(f) ? 'own' : 'plain')]

export function Files({
  at,
  files,
  who,
  may,
  cell = false,
  seal,
  fresh,
}: {
  /** Where they are. */
  at: string
  /** Absent where this report has no files at all: then nothing is shown. */
  files: readonly FileView[] | undefined
  /** Who sent one, in words. */
  who: (by: string) => string
  may: boolean
  cell?: boolean
  /** Seals a file on this device before it is sent; absent where it goes as it is. */
  seal?: ((file: File) => Promise<Blob>) | undefined
  fresh: () => void
}) {
  const [percent, setPercent] = useState<number | null>(null),
    [said, say] = useState(''),
    [trouble, fail] = useState(''),
    going = useRef<Upload | null>(null),
    // one key as long as the same file is tried again
    tried = useRef<{ file: File; key: string; sealed: Blob | null } | null>(null),
    box = useRef<HTMLInputElement>(null)
  if (!files) return null
  const left = FILES_MAX - files.length
  const send = async (e: FormEvent) => {
    e.preventDefault()
    const file = box.current?.files?.[0]
    say('')
    fail('')
    if (!file) return fail(T.need)
    if (file.size > FILE_MAX) return fail(T.tooLarge(file.name, FILE_MAX_MB))
    if (!file.size) return fail(T.empty(file.name))
    setPercent(0)
    try {
      if (tried.current?.file !== file || !tried.current.sealed !== !seal)
        tried.current = { file, key: newKey(), sealed: seal ? await seal(file) : null }
      const { key, sealed } = tried.current,
        up = sealed ? upload(at, sealed, null, key, setPercent) : upload(at, file, file.name, key, setPercent)
      going.current = up
      await up.done
      say(T.sent(file.name))
      tried.current = null
      if (box.current) box.current.value = ''
      fresh()
    } catch (x) {
      if (x instanceof ApiError && x.kind === 'stopped') say(T.stopped)
      else fail(why(x))
    } finally {
      going.current = null
      setPercent(null)
    }
  }
  return (
    <section aria-labelledby="h-files">
      <h2 id="h-files">{T.title}</h2>
      {files.length ? (
        <ul className="lines card filelist">
          {files.map(f => (
            <li key={f.id}>
              <div>
                <p>
                  <Icon n={isSealed(f) ? 'lock' : 'file'} /> <Name>{isSealed(f) ? T.sealedName : f.name}</Name>
                </p>
                <p className="meta">
                  {!isSealed(f) && <span>{T.kinds[f.kind] ?? T.kinds.other}</span>}
                  {!isSealed(f) && <span>{bytes(f.size)}</span>}
                  {f.by && <span>{who(f.by)}</span>}
                  {f.at && (
                    <span>
                      <Moment at={f.at} />
                    </span>
                  )}
                </p>
                {f.notes.map(n => (
                  <p className="open" key={n}>
                    {n}
                  </p>
                ))}
                {sealTold(f) && <p className={f.seal && isSealed(f) ? 'open' : 'hint'}>{sealTold(f)}</p>}
                {!isSealed(f) && (
                  <details>
                    <summary>{T.sha}</summary>
                    <p className="mono">{f.sha256}</p>
                  </details>
                )}
              </div>
              {!isSealed(f) && (
                <a className="btn quiet sm" href={`${at}/${encodeURIComponent(f.id)}`} download={f.name}>
                  {T.download}
                  <span className="vh">
                    {' '}
                    <bdi>{f.name}</bdi>
                  </span>
                </a>
              )}
            </li>
          ))}
        </ul>
      ) : (
        <p className="empty">{T.none}</p>
      )}
      {files.length > 0 && <p className="hint">{T.careful}</p>}
      {may && left <= 0 && <p className="note">{T.full(FILES_MAX)}</p>}
      {may && left > 0 && (
        <form className="write addfile" noValidate onSubmit={e => void send(e)}>
          <div className={trouble ? 'field bad' : 'field'}>
            <label htmlFor="file-add">{T.add}</label>
            <p className="hint" id="file-hint">
              {(cell ? T.hintCell : T.hint)(FILE_MAX_MB, left)}
              {seal && <> {T.hintSealed}</>}
            </p>
            <input id="file-add" type="file" ref={box} aria-describedby="file-hint" aria-invalid={!!trouble} />
          </div>
          {trouble && (
            <p className="err" role="alert">
              {trouble}
            </p>
          )}
          {percent !== null && (
            <p className="sending">
              <progress aria-label={T.progress} max={100} value={percent} /> <span>{T.sending(percent)}</span>
            </p>
          )}
          <p className="acts">
            <button id="file-go" className="btn quiet" disabled={percent !== null}>
              {T.send}
            </button>{' '}
            {percent !== null && (
              <button type="button" className="btn quiet" onClick={() => going.current?.stop()}>
                {T.stop}
              </button>
            )}
          </p>
        </form>
      )}
      <p role="status" className={said ? 'good' : 'vh'}>
        {said}
      </p>
    </section>
  )
}
