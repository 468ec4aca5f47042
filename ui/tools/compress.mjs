// Writes .br and .gz beside each built text file, prints what each page weighs, and fails over budget.
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const DIST = new URL('../dist/', import.meta.url).pathname
const TEXT = /\.(js|css|html|svg|json)$/
const PORTAL_FIRST_LOAD_MAX = 180_000
// React alone is 64 kB of it; the rest is ours
const WALL_JS_MAX = 82_000
const walk = dir =>
  readdirSync(dir).flatMap(f => {
    const p = join(dir, f)
    return statSync(p).isDirectory() ? walk(p) : [p]
  })
const gz = new Map()
for (const f of walk(DIST)) {
  if (/\.(br|gz)$/.test(f)) continue
  const b = readFileSync(f)
  if (!TEXT.test(f)) {
    gz.set(f.slice(DIST.length), b.length)
    continue
  }
  const g = gzipSync(b, { level: 9 })
  writeFileSync(f + '.gz', g)
  writeFileSync(f + '.br', brotliCompressSync(b, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
  gz.set(f.slice(DIST.length), g.length)
}

// A face whose unicode-range leaves out English is fetched only when a page shows one of its characters (tools/fonts.mjs).
const onDemand = f => /\/\w+-rest-[^/]*\.woff2$/.test(f)

// What a browser fetches before the first screen is complete: the page, what it names, and what those modules and styles name in turn.
function closure(html) {
  const seen = new Set([html]),
    todo = [html]
  while (todo.length) {
    const f = todo.pop()
    if (!TEXT.test(f)) continue
    const t = readFileSync(join(DIST, f), 'utf8')
    const names = f.endsWith('.js')
      ? [...t.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)].map(m => 'assets/' + m[1])
      : f.endsWith('.css')
        ? [...t.matchAll(/url\(\/?(?:assets\/)?([^)"']+)\)/g)].map(m => 'assets/' + m[1])
        : [...t.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(m => m[1])
    for (const n of names)
      if (gz.has(n) && !seen.has(n) && !onDemand(n)) {
        seen.add(n)
        todo.push(n)
      }
  }
  return [...seen]
}
const sum = (files, ext) => files.filter(f => !ext || f.endsWith(ext)).reduce((n, f) => n + (gz.get(f) ?? 0), 0)
const kb = n => (n / 1000).toFixed(1) + ' kB'
const HOME = [...gz.keys()].filter(f => /assets\/(MemberHome|CellHome|pages)-.*\.js$/.test(f))
let over = 0
const show = (name, n, max) => {
  const bad = max !== undefined && n > max
  over += bad ? 1 : 0
  console.log(`${name.padEnd(46)} ${kb(n).padStart(9)}${max ? `  of ${kb(max)}${bad ? '  OVER' : ''}` : ''}`)
}
const wall = closure('wall.html'),
  portal = [...new Set([...closure('index.html'), ...HOME])]
show('wall: JS (gzip)', sum(wall, '.js'), WALL_JS_MAX)
show('wall: everything', sum(wall))
show('portal: JS (gzip), larger home included', sum(portal, '.js'))
show('portal: first load (page, JS, CSS, fonts)', sum(portal), PORTAL_FIRST_LOAD_MAX)
if (over) {
  console.error('a page is over its budget: find what grew, or argue for a new one')
  process.exit(1)
}
