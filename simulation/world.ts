// What all parts of a simulation share: the clock, what is due, the tables of requests and attempts, and the streams of
// chance. It decides nothing.
import type { Ms, Upstream } from '../core/contracts.ts'
import { addressOf } from '../core/random.ts'
import { AttemptTable } from './attempt-table.ts'
import { type DelayRing, DelayRings } from './delay-ring.ts'
import type { EventQueue } from './event-queue.ts'
import type { Model } from './model.ts'
import { FastStream } from './random.ts'
import { RequestTable } from './request-table.ts'

/** What an event is about; an event is a kind and the number of what it happens to. */
export const kindBits = 5
// Of an attempt:
export const SERVED = 0
export const AT_ORIGIN = 1
export const AT_PROXY = 2
export const ABANDONED = 3
export const ATTEMPT_DUE = 4
export const WAIT_DUE = 5
// Of a request:
export const CLIENT_DUE = 6
export const RETRY_DUE = 7
export const HEDGE_DUE = 8
export const ADMISSION_DUE = 9
// Of an origin, a connection, a worker, a probe, or of all:
export const SHARE_SERVED = 10
export const ORIGIN_CHANGES = 11
export const DIALED = 12
export const HEALTH_DUE = 13
export const POOL_DUE = 14
export const CPU_DONE = 15
export const REFRESH_DUE = 16
export const PROBE_AT_ORIGIN = 17
export const PROBE_AT_PROXY = 18
export const PROBE_DUE = 19

export class World {
  now: Ms = 0
  readonly model: Model
  readonly seed: number
  readonly replication: number
  readonly queue: EventQueue
  readonly rings = new DelayRings()
  readonly requests = new RequestTable()
  readonly attempts = new AttemptTable()
  /** Attempts under way to each upstream, while the policies are shown an earlier state; null when they see the present. */
  hidden: Int32Array | null = null

  constructor(model: Model, seed: number, replication: number, queue: EventQueue) {
    this.model = model
    this.seed = seed
    this.replication = replication
    this.queue = queue
  }

  /** The stream of this name, of this replication. */
  stream(name: string): FastStream {
    return new FastStream(this.seed, this.nameOf(name))
  }

  /** The address of the stream of this name for `uniformOf`. The first replication draws as the live origins do. */
  address(name: string): number {
    return addressOf(this.seed, this.nameOf(name))
  }

  private nameOf(name: string): string {
    return this.replication === 0 ? name : `${name}/r${this.replication}`
  }

  /** Where events with this constant delay go, one ring for all of them. */
  ring(delayMs: Ms): DelayRing {
    return this.rings.of(delayMs)
  }

  /** An attempt has begun (1) or ended (-1). */
  count(upstream: Upstream, change: number): void {
    if (this.hidden === null) upstream.inFlight += change
    else this.hidden[upstream.index] = this.hidden[upstream.index]! + change
  }

  /** At `at`, this happens to `index`; Infinity: never. */
  at(at: Ms, kind: number, index: number, stamp: number): void {
    if (at < Number.POSITIVE_INFINITY) this.queue.push(at, (index << kindBits) | kind, stamp)
  }
}
