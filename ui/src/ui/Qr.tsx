// A QR code as one path of an SVG: no style, no image address, no markup from a string. A chunk of its own, loaded when one is shown.
import { encode } from 'uqr'

/** Light modules around the code, as its standard asks. */
const QUIET = 4

/** One closed box for each run of dark modules in a row. */
export function outline(rows: readonly (readonly boolean[])[]): string {
  let path = ''
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue
      const from = x
      while (row[x + 1]) x++
      path += `M${from} ${y}h${x + 1 - from}v1H${from}z`
    }
  })
  return path
}

export function Qr({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET })
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path className="light" d={`M0 0h${size}v${size}H0z`} />
      <path className="dark" d={outline(data)} />
    </svg>
  )
}
