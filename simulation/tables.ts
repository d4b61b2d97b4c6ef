// Requests and attempts as tables: a row is a number, a free row is used again, nothing is allocated while the simulation
// runs. The cells of a row lie side by side, 64 bytes together, because tens of thousands are under way at once: a column for
// each trait would be a cache miss for each, and objects would be several times as large. A row's stamp grows when it is
// freed, so that an event meant for an earlier tenant is recognised.
import type { Upstream } from '../core/contracts.ts'
import { grownFloats, grownIntegers } from './heap-queue.ts'

const firstCapacity = 256
export const nobody = -1

/** A row is 16 whole numbers; its last 16 bytes are two numbers with fractions instead. */
const rowShift = 4
const fractionShift = 3
const FIRST_FRACTION = 6
const SECOND_FRACTION = 7

/** Rows that are taken and given back; the newest free row is taken first, so that the tables stay warm. */
class Rows {
  inUse = 0
  /** Apart from the cells: most timeouts come when they mean nobody any more, and need to see no more than this. */
  stamp = new Int32Array(firstCapacity)
  protected cells = new Int32Array(firstCapacity << rowShift)
  /** The same memory, as numbers with fractions. */
  protected fractions = new Float64Array(this.cells.buffer)
  private unused = new Int32Array(firstCapacity)
  private unusedCount = 0
  private used = 0

  get capacity(): number {
    return this.stamp.length
  }

  free(row: number): void {
    this.inUse--
    this.stamp[row] = this.stamp[row]! + 1
    this.unused[this.unusedCount++] = row
  }

  protected take(): number {
    this.inUse++
    if (this.unusedCount > 0) return this.unused[--this.unusedCount]!
    if (this.used === this.capacity) this.grow()
    return this.used++
  }

  protected grow(): void {
    const capacity = this.capacity * 2
    this.stamp = grownIntegers(this.stamp, capacity)
    this.unused = grownIntegers(this.unused, capacity)
    this.cells = grownIntegers(this.cells, capacity << rowShift)
    this.fractions = new Float64Array(this.cells.buffer)
  }
}

const NUMBER = 0
const OF_WORKER = 1
const KEY = 2
const CLIENT = 3
const CARRIED_BY = 4
const ATTEMPTS = 5
const LIVE = 6
const ADMITTED = 7
const ANSWER = 8
const FRESH = 9

/** What a client asks, until it has an answer or gives up. */
export class RequestTable extends Rows {
  /** When it was admitted, ms; kept for limiters that want to know. */
  admittedAt = new Float64Array(firstCapacity)
  /** When a hedge is due, ms; NaN when none is planned. */
  hedgeAt = new Float64Array(firstCapacity)
  /** Upstreams that have failed it; made when the first does. */
  readonly tried: (Upstream[] | undefined)[] = []

  /** A new request; when it is due and how much work it is are set apart, because a call would allocate fractions. */
  add(number: number, key: number, client: number): number {
    const row = this.take()
    const { cells } = this
    const at = row << rowShift
    cells[at + NUMBER] = number
    cells[at + OF_WORKER] = 0
    cells[at + KEY] = key
    cells[at + CLIENT] = client
    cells[at + CARRIED_BY] = nobody
    cells[at + ATTEMPTS] = 0
    cells[at + LIVE] = nobody
    cells[at + ADMITTED] = 0
    cells[at + ANSWER] = 0
    cells[at + FRESH] = 0
    return row
  }

  /** In order of creation, from 0. */
  number(row: number): number {
    return this.cells[(row << rowShift) + NUMBER]!
  }

  key(row: number): number {
    return this.cells[(row << rowShift) + KEY]!
  }

  client(row: number): number {
    return this.cells[(row << rowShift) + CLIENT]!
  }

  /** When it was due, ms. */
  dueAt(row: number): number {
    return this.fractions[(row << fractionShift) + FIRST_FRACTION]!
  }

  setDueAt(row: number, dueAt: number): void {
    this.fractions[(row << fractionShift) + FIRST_FRACTION] = dueAt
  }

  /** Its own number in [0, 1), which says how much work it is. */
  quantile(row: number): number {
    return this.fractions[(row << fractionShift) + SECOND_FRACTION]!
  }

  setQuantile(row: number, quantile: number): void {
    this.fractions[(row << fractionShift) + SECOND_FRACTION] = quantile
  }

  worker(row: number): number {
    return this.cells[(row << rowShift) + OF_WORKER]!
  }

  setWorker(row: number, worker: number): void {
    this.cells[(row << rowShift) + OF_WORKER] = worker
  }

  /** The client's kept connection; `nobody` when it has none or waits for one. */
  connection(row: number): number {
    return this.cells[(row << rowShift) + CARRIED_BY]!
  }

  /** The client's connection carries it; `fresh`: as the first one. */
  setConnection(row: number, connection: number, fresh: boolean): void {
    this.cells[(row << rowShift) + CARRIED_BY] = connection
    this.cells[(row << rowShift) + FRESH] = fresh ? 1 : 0
  }

  /** Is it the first request of its client's connection? */
  isFresh(row: number): boolean {
    return this.cells[(row << rowShift) + FRESH] === 1
  }

  /** Attempts made so far. */
  attempts(row: number): number {
    return this.cells[(row << rowShift) + ATTEMPTS]!
  }

