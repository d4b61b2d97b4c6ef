// Events that all come after the same delay: their order is that in which they were begun, so a ring buffer does what a
// sorted queue would do, at a fraction of the price. Network delays and timeouts live here; a timeout that is no longer
// wanted is not taken out, its stamp says so when it comes.
import type { Ms } from '../core/contracts.ts'
import { grownFloats, grownIntegers } from './heap-queue.ts'

const firstCapacity = 64

export class DelayRing {
  readonly delayMs: Ms
  /** When the next event is due; Infinity when there is none. */
  nextAt = Number.POSITIVE_INFINITY
  /** The stamp of the event that `pop` returned last. */
  stamp = 0
  size = 0
  private times = new Float64Array(firstCapacity)
  private payloads = new Int32Array(firstCapacity)
  private stamps = new Int32Array(firstCapacity)
  private first = 0

  constructor(delayMs: Ms) {
    this.delayMs = delayMs
  }

  /** `now` must not be before that of the last call. */
  push(now: Ms, payload: number, stamp: number): void {
    if (this.size === this.times.length) this.grow()
    const place = (this.first + this.size++) & (this.times.length - 1)
    const at = now + this.delayMs
    this.times[place] = at
    this.payloads[place] = payload
    this.stamps[place] = stamp
    if (this.size === 1) this.nextAt = at
  }

  /** Takes out the next event and returns its payload. Only when `size` is above 0. */
  pop(): number {
    const place = this.first
    this.first = (place + 1) & (this.times.length - 1)
    this.nextAt = --this.size === 0 ? Number.POSITIVE_INFINITY : this.times[this.first]!
    this.stamp = this.stamps[place]!
    return this.payloads[place]!
  }

  private grow(): void {
    const old = this.times.length
    this.times = grownFloats(this.times, old * 2)
    this.payloads = grownIntegers(this.payloads, old * 2)
    this.stamps = grownIntegers(this.stamps, old * 2)
    // What had wrapped around now follows the rest.
    this.times.copyWithin(old, 0, this.first)
    this.payloads.copyWithin(old, 0, this.first)
    this.stamps.copyWithin(old, 0, this.first)
  }
}
