// Cuts each font in two: the characters of English pages, and the rest, which a browser fetches only when a page shows one of them.
// Called by the build; writes src/fonts/, which is not kept.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import subset from 'subset-font'

const OUT = fileURLToPath(new URL('../src/fonts/', import.meta.url))
const FAMILIES = { next: 'Hyper', mono: 'Hyper Mono' }
/** ASCII and the marks that our own words and a password's dots use. What is here must be in no other file: a browser would fetch both. */
const PLAIN = [
  [0x20, 0x7e],
  0xa0,
  0xa3,
  0xb7,
  0xd7,
  0x2013,
  0x2014,
  0x2018,
  0x2019,
  0x201c,
  0x201d,
  0x2022,
  0x2026,
  0x2192,
  0x2212,
]
/** The rest of what the Latin files of @fontsource hold. */
const LATIN = [
  [0xa0, 0xff],
  0x131,
  [0x152, 0x153],
  [0x2bb, 0x2bc],
  0x2c6,
  0x2da,
  0x2dc,
  [0x300, 0x304],
  0x308,
  0x329,
  [0x2000, 0x206f],
  0x20ac,
  0x2122,
  0x2191,
  0x2192,
  0x2193,
  0x2212,
  0x2215,
  0xfeff,
  0xfffd,
]
const points = list =>
  list.flatMap(p => (Array.isArray(p) ? [...Array(p[1] - p[0] + 1).keys()].map(i => p[0] + i) : [p]))
const plain = points(PLAIN),
  rest = points(LATIN).filter(p => !plain.includes(p))
const hex = p => p.toString(16).toUpperCase()
/** Code points as a `unicode-range`. */
function range(list) {
  const runs = []
  for (const p of list.toSorted((a, b) => a - b))
    if (runs.at(-1)?.[1] === p - 1) runs.at(-1)[1] = p
    else runs.push([p, p])
  return runs.map(([a, b]) => (a === b ? `U+${hex(a)}` : `U+${hex(a)}-${hex(b)}`)).join(', ')
}
const require = createRequire(import.meta.url)
mkdirSync(OUT, { recursive: true })
const faces = []
for (const [name, family] of Object.entries(FAMILIES)) {
  const home = `@fontsource-variable/atkinson-hyperlegible-${name}`
  const whole = readFileSync(require.resolve(`${home}/files/atkinson-hyperlegible-${name}-latin-wght-normal.woff2`))
  for (const [part, list] of [
    ['plain', plain],
    ['rest', rest],
  ]) {
    const file = `${name}-${part}.woff2`
    writeFileSync(OUT + file, await subset(whole, String.fromCodePoint(...list), { targetFormat: 'woff2' }))
    faces.push(
      `@font-face {\n  font-family: '${family}';\n  src: url('./${file}') format('woff2');\n  font-weight: 200 800;\n` +
        `  font-display: swap;\n  unicode-range: ${range(list)};\n}\n`,
    )
  }
}
writeFileSync(`${OUT}fonts.css`, faces.join(''))
