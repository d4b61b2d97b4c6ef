// The upstream connections of a worker, or of a whole proxy: opened and lent as the pool says, as in the live proxy's book
// of upstreams. A connection here is a number with somebody it is lent to.
import { CLOSE, type ConnectionPool, DIAL, KEEP, REJECT, type Ticket, type Upstream } from '../core/contracts.ts'
import type { DelayRing } from './delay-ring.ts'
import { nobody } from './rows.ts'
import { DIALED, kindBits, POOL_DUE, type World } from './world.ts'

/** A connection has become free, or cannot be had, for an attempt that waits. */
export interface Borrower {
  onLent(attempt: number): void
  onDialFailed(attempt: number): void
  onRefused(attempt: number): void
  /** How long opening a connection to `origin` takes, ms; `attempt` is `nobody` for a spare one. */
  dialMs(attempt: number, origin: number): number
  /** Does the origin take new connections? */
  accepts(origin: number): boolean
}

export interface LendingCounts {
  /** Spare ones included. */
  dials: number
  spareDials: number
  reuses: number
  waits: number
  refusals: number
}

/** Those of all pools together. */
export interface ConnectionCounts extends LendingCounts {
  /** The most that were open or opening at one instant. */
  readonly openPeak: number
}

/** Connections and dials are told apart in events of all lendings by one table. */
export class ConnectionTable {
  readonly owners: Lending[] = []
  readonly upstreams: Upstream[] = []
  readonly lentTo: number[] = []
  readonly isOpen: boolean[] = []
  /** Its number in its pool. */
  readonly ids: number[] = []
  readonly stamps: number[] = []
  /** Opened, or tried to, by origin. */
  readonly openedAt: number[] = []
  open = 0
  openPeak = 0
  private readonly unused: number[] = []

  take(owner: Lending, upstream: Upstream, lentTo: number): number {
    const row = this.unused.pop() ?? this.owners.length
    this.owners[row] = owner
    this.upstreams[row] = upstream
    this.lentTo[row] = lentTo
    this.isOpen[row] = false
    this.stamps[row] ??= 0
    this.openedAt[upstream.index] = (this.openedAt[upstream.index] ?? 0) + 1
    if (++this.open > this.openPeak) this.openPeak = this.open
    return row
  }

  free(row: number): void {
    this.open--
    this.stamps[row]!++
    this.unused.push(row)
  }
}

export class Lending {
  readonly counts: LendingCounts = { dials: 0, spareDials: 0, reuses: 0, waits: 0, refusals: 0 }
  private readonly index: number
  private readonly pool: ConnectionPool
  private readonly world: World
  private readonly table: ConnectionTable
  private readonly borrower: Borrower
  private readonly waitRing: DelayRing | null
  /** Rows of the table by id, and the ids that are free. */
  private readonly rows: number[] = []
  private readonly freeIds: number[] = []
  private readonly connectMs: number
  private expiryAt = Number.POSITIVE_INFINITY
  private expiryStamp = 0

  constructor(index: number, pool: ConnectionPool, world: World, table: ConnectionTable, borrower: Borrower) {
    this.index = index
    this.pool = pool
    this.world = world
    this.table = table
    this.borrower = borrower
    this.waitRing = pool.waitMs ? world.ring(pool.waitMs) : null
    this.connectMs = world.model.timeouts?.connectMs || Number.POSITIVE_INFINITY
  }

  /** Opens what the pool wants before the first request. */
  start(upstreams: readonly Upstream[]): void {
    for (const upstream of upstreams) this.dialSpares(upstream)
  }

  /** The attempt wants a connection; `waitKind` is the event that ends its waiting. */
  borrow(attempt: number, upstream: Upstream, first: boolean, waitKind: number): void {
    const { now, attempts } = this.world
    const stamp = attempts.stamp[attempt]!
    const answer = this.pool.acquire(upstream, attempt, first, now)
    this.dialSpares(upstream)
    if (answer >= 0) {
      this.counts.reuses++
      this.lend(this.rows[answer]!, attempt)
    } else if (answer === DIAL) this.dial(upstream, attempt)
    else if (answer === REJECT) {
      this.counts.refusals++
      this.borrower.onRefused(attempt)
    } else {
      this.counts.waits++
      this.waitRing?.push(now, (attempt << kindBits) | waitKind, stamp)
    }
  }

