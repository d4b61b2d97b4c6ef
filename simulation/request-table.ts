// Requests, from the moment they are due to their end.
import type { Upstream } from '../core/contracts.ts'
import { grownFloats } from './heap-queue.ts'
import { FIRST_FRACTION, firstCapacity, fractionShift, nobody, Rows, rowShift, SECOND_FRACTION } from './rows.ts'

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
