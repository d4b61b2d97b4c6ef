// The slots of the origins and the queues before them. A busy slot has one event in the engine's queue, so that the number of
// events does not grow with the queues.
import type { Ms } from '../core/contracts.ts'
import type { OriginModel } from './model.ts'
import { SharedService } from './shared-service.ts'
import { IN_SERVICE, nobody, QUEUED } from './tables.ts'
import { kindBits, SERVED, type World } from './world.ts'

const unlimited = 0x7fffffff

export class OriginQueues {
  /** At each origin now, waiting ones included. */
  readonly present: Int32Array
  readonly presentPeak: Int32Array
  /** Service time given, ms; that of work that was given up is counted whole. */
  readonly busyMs: Float64Array
  /** Requests each serves at once. */
  readonly slots: Int32Array
  /** At all origins together, at most at one instant. */
  totalPeak = 0
  private total = 0
  private readonly world: World
  private readonly shared: (SharedService | undefined)[]
  private readonly queueLimit: Int32Array
  private readonly serving: Int32Array
  private readonly firstWaiting: Int32Array
  private readonly lastWaiting: Int32Array

  constructor(world: World, traits: readonly Required<OriginModel>[]) {
    const column = () => new Int32Array(traits.length)
    this.world = world
    this.shared = traits.map(({ discipline, slots }, index) =>
      discipline === 'shared' ? new SharedService(world, index, slots) : undefined,
    )
    this.slots = Int32Array.from(traits, one => Math.min(unlimited, one.slots))
    this.queueLimit = Int32Array.from(traits, one => Math.min(unlimited, one.queue))
    this.present = column()
    this.presentPeak = column()
    this.serving = column()
    this.firstWaiting = column().fill(nobody)
    this.lastWaiting = column().fill(nobody)
    this.busyMs = new Float64Array(traits.length)
  }

  /** Is there neither a slot nor a place in the queue? */
  isFull(origin: number): boolean {
    const serving = this.serving[origin]!
    return serving >= this.slots[origin]! && this.present[origin]! - serving >= this.queueLimit[origin]!
  }

  /** The attempt, whose work is known, is served now or waits; when the origin is `closed` it waits. */
  enter(attempt: number, origin: number, closed: boolean): void {
    const present = this.present[origin]! + 1
    this.present[origin] = present
    if (present > this.presentPeak[origin]!) this.presentPeak[origin] = present
    if (++this.total > this.totalPeak) this.totalPeak = this.total
    if (!closed && this.shared[origin] !== undefined) this.share(attempt, origin)
    else if (!closed && this.serving[origin]! < this.slots[origin]!) this.serve(attempt, origin)
    else this.enqueue(attempt, origin)
  }

  /** The service of an attempt is over: its slot goes to the next. */
  leaveSlot(origin: number): void {
    this.depart(origin)
    this.serving[origin] = this.serving[origin]! - 1
    const next = this.firstWaiting[origin]!
    if (next === nobody) return
    this.unlink(next, origin)
    this.serve(next, origin)
  }

  /** Who is done at an origin that serves all at once; `nobody` when the event is out of date. */
  shareServed(origin: number, stamp: number): number {
    const attempt = this.shared[origin]!.due(stamp)
    if (attempt !== nobody) this.depart(origin)
    return attempt
  }

  /** Takes out an attempt that waits or is served. */
  abandon(attempt: number, origin: number): void {
    const queued = this.world.attempts.state[attempt] === QUEUED
    if (!queued && this.shared[origin] === undefined) return this.leaveSlot(origin)
    this.depart(origin)
    if (queued) this.unlink(attempt, origin)
    else this.shared[origin]!.leave(attempt)
  }

  /** The origin has been closed and is so no longer: whoever finds a slot is served. */
  reopen(origin: number): void {
    const unbounded = this.shared[origin] !== undefined
    while (this.firstWaiting[origin] !== nobody && (unbounded || this.serving[origin]! < this.slots[origin]!)) {
      const next = this.firstWaiting[origin]!
      this.unlink(next, origin)
      if (unbounded) this.share(next, origin)
      else this.serve(next, origin)
    }
  }

  private depart(origin: number): void {
    this.present[origin] = this.present[origin]! - 1
    this.total--
  }

  private share(attempt: number, origin: number): void {
    const serviceMs = this.begin(attempt, origin)
    this.shared[origin]!.enter(attempt, serviceMs)
  }

  private serve(attempt: number, origin: number): void {
    const { attempts, now, queue } = this.world
    const serviceMs = this.begin(attempt, origin)
    this.serving[origin] = this.serving[origin]! + 1
    queue.push(now + serviceMs, (attempt << kindBits) | SERVED, attempts.stamp[attempt]!)
  }

  private begin(attempt: number, origin: number): Ms {
    const { attempts } = this.world
    const serviceMs = attempts.work[attempt]!
    attempts.state[attempt] = IN_SERVICE
    this.busyMs[origin] = this.busyMs[origin]! + serviceMs
    return serviceMs
  }

  private enqueue(attempt: number, origin: number): void {
    const { attempts } = this.world
    const last = this.lastWaiting[origin]!
    attempts.state[attempt] = QUEUED
    attempts.next[attempt] = nobody
    attempts.previous[attempt] = last
    if (last === nobody) this.firstWaiting[origin] = attempt
    else attempts.next[last] = attempt
    this.lastWaiting[origin] = attempt
  }

  private unlink(attempt: number, origin: number): void {
    const { next, previous } = this.world.attempts
    const before = previous[attempt]!
    const after = next[attempt]!
    if (before === nobody) this.firstWaiting[origin] = after
    else next[before] = after
    if (after === nobody) this.lastWaiting[origin] = before
    else previous[after] = before
  }
}
