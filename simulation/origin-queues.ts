// The slots of the origins and the queues before them. A busy slot has one event in the engine's queue, so that the number of
// events does not grow with the queues.
import type { Ms } from '../core/contracts.ts'
import { IN_SERVICE, QUEUED } from './attempt-table.ts'
import type { OriginModel } from './model.ts'
import { nobody } from './rows.ts'
import { SharedService } from './shared-service.ts'
import { kindBits, SERVED, type World } from './world.ts'

const unlimited = 0x7fffffff

/** What belongs to an origin is a row of 16 whole numbers, 64 bytes; the last 16 of them are two numbers with fractions. */
const rowShift = 4
const fractionShift = 3
const PRESENT = 0
const PRESENT_PEAK = 1
const SERVING = 2
const SLOTS = 3
const QUEUE_LIMIT = 4
const FIRST_WAITING = 5
const LAST_WAITING = 6
const ARRIVALS = 7
const BUSY_MS = 6
const CONTENTION_MS = 7

export class OriginQueues {
  /** At all origins together, at most at one instant. */
  totalPeak = 0
  private total = 0
  private readonly world: World
  /** Null when none serves all its requests at once. */
  private readonly shared: (SharedService | undefined)[] | null
  private readonly cells: Int32Array
  /** The same memory. */
  private readonly fractions: Float64Array

  constructor(world: World, traits: readonly Required<OriginModel>[]) {
    this.world = world
    const shared = traits.map(({ discipline, slots }, index) =>
      discipline === 'shared' ? new SharedService(world, index, slots) : undefined,
    )
    this.shared = shared.some(one => one !== undefined) ? shared : null
    this.cells = new Int32Array(traits.length << rowShift)
    this.fractions = new Float64Array(this.cells.buffer)
    traits.forEach(({ slots, queue, contentionMs }, origin) => {
      const at = origin << rowShift
      this.cells[at + SLOTS] = Math.min(unlimited, slots)
      this.cells[at + QUEUE_LIMIT] = Math.min(unlimited, queue)
      this.cells[at + FIRST_WAITING] = this.cells[at + LAST_WAITING] = nobody
      this.fractions[(origin << fractionShift) + CONTENTION_MS] = contentionMs
    })
  }

  /** At the origin now, waiting ones included. */
  present(origin: number): number {
    return this.cells[(origin << rowShift) + PRESENT]!
  }

  presentPeak(origin: number): number {
    return this.cells[(origin << rowShift) + PRESENT_PEAK]!
  }

  arrivals(origin: number): number {
    return this.cells[(origin << rowShift) + ARRIVALS]!
  }

  /** Requests it serves at once. */
  slots(origin: number): number {
    return this.cells[(origin << rowShift) + SLOTS]!
  }

  /** Service time given, ms; that of work that was given up is counted whole. */
  busyMs(origin: number): Ms {
    return this.fractions[(origin << fractionShift) + BUSY_MS]!
  }

  /** Each request present when a request arrives adds so much to its service time. */
  contentionMs(origin: number): Ms {
    return this.fractions[(origin << fractionShift) + CONTENTION_MS]!
  }

  /** Somebody has arrived: how many are there. */
  meet(origin: number): number {
    const at = origin << rowShift
    this.cells[at + ARRIVALS] = this.cells[at + ARRIVALS]! + 1
    return this.cells[at + PRESENT]!
  }

  /** Is there neither a slot nor a place in the queue? */
  isFull(origin: number): boolean {
    const { cells } = this
    const at = origin << rowShift
    const serving = cells[at + SERVING]!
    return serving >= cells[at + SLOTS]! && cells[at + PRESENT]! - serving >= cells[at + QUEUE_LIMIT]!
  }

  /** The attempt, whose work is known, is served now or waits; when the origin is `closed` it waits. */
  enter(attempt: number, origin: number, closed: boolean): void {
    const { cells } = this
    const at = origin << rowShift
    const present = cells[at + PRESENT]! + 1
    cells[at + PRESENT] = present
    if (present > cells[at + PRESENT_PEAK]!) cells[at + PRESENT_PEAK] = present
    if (++this.total > this.totalPeak) this.totalPeak = this.total
    if (!closed && this.sharedOf(origin) !== null) this.share(attempt, origin)
    else if (!closed && this.hasSlot(origin)) this.serve(attempt, origin)
    else this.enqueue(attempt, origin)
  }

