// Attempts at an origin, from the choice of the origin to the end of everything about them.
import type { Upstream } from '../core/contracts.ts'
import { grownFloats, grownIntegers } from './heap-queue.ts'
import { FIRST_FRACTION, firstCapacity, fractionShift, nobody, Rows, rowShift, SECOND_FRACTION } from './rows.ts'

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