  /** The first of the list of attempts that are under way. */
  live(row: number): number {
    return this.cells[(row << rowShift) + LIVE]!
  }

  setLive(row: number, attempt: number): void {
    this.cells[(row << rowShift) + LIVE] = attempt
  }

  /** Another attempt is made, and is the first of those under way. */
  begin(row: number, attempt: number): void {
    this.cells[(row << rowShift) + LIVE] = attempt
    this.cells[(row << rowShift) + ATTEMPTS] = this.cells[(row << rowShift) + ATTEMPTS]! + 1
  }

  /** 1: let in, and counted among those in flight; -1: held back by the limiter; 0: neither, so far. */
  admitted(row: number): number {
    return this.cells[(row << rowShift) + ADMITTED]!
  }

  setAdmitted(row: number, admitted: number): void {
    this.cells[(row << rowShift) + ADMITTED] = admitted
  }

  /** Has an origin answered it, whatever the status? */
  isAnswered(row: number): boolean {
    return this.cells[(row << rowShift) + ANSWER] === 1
  }

  setAnswered(row: number): void {
    this.cells[(row << rowShift) + ANSWER] = 1
  }

  protected override grow(): void {
    super.grow()
    this.admittedAt = grownFloats(this.admittedAt, this.capacity)
    this.hedgeAt = grownFloats(this.hedgeAt, this.capacity)
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

const REQUEST = 0
const WORKER = 1
const ORIGIN = 2
const STATE = 3
const DETACHED = 4
const STATUS = 5
const CONNECTION = 6
const NEXT = 7
const PREVIOUS = 8
const SIBLING = 9

/** One try of a request at one origin, or a health check (its request is then `nobody`). */
export class AttemptTable extends Rows {
  /** The origin as its worker knows it. */
  readonly upstream: Upstream[] = []
  /** When it reached its origin, ms, and how many were there; kept for origins that report their load. */
  arrivedAt = new Float64Array(firstCapacity)
  met = new Int32Array(firstCapacity)

  /** A new attempt of `request`; `sibling`: the one begun before it. Its work and when it is sent are set apart. */
  add(request: number, worker: number, origin: number, state: number, sibling: number): number {
    const row = this.take()
    const { cells } = this
    const at = row << rowShift
    cells[at + REQUEST] = request
    cells[at + WORKER] = worker
    cells[at + ORIGIN] = origin
    cells[at + STATE] = state
    cells[at + DETACHED] = 0
    cells[at + CONNECTION] = nobody
    cells[at + SIBLING] = sibling
    return row
  }

  request(row: number): number {
    return this.cells[(row << rowShift) + REQUEST]!
  }

  worker(row: number): number {
    return this.cells[(row << rowShift) + WORKER]!
  }

  origin(row: number): number {
    return this.cells[(row << rowShift) + ORIGIN]!
  }

  state(row: number): number {
    return this.cells[(row << rowShift) + STATE]!
  }

  setState(row: number, state: number): void {
    this.cells[(row << rowShift) + STATE] = state
  }

  /** Does its proxy wait for it no longer? */
  isDetached(row: number): boolean {
    return this.cells[(row << rowShift) + DETACHED] === 1
  }

  detach(row: number): void {
    this.cells[(row << rowShift) + DETACHED] = 1
  }

  /** The status answered. */
  status(row: number): number {
    return this.cells[(row << rowShift) + STATUS]!
  }

  setStatus(row: number, status: number): void {
    this.cells[(row << rowShift) + STATUS] = status
  }

  /** The upstream connection that carries it; `nobody` without pools. */
  connection(row: number): number {
    return this.cells[(row << rowShift) + CONNECTION]!
  }

  setConnection(row: number, connection: number): void {
    this.cells[(row << rowShift) + CONNECTION] = connection
  }

  /** Its neighbours in the queue of its origin. */
  next(row: number): number {
    return this.cells[(row << rowShift) + NEXT]!
  }

  previous(row: number): number {
    return this.cells[(row << rowShift) + PREVIOUS]!
  }

  setNext(row: number, next: number): void {
    this.cells[(row << rowShift) + NEXT] = next
  }

  setPrevious(row: number, previous: number): void {
    this.cells[(row << rowShift) + PREVIOUS] = previous
  }

  /** The next attempt under way of the same request. */
  sibling(row: number): number {
    return this.cells[(row << rowShift) + SIBLING]!
  }

  setSibling(row: number, sibling: number): void {
    this.cells[(row << rowShift) + SIBLING] = sibling
  }

  sentAt(row: number): number {
    return this.fractions[(row << fractionShift) + FIRST_FRACTION]!
  }

  setSentAt(row: number, now: number): void {
    this.fractions[(row << fractionShift) + FIRST_FRACTION] = now
  }

  /** Its quantile until it reaches the origin, and its service time in ms from then on. */
  work(row: number): number {
    return this.fractions[(row << fractionShift) + SECOND_FRACTION]!
  }

  setWork(row: number, work: number): void {
    this.fractions[(row << fractionShift) + SECOND_FRACTION] = work
  }

  override free(row: number): void {
    this.setState(row, FREED)
    super.free(row)
  }

  protected override grow(): void {
    super.grow()
    this.arrivedAt = grownFloats(this.arrivedAt, this.capacity)
    this.met = grownIntegers(this.met, this.capacity)
  }
}