  /** The service of an attempt is over: its slot goes to the next. */
  leaveSlot(origin: number): void {
    const at = origin << rowShift
    this.depart(origin)
    this.cells[at + SERVING] = this.cells[at + SERVING]! - 1
    const next = this.cells[at + FIRST_WAITING]!
    if (next === nobody) return
    this.unlink(next, origin)
    this.serve(next, origin)
  }

  /** Who is done at an origin that serves all at once; `nobody` when the event is out of date. */
  shareServed(origin: number, stamp: number): number {
    const attempt = this.sharedOf(origin)!.due(stamp)
    if (attempt !== nobody) this.depart(origin)
    return attempt
  }

  /** Takes out an attempt that waits or is served. */
  abandon(attempt: number, origin: number): void {
    const queued = this.world.attempts.state(attempt) === QUEUED
    if (!queued && this.sharedOf(origin) === null) return this.leaveSlot(origin)
    this.depart(origin)
    if (queued) this.unlink(attempt, origin)
    else this.sharedOf(origin)!.leave(attempt)
  }

  /** The origin has been closed and is so no longer: whoever finds a slot is served. */
  reopen(origin: number): void {
    const unbounded = this.sharedOf(origin) !== null
    for (;;) {
      const next = this.cells[(origin << rowShift) + FIRST_WAITING]!
      if (next === nobody || !(unbounded || this.hasSlot(origin))) return
      this.unlink(next, origin)
      if (unbounded) this.share(next, origin)
      else this.serve(next, origin)
    }
  }

  private sharedOf(origin: number): SharedService | null {
    return this.shared === null ? null : (this.shared[origin] ?? null)
  }

  private hasSlot(origin: number): boolean {
    const at = origin << rowShift
    return this.cells[at + SERVING]! < this.cells[at + SLOTS]!
  }

  private depart(origin: number): void {
    const at = origin << rowShift
    this.cells[at + PRESENT] = this.cells[at + PRESENT]! - 1
    this.total--
  }

  private share(attempt: number, origin: number): void {
    const serviceMs = this.begin(attempt, origin)
    this.sharedOf(origin)!.enter(attempt, serviceMs)
  }

  private serve(attempt: number, origin: number): void {
    const { attempts, now, queue } = this.world
    const serviceMs = this.begin(attempt, origin)
    const at = origin << rowShift
    this.cells[at + SERVING] = this.cells[at + SERVING]! + 1
    queue.push(now + serviceMs, (attempt << kindBits) | SERVED, attempts.stamp[attempt]!)
  }

  private begin(attempt: number, origin: number): Ms {
    const { attempts } = this.world
    const serviceMs = attempts.work(attempt)
    attempts.setState(attempt, IN_SERVICE)
    const busy = (origin << fractionShift) + BUSY_MS
    this.fractions[busy] = this.fractions[busy]! + serviceMs
    return serviceMs
  }

  private enqueue(attempt: number, origin: number): void {
    const { attempts } = this.world
    const at = origin << rowShift
    const last = this.cells[at + LAST_WAITING]!
    attempts.setState(attempt, QUEUED)
    attempts.setNext(attempt, nobody)
    attempts.setPrevious(attempt, last)
    if (last === nobody) this.cells[at + FIRST_WAITING] = attempt
    else attempts.setNext(last, attempt)
    this.cells[at + LAST_WAITING] = attempt
  }

  private unlink(attempt: number, origin: number): void {
    const { attempts } = this.world
    const { cells } = this
    const at = origin << rowShift
    const after = attempts.next(attempt)
    if (cells[at + FIRST_WAITING] === attempt) {
      // Whoever is first now need not be told: its row is not fetched before it is served.
      cells[at + FIRST_WAITING] = after
      if (after === nobody) cells[at + LAST_WAITING] = nobody
      return
    }
    const before = attempts.previous(attempt)
    attempts.setNext(before, after)
    if (after === nobody) cells[at + LAST_WAITING] = before
    else attempts.setPrevious(after, before)
  }
}
