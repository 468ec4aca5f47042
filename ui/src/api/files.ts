// Files in the thread of a report: sent with a word on how far it is, listed by the view of the report, saved by a plain link.
import { ApiError } from './client'
import type { FileView } from './coming'

export const FILE_MAX_MB = 25
export const FILE_MAX = FILE_MAX_MB * 1024 * 1024
export const FILES_MAX = 20

/** Where the files of a report are, for the reporter or for the cell. */
export const filesOf = (face: 'member' | 'cell', reference: string) =>
  `${face === 'cell' ? '/cell' : '/api'}/v1/reports/${encodeURIComponent(reference)}/files`

export type Upload = { done: Promise<FileView>; stop: () => void }

function answered(text: string): { detail?: unknown; type?: unknown } | null {
  try {
    return JSON.parse(text) as { detail?: unknown; type?: unknown } | null
  } catch {
    return null // an answer without a body, or one of a proxy
  }
}

/** Whether a file is one that its sender's device sealed, and does not open for whoever reads this. */
export const isSealed = (file: { kind: string; seal?: string }) =>
  file.seal ? file.seal === 'gone' || file.seal === 'broken' : file.kind === 'sealed'

/**
 * Sends a file under a name; one that is sealed has none. Sent again under the same key it is the same file. `fetch` cannot tell how far
 * it is, hence the older way.
 */
export function upload(
  to: string,
  file: Blob,
  name: string | null,
  key: string,
  heard: (percent: number) => void,
): Upload {
  const x = new XMLHttpRequest()
  const done = new Promise<FileView>((good, bad) => {
    x.upload.onprogress = e => heard(e.total ? Math.round((e.loaded / e.total) * 100) : 0)
    x.onerror = x.ontimeout = () => bad(new ApiError(0, '', null))
    x.onabort = () => bad(new ApiError(0, '', null, 'stopped'))
    x.onload = () => {
      const told = answered(x.responseText)
      if (x.status >= 200 && x.status < 300 && told) return good(told as unknown as FileView)
      const wait = Number(x.getResponseHeader('retry-after')),
        type = typeof told?.type === 'string' ? told.type : ''
      bad(
        new ApiError(
          x.status,
          typeof told?.detail === 'string' ? told.detail : '',
          wait > 0 ? wait : null,
          type.slice(type.lastIndexOf(':') + 1),
        ),
      )
    }
    x.open('POST', name === null ? to : `${to}?name=${encodeURIComponent(name)}`)
    x.setRequestHeader('Content-Type', 'application/octet-stream')
    x.setRequestHeader('Idempotency-Key', key)
    x.send(file)
  })
  return { done, stop: () => x.abort() }
}
