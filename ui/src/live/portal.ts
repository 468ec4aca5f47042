// The portal's live stores: one per face, fed by the browser's one stream; React reads them with `useSyncExternalStore`.
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { cell, member, session } from '../api/client'
import type { Face, Home, Wall } from '../api/types'
import { prefixOf } from '../lib/prefix'
import { MemberLive } from '../wall/member-live'
import { cellStep, emptyCell, type CellState } from './cell'
import { shareStream } from './share'
import type { Link, StreamEvent } from './stream'

const FLUSH_MS = 250
export class CellLive {
  rows: CellState = emptyCell
  ready = false
  link: Link = 'connecting'
  onResync: () => void = () => {}
  private n = 0
  private dirty = false
  private subs = new Set<() => void>()
  subscribe = (f: () => void) => {
    this.subs.add(f)
    return () => {
      this.subs.delete(f)
    }
  }
  version = () => this.n
  flush() {
    if (this.dirty) {
      this.dirty = false
      this.n++
      for (const f of this.subs) f()
    }
  }
  setLink(link: Link) {
    if (link !== this.link) {
      this.link = link
      this.dirty = true
    }
  }
  event(e: StreamEvent) {
    const next = cellStep(this.rows, e)
    if (!next) {
      this.onResync()
      return
    }
    if (next !== this.rows) {
      this.rows = next
      this.dirty = true
    }
    if (e.type === 'snapshot') this.ready = true
  }
}

function run<L extends MemberLive | CellLive>(
  live: L,
  face: Face,
  present: () => StreamEvent,
  fetchAll: () => Promise<Home | Wall>,
): () => void {
  live.onResync = () => {
    fetchAll().then(
      data => {
        live.event({ type: 'snapshot', data })
        live.flush()
      },
      () => {
        /* the reconnect brings it */
      },
    )
  }
  const stop = shareStream({
    name: face,
    url: `${prefixOf(face)}/stream`,
    probe: () =>
      session(face).then(
        () => 200,
        (e: { status?: number }) => e.status ?? 0,
      ),
    present: () => (live.ready ? present() : null),
    onMessage: m => {
      if (m.t === 'event') live.event(m.e)
      else live.setLink(m.link, m.retryAt)
    },
  })
  const timer = setInterval(() => live.flush(), FLUSH_MS)
  return () => {
    stop()
    clearInterval(timer)
  }
}

export function useMemberLive(): MemberLive {
  const live = useMemo(() => new MemberLive(), [])
  useEffect(() => run(live, 'member', () => ({ type: 'snapshot', data: live.home }), member.home), [live])
  useSyncExternalStore(live.subscribe, live.version)
  return live
}
export function useCellLive(): CellLive {
  const live = useMemo(() => new CellLive(), [])
  // a late tab needs the rows, not the lanes: the portal draws none
  useEffect(() => run(live, 'cell', () => ({ type: 'snapshot', data: live.rows }), cell.wall), [live])
  useSyncExternalStore(live.subscribe, live.version)
  return live
}
