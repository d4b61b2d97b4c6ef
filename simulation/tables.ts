// Requests and attempts as tables of typed columns: a row is a number, a free row is used again, nothing is allocated while
// the simulation runs. A row's stamp grows when it is freed, so that an event meant for an earlier tenant is recognised.
import type { Upstream } from '../core/contracts.ts'
import { grownFloats, grownIntegers } from './heap-queue.ts'

const firstCapacity = 256
export const nobody = -1

/** Rows that are taken and given back; the newest free row is taken first, so that the tables stay warm. */
class Rows {
  inUse = 0
  stamp = new Int32Array(firstCapacity)
  private unused = new Int32Array(firstCapacity)
  private unusedCount = 0
  private used = 0

  get capacity(): number {
    return this.stamp.length
  }

  take(): number {
    this.inUse++
    if (this.unusedCount > 0) return this.unused[--this.unusedCount]!
    if (this.used === this.capacity) this.grow()
    return this.used++
  }

  free(row: number): void {
    this.inUse--
    this.stamp[row] = this.stamp[row]! + 1
    this.unused[this.unusedCount++] = row
  }

  grow(): void {
    const capacity = this.capacity * 2
    this.stamp = grownIntegers(this.stamp, capacity)
    this.unused = grownIntegers(this.unused, capacity)
  }
}

/** What a client asks, until it has an answer or gives up. */
export class RequestTable extends Rows {
  /** When the request was due, ms. */
  dueAt = new Float64Array(firstCapacity)
  /** Its own number in [0, 1), which says how much work it is. */
  quantile = new Float64Array(firstCapacity)
  /** In order of creation, from 0. */
  number = new Int32Array(firstCapacity)
  worker = new Int32Array(firstCapacity)
  key = new Int32Array(firstCapacity)
  client = new Int32Array(firstCapacity)
  /** The client's kept connection; `nobody` when it has none or waits for one. */
  connection = new Int32Array(firstCapacity)
  /** Attempts made so far. */
  attempts = new Int32Array(firstCapacity)
  /** The first of the list of attempts that are under way. */
  live = new Int32Array(firstCapacity)
  /** 1: let in, and counted among those in flight; -1: held back by the limiter; 0: neither, so far. */
  admitted = new Int32Array(firstCapacity)
  /** When it was admitted, ms. */
  admittedAt = new Float64Array(firstCapacity)
  /** When a hedge is due, ms; NaN when none is planned. */
  hedgeAt = new Float64Array(firstCapacity)
  /** 1 when an origin has answered it, whatever the status. */
  answered = new Int32Array(firstCapacity)
  /** 1 when it is the first request of its client's connection. */
  fresh = new Int32Array(firstCapacity)
  /** Upstreams that have failed it; made when the first does. */
  readonly tried: (Upstream[] | undefined)[] = []

  override grow(): void {
    super.grow()
    const { capacity } = this
    this.dueAt = grownFloats(this.dueAt, capacity)
    this.quantile = grownFloats(this.quantile, capacity)
    this.admittedAt = grownFloats(this.admittedAt, capacity)
    this.hedgeAt = grownFloats(this.hedgeAt, capacity)
    this.answered = grownIntegers(this.answered, capacity)
    this.fresh = grownIntegers(this.fresh, capacity)
    this.number = grownIntegers(this.number, capacity)
    this.worker = grownIntegers(this.worker, capacity)
    this.key = grownIntegers(this.key, capacity)
    this.client = grownIntegers(this.client, capacity)
    this.connection = grownIntegers(this.connection, capacity)
    this.attempts = grownIntegers(this.attempts, capacity)
    this.live = grownIntegers(this.live, capacity)
    this.admitted = grownIntegers(this.admitted, capacity)
  }
}

/** Where an attempt is, seen from its origin. */
export const UNSENT = 0
export const ON_ITS_WAY = 1
export const QUEUED = 2
export const IN_SERVICE = 3
export const ANSWERED = 4
/** Its answer, or the news that there is none, is at the proxy. */
export const RETURNED = 5
/** The row belongs to nobody. */
export const FREED = 6

/** One try of a request at one origin, or a health check (`request` is then `nobody`). */
export class AttemptTable extends Rows {
  request = new Int32Array(firstCapacity)
  worker = new Int32Array(firstCapacity)
  origin = new Int32Array(firstCapacity)
  /** The origin as its worker knows it. */
  readonly upstream: Upstream[] = []
  state = new Int32Array(firstCapacity)
  /** 1 when its proxy waits for it no longer. */
  detached = new Int32Array(firstCapacity)
  /** The status answered. */
  status = new Int32Array(firstCapacity)
  /** The upstream connection that carries it; `nobody` without pools. */
  connection = new Int32Array(firstCapacity)
  /** Neighbours in the queue of its origin. */
  next = new Int32Array(firstCapacity)
  previous = new Int32Array(firstCapacity)
  /** The next attempt under way of the same request. */
  sibling = new Int32Array(firstCapacity)
  sentAt = new Float64Array(firstCapacity)
  /** Its quantile until it reaches the origin, and its service time in ms from then on. */
  work = new Float64Array(firstCapacity)
  /** When it reached its origin, ms, and how many were there. */
  arrivedAt = new Float64Array(firstCapacity)
  met = new Int32Array(firstCapacity)

  override free(row: number): void {
    this.state[row] = FREED
    super.free(row)
  }

  override grow(): void {
    super.grow()
    const { capacity } = this
    this.request = grownIntegers(this.request, capacity)
    this.worker = grownIntegers(this.worker, capacity)
    this.origin = grownIntegers(this.origin, capacity)
    this.state = grownIntegers(this.state, capacity)
    this.detached = grownIntegers(this.detached, capacity)
    this.status = grownIntegers(this.status, capacity)
    this.connection = grownIntegers(this.connection, capacity)
    this.next = grownIntegers(this.next, capacity)
    this.previous = grownIntegers(this.previous, capacity)
    this.sibling = grownIntegers(this.sibling, capacity)
    this.sentAt = grownFloats(this.sentAt, capacity)
    this.work = grownFloats(this.work, capacity)
    this.arrivedAt = grownFloats(this.arrivedAt, capacity)
    this.met = grownIntegers(this.met, capacity)
  }
}
