// The book of upstreams: their connections, opened and lent as the pool says. The pool deals in numbers; here they become
// sockets.
import {
  CLOSE,
  type ConnectionPool,
  DIAL,
  KEEP,
  type REJECT,
  type Ticket,
  type Upstream,
  WAIT,
} from '../../core/contracts.ts'
import type { ProxyConfig, UpstreamAddress } from '../config.ts'
import { type DeadlineWheel, Timed } from '../deadlines.ts'
import type { Counters } from '../statistics.ts'
import { DIALING, NOBODY, OriginConnection, type OriginOwner } from './origin-connection.ts'

/** A connection has become free (or has failed to open) for an exchange that waits. */
export interface Borrower {
  /** `origin` is now lent to the exchange with this ticket. */
  onLent(ticket: Ticket, origin: OriginConnection): void
  /** The exchange with this ticket may open a connection now: `dial` was called for it. */
  onDialing(ticket: Ticket, origin: OriginConnection): void
}

export class UpstreamBook {
  readonly upstreams: readonly Upstream[]
  private readonly addresses: readonly UpstreamAddress[]
  private readonly pool: ConnectionPool
  private readonly owner: OriginOwner & Borrower
  private readonly counters: Counters
  private readonly wheel: DeadlineWheel
  private readonly connectMs: number
  private readonly origins: (OriginConnection | undefined)[] = []
  private readonly freeIds: number[] = []
  private readonly expiry: PoolExpiry

  constructor(
    config: ProxyConfig,
    pool: ConnectionPool,
    counters: Counters,
    wheel: DeadlineWheel,
    owner: OriginOwner & Borrower,
  ) {
    this.addresses = config.upstreams
    this.upstreams = config.upstreams.map(({ id, weight, zone, priority }, index) => {
      return { index, id, weight, inFlight: 0, priority, ...(zone !== undefined && { zone }) }
    })
    this.pool = pool
    this.owner = owner
    this.counters = counters
    this.wheel = wheel
    this.connectMs = config.timeouts.connectMs
    this.expiry = new PoolExpiry(this)
  }

  /**
   * A connection to `upstream` for the exchange with this ticket: one that is open, DIAL when one is being opened
   * (`onDialing` has been called), WAIT when `onLent` or `onDialing` will come later, or REJECT. `first`: as pools are told.
   */
  borrow(
    upstream: Upstream,
    ticket: Ticket,
    first: boolean,
    now: number,
  ): OriginConnection | typeof DIAL | typeof WAIT | typeof REJECT {
    const answer = this.pool.acquire(upstream, ticket, first, now)
    this.dialSpares(upstream, now)
    if (answer >= 0) {
      this.counters.upstreamReuses++
      return this.origins[answer]!
    }
    if (answer === DIAL) this.dial(upstream, ticket, now)
    else if (answer === WAIT) this.counters.upstreamWaits++
    return answer as typeof DIAL | typeof WAIT | typeof REJECT
  }

  /** How long an exchange may wait for a connection; 0: no limit. */
  get waitMs(): number {
    return this.pool.waitMs ?? 0
  }

  /** Opens what the pool wants before the first request. */
  start(now: number): void {
    for (const upstream of this.upstreams) this.dialSpares(upstream, now)
  }

  /** A connection has opened: for the exchange that asked for it, or as a spare one. */
  opened(origin: OriginConnection, now: number): void {
    this.pool.onDialed(origin.upstream, origin.id, now)
    if (origin.lentTo === NOBODY) this.release(origin, true, now)
  }

  /** The exchange is done with a connection that is still open. */
  release(origin: OriginConnection, reusable: boolean, now: number): void {
    origin.lentTo = NOBODY
    this.wheel.arm(origin, Number.POSITIVE_INFINITY)
    const answer = this.pool.release(origin.upstream, origin.id, reusable, now)
    if (answer === CLOSE) this.discard(origin, now)
    else if (answer === KEEP) {
      const dueAt = this.pool.nextExpiryAt()
      if (dueAt <= now) this.closeExpired(now)
      else if (dueAt < this.expiry.dueAt) this.wheel.arm(this.expiry, dueAt)
    } else this.owner.onLent(answer, origin)
  }

  /** Closes a connection, open or still opening, and forgets it. */
  discard(origin: OriginConnection, now: number): void {
    const wasDialing = origin.state === DIALING
    origin.destroy()
    this.forget(origin, wasDialing, now)
  }

  /** A connection that has closed by itself leaves the book. */
  forget(origin: OriginConnection, wasDialing: boolean, now: number): void {
    const { upstream, id } = origin
    origin.lentTo = NOBODY
    this.wheel.disarm(origin)
    this.origins[id] = undefined
    this.freeIds.push(id)
    this.counters.upstreamConnectionsOpen--
    if (wasDialing) this.counters.upstreamDialFailures++
    const ticket = wasDialing ? this.pool.onDialFailed(upstream, now) : this.pool.onClosed(upstream, id, now)
    if (ticket !== KEEP) this.dial(upstream, ticket, now)
  }

  /** The exchange with this ticket no longer waits. */
  giveUp(upstream: Upstream, ticket: Ticket): void {
    this.pool.onGaveUp(upstream, ticket)
  }

  /** Closes the idle connections whose time has come. */
  closeExpired(now: number): void {
    for (const id of this.pool.expired(now)) {
      const origin = this.origins[id]
      if (origin) this.discard(origin, now)
    }
    this.wheel.arm(this.expiry, this.pool.nextExpiryAt())
  }

  closeAll(): void {
    for (const origin of this.origins) origin?.destroy()
  }

  private dialSpares(upstream: Upstream, now: number): void {
    for (let left = this.pool.spares?.(upstream, now) ?? 0; left > 0; left--) {
      this.counters.upstreamSpareDials++
      this.open(upstream, NOBODY, now)
    }
  }

  private dial(upstream: Upstream, ticket: Ticket, now: number): void {
    this.owner.onDialing(ticket, this.open(upstream, ticket, now))
  }

  private open(upstream: Upstream, lentTo: Ticket | typeof NOBODY, now: number): OriginConnection {
    const id = this.freeIds.pop() ?? this.origins.length
    const origin = new OriginConnection(this.owner, id, upstream, this.addresses[upstream.index]!)
    this.origins[id] = origin
    origin.lentTo = lentTo
    this.counters.upstreamDials++
    this.counters.upstreamConnectionsOpen++
    this.wheel.arm(origin, this.connectMs === 0 ? Number.POSITIVE_INFINITY : now + this.connectMs)
    return origin
  }
}

/** The wheel's entry for idle connections: one for the whole book. */
class PoolExpiry extends Timed {
  private readonly book: UpstreamBook

  constructor(book: UpstreamBook) {
    super()
    this.book = book
  }

  onDue(now: number): void {
    this.dueAt = Number.POSITIVE_INFINITY
    this.book.closeExpired(now)
  }
}
