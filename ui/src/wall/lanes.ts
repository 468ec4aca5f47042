// Draws the sector lanes on one canvas: bars, the normal line, letter marks and the dashed path between them.
import { ms } from '../lib/format'
import type { WallLive } from './live'
import { LANE_FULL, barHeight, barLevels, barsOf, unitOf } from './math'

const C = {
  calm: '#4A6884',
  calmNow: '#7FA3C4',
  raised: '#F4C95D',
  high: '#FF5C3D',
  base: 'rgba(160,180,200,.38)',
  grid: 'rgba(160,180,200,.12)',
  badge: '#F3F7FA',
  badgeInk: '#0B1118',
  cool: '#8FA0B0',
  ground: '#0B1118',
}
/** The least time that a bar stands for: short slots are drawn together, so that a bar can be told from across a room. */
export const BAR_MS = 15_000
type Point = { x: number; y: number }

export function draw(cv: HTMLCanvasElement, live: WallLive, unit: number) {
  const dpr = devicePixelRatio || 1,
    w = cv.clientWidth,
    h = cv.clientHeight,
    g = cv.getContext('2d')
  if (!g || !w || !live.lanes.length) return
  const W = Math.round(w * dpr),
    H = Math.round(h * dpr)
  if (cv.width !== W || cv.height !== H) {
    cv.width = W
    cv.height = H
  }
  g.setTransform(dpr, 0, 0, dpr, 0, 0)
  g.clearRect(0, 0, w, h)
  const n = live.lanes.length,
    lane = h / n,
    pad = lane * 0.12,
    dx = w / live.slots
  const span = live.slots * live.slotMs
  g.fillStyle = C.grid
  for (const q of [1, 2, 3]) g.fillRect(Math.round((w * q) / 4), 0, 1, h)

  for (let s = 0; s < n; s++) {
    const bars = live.lanes[s]!,
      sector = live.rows.sectors[s]!,
      normal = sector.normal === null ? null : (sector.normal * live.slotMs) / 60_000,
      one = unitOf(bars, normal),
      levels = barLevels(bars, normal, live.slotMs)
    const y0 = (s + 1) * lane - pad,
      full = lane - 2 * pad,
      last = bars.length - 1
    for (const b of barsOf(bars, live.head / live.slotMs, Math.ceil(BAR_MS / live.slotMs))) {
      const open = b.to === last
      // the newest bar is shown at its present rate, not as a drop to zero
      const v = open ? (live.rates[s]! * live.slotMs) / 60_000 : b.mean
      if (Number.isNaN(v)) continue // no data: a blank column, never a zero
      const k = open ? live.levels[s] : levels[b.to]
      const bh = Math.max(1.5 * unit, barHeight(v, one) * full)
      g.fillStyle = k === 2 ? C.high : k === 1 ? C.raised : open ? C.calmNow : C.calm
      g.fillRect(b.from * dx, y0 - bh, Math.max(1, (b.to - b.from + 1) * dx - 1.2 * unit), bh)
    }
    if (normal !== null && normal > 0) {
      g.fillStyle = C.base
      g.fillRect(0, Math.round(y0 - full / LANE_FULL), w, Math.max(1, unit))
    }
  }

  const now = live.now(),
    r = 14 * unit
  const X = (t: number) => Math.min(w - r, Math.max(r, w - ((now - t) / span) * w)),
    Y = (s: number) => s * lane + lane * 0.36
  g.textAlign = 'center'
  g.textBaseline = 'middle'
  g.font = `700 ${20 * unit}px Hyper, sans-serif`
  const taken: Point[] = []
  for (const id of live.shown) {
    const c = live.rows.campaigns.find(x => x.id === id)
    if (!c) continue
    const hot = c.trend === 'spreading',
      ink = hot ? C.badge : C.cool
    const points = c.hits
      .filter(p => p.s >= 0 && p.s < n && now - ms(p.at) < span)
      .map(p => {
        const at = { x: X(ms(p.at)), y: Y(p.s) }
        while (taken.some(q => Math.abs(q.y - at.y) < r && Math.abs(q.x - at.x) < 2.2 * r) && at.x > 3 * r)
          at.x -= 2.3 * r // two campaigns at once: side by side, both readable
        taken.push(at)
        return at
      })
    g.strokeStyle = ink
    g.globalAlpha = hot ? 0.75 : 0.45
    g.lineWidth = 1.6 * unit
    g.setLineDash([5 * unit, 5 * unit])
    g.beginPath()
    points.forEach((p, i) => {
      const q = points[i - 1]
      if (q) {
        g.lineTo(q.x, p.y)
        g.lineTo(p.x, p.y)
      } else g.moveTo(p.x, p.y)
    })
    g.stroke()
    g.setLineDash([])
    g.globalAlpha = 1
    for (const p of points) {
      g.beginPath()
      g.arc(p.x, p.y, r + 3 * unit, 0, 7)
      g.fillStyle = C.ground
      g.fill()
      g.beginPath()
      g.arc(p.x, p.y, r, 0, 7)
      g.fillStyle = ink
      g.fill()
      g.fillStyle = C.badgeInk
      g.fillText(c.letter, p.x, p.y + unit)
    }
  }
}
