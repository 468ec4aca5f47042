// A dialog over the page: the browser's own, so that Escape, focus and the page behind it are the browser's affair.
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { words } from '../words/forms'
import { why } from './Form'
import { notSure, sure } from './sure'

export function Sheet({
  open,
  title,
  close,
  children,
  wide,
}: {
  open: boolean
  title: string
  close: () => void
  children: ReactNode
  wide?: boolean
}) {
  const d = useRef<HTMLDialogElement>(null),
    id = useId()
  useEffect(() => {
    if (open && !d.current?.open) d.current?.showModal()
    if (!open && d.current?.open) d.current.close()
  }, [open])
  return (
    <dialog ref={d} className={wide ? 'dlg wide' : 'dlg'} aria-labelledby={id} onClose={close}>
      <h2 id={id}>{title}</h2>
      {open && children}
    </dialog>
  )
}

/** A button that asks before it acts. `go` may need a factor shown again; what goes wrong is told in the dialog. */
export function Ask({
  label,
  what,
  title,
  text,
  yes,
  danger = true,
  go,
  small = true,
}: {
  label: string
  /** Whom or what the button is about: heard, not seen. */
  what?: string
  title: string
  text: ReactNode
  yes: string
  danger?: boolean
  go: () => Promise<unknown>
  small?: boolean
}) {
  const [open, set] = useState(false),
    [busy, setBusy] = useState(false),
    [trouble, fail] = useState('')
  const act = async () => {
    setBusy(true)
    fail('')
    try {
      await sure(go)
      set(false)
    } catch (x) {
      if (!notSure(x)) fail(why(x))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <button
        type="button"
        className={small ? 'btn quiet sm' : 'btn quiet'}
        onClick={() => {
          fail('')
          set(true)
        }}
      >
        {label}
        {what && (
          <span className="vh">
            {' '}
            <bdi>{what}</bdi>
          </span>
        )}
      </button>
      <Sheet open={open} title={title} close={() => set(false)}>
        <div className="told">{text}</div>
        {trouble && (
          <p className="err" role="alert">
            {trouble}
          </p>
        )}
        <p className="acts">
          <button type="button" className={danger ? 'btn danger' : 'btn'} disabled={busy} onClick={() => void act()}>
            {busy ? words.going : yes}
          </button>
          <button type="button" className="btn quiet" onClick={() => set(false)}>
            {words.cancel}
          </button>
        </p>
      </Sheet>
    </>
  )
}

/** A button that acts at once and says what went wrong beside it. */
export function Act({
  label,
  what,
  go,
  quiet = true,
}: {
  label: string
  what?: string
  go: () => Promise<unknown>
  quiet?: boolean
}) {
  const [busy, setBusy] = useState(false),
    [trouble, fail] = useState('')
  const act = async () => {
    setBusy(true)
    fail('')
    try {
      await sure(go)
    } catch (x) {
      if (!notSure(x)) fail(why(x))
    } finally {
      setBusy(false)
    }
  }
  return (
    <span className="actone">
      <button type="button" className={quiet ? 'btn quiet sm' : 'btn'} disabled={busy} onClick={() => void act()}>
        {busy ? words.going : label}
        {what && (
          <span className="vh">
            {' '}
            <bdi>{what}</bdi>
          </span>
        )}
      </button>
      {trouble && (
        <span className="err" role="alert">
          {trouble}
        </span>
      )}
    </span>
  )
}
