// The portal's live stores: one per face, fed by the browser's one stream; React reads them with `useSyncExternalStore`.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouter } from '@tanstack/react-router'
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { cell, member, session } from '../api/client'
import type { Face, Home, Wall } from '../api/types'
import { ms } from '../lib/format'
import { prefixOf } from '../lib/prefix'
import { MemberLive } from '../wall/member-live'
import { aged, cellStep, emptyCell, type CellState } from './cell'
import { shareStream } from './share'
import type { Link, StreamEvent } from './stream'

const FLUSH_MS = 250
const STUCK_MS = 6000
export class CellLive {
  rows: CellState = emptyCell
  ready = false
  link: Link = 'connecting'
  skew = 0
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
    if (this.ready) this.take(aged(this.rows, Date.now() + this.skew))
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
    if (e.type === 'snapshot') {
      this.skew = ms((e.data as Wall).now) - Date.now()
      this.ready = true
    }
    this.take(cellStep(this.rows, e, Date.now() + this.skew))
  }
  private take(next: CellState) {
    if (next === this.rows) return
    this.rows = next
    this.dirty = true
  }
}

function run<L extends MemberLive | CellLive>(
  live: L,
  face: Face,
  present: () => StreamEvent,
  fetchAll: () => Promise<Home | Wall>,
  failed: () => void = () => {},
): () => void {
  // a stream that does not come must not leave a blank page: the same object is fetched once, and gives way to a snapshot
  const stuck = setTimeout(() => {
    if (live.ready) return
    fetchAll().then(data => {
      if (live.ready) return
      live.event({ type: 'snapshot', data })
      live.flush()
    }, failed)
  }, STUCK_MS)
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
    clearTimeout(stuck)
  }
}

/** A session that ends while somebody reads leads to the sign-in page, and back again. */
function useSignedOut(link: Link) {
  const nav = useNavigate(),
    router = useRouter(),
    queries = useQueryClient()
  useEffect(() => {
    if (link !== 'signed-out') return
    const next = router.state.location.href
    queries.removeQueries({ queryKey: ['session'] })
    void nav({ to: '/signin', search: { next: next === '/' ? undefined : next, out: '1' } })
  }, [link, nav, router, queries])
}

export function useMemberLive(): { live: MemberLive; failed: boolean } {
  const live = useMemo(() => new MemberLive(), []),
    [failed, fail] = useState(false)
  useEffect(
    () =>
      run(
        live,
        'member',
        () => ({ type: 'snapshot', data: live.home }),
        member.home,
        () => fail(true),
      ),
    [live],
  )
  useSyncExternalStore(live.subscribe, live.version)
  useSignedOut(live.link)
  return { live, failed }
}
export function useCellLive(): { live: CellLive; failed: boolean } {
  const live = useMemo(() => new CellLive(), []),
    [failed, fail] = useState(false)
  // a late tab needs the rows, not the lanes: the portal draws none
  useEffect(
    () =>
      run(
        live,
        'cell',
        () => ({ type: 'snapshot', data: { ...live.rows, now: new Date(Date.now() + live.skew).toISOString() } }),
        cell.wall,
        () => fail(true),
      ),
    [live],
  )
  useSyncExternalStore(live.subscribe, live.version)
  useSignedOut(live.link)
  return { live, failed }
}