  /** The attempt is done with its connection, which stays open. */
  release(row: number): void {
    const { now } = this.world
    const upstream = this.table.upstreams[row]!
    const answer = this.pool.release(upstream, this.table.ids[row]!, true, now)
    this.table.lentTo[row] = nobody
    if (answer === CLOSE) this.forget(row)
    else if (answer === KEEP) this.arm()
    else this.lend(row, answer)
  }

  /** A lent connection is closed. */
  close(row: number): void {
    this.forget(row)
  }

  /** The origin has reset all its connections; those that are lent end with their attempts. */
  closeIdle(origin: number): void {
    const { table } = this
    for (let row = 0; row < table.owners.length; row++) {
      const idle = table.owners[row] === this && table.isOpen[row] && table.lentTo[row] === nobody
      if (idle && table.upstreams[row]!.index === origin) this.forget(row)
    }
  }

  /** The attempt leaves a connection that cannot be used again, is still being opened, or has not come (`nobody`). */
  abandon(attempt: number, upstream: Upstream): void {
    const row = this.world.attempts.connection(attempt)
    if (row === nobody) this.pool.onGaveUp(upstream, attempt)
    else this.forget(row)
  }

  /** The end of a dial. */
  onDialed(row: number): void {
    const { table, world } = this
    const attempt = table.lentTo[row]!
    const upstream = table.upstreams[row]!
    if (this.dialMs(attempt, upstream) > this.connectMs || !this.borrower.accepts(upstream.index)) {
      this.forget(row)
      if (attempt !== nobody) {
        world.attempts.setConnection(attempt, nobody)
        this.borrower.onDialFailed(attempt)
      }
      return
    }
    table.isOpen[row] = true
    this.pool.onDialed(upstream, table.ids[row]!, world.now)
    if (attempt === nobody) this.release(row)
    else this.borrower.onLent(attempt)
  }

  /** The time has come to close what has been idle for too long. */
  onExpiry(stamp: number): void {
    if (stamp !== this.expiryStamp) return
    this.expiryAt = Number.POSITIVE_INFINITY
    for (const id of this.pool.expired(this.world.now)) this.forget(this.rows[id]!)
    this.arm()
  }

  private lend(row: number, attempt: number): void {
    this.table.lentTo[row] = attempt
    this.world.attempts.setConnection(attempt, row)
    this.borrower.onLent(attempt)
  }

  private dial(upstream: Upstream, ticket: Ticket): void {
    const { table, world } = this
    const row = table.take(this, upstream, ticket)
    const id = this.freeIds.pop() ?? this.rows.length
    table.ids[row] = id
    this.rows[id] = row
    this.counts.dials++
    if (ticket === nobody) this.counts.spareDials++
    if (ticket !== nobody) world.attempts.setConnection(ticket, row)
    const dialMs = Math.min(this.dialMs(ticket, upstream), this.connectMs)
    if (dialMs === 0) this.onDialed(row)
    else world.ring(dialMs).push(world.now, (row << kindBits) | DIALED, table.stamps[row]!)
  }

  private dialMs(attempt: number, upstream: Upstream): number {
    return this.borrower.dialMs(attempt, upstream.index)
  }

  private dialSpares(upstream: Upstream): void {
    for (let left = this.pool.spares?.(upstream, this.world.now) ?? 0; left > 0; left--) this.dial(upstream, nobody)
  }

  /** A connection is gone: open, or while it was being opened. Who waits may dial in its place. */
  private forget(row: number): void {
    const { table, world } = this
    const upstream = table.upstreams[row]!
    const id = table.ids[row]!
    const wasOpen = table.isOpen[row]!
    this.freeIds.push(id)
    table.lentTo[row] = nobody
    table.isOpen[row] = false
    table.free(row)
    const ticket = wasOpen ? this.pool.onClosed(upstream, id, world.now) : this.pool.onDialFailed(upstream, world.now)
    if (ticket !== KEEP) this.dial(upstream, ticket)
  }

  private arm(): void {
    const dueAt = this.pool.nextExpiryAt()
    if (dueAt >= this.expiryAt) return
    this.expiryAt = dueAt
    this.world.at(Math.max(this.world.now, dueAt), POOL_DUE, this.index, ++this.expiryStamp)
  }
}
