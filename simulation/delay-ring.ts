// Events that all come after the same delay: their order is that in which they were begun, so a ring buffer does what a
// sorted queue would do, at a fraction of the price. Network delays and timeouts live here; a timeout that is no longer
// wanted is not taken out, its stamp says so when it comes.
import type { Ms } from '../core/contracts.ts'
import { grownIntegers } from './heap-queue.ts'

const firstCapacity = 64

/** An event is a row of 16 bytes: its time, a number with a fraction, and two whole ones. */
const rowShift = 2
const timeShift = 1
const PAYLOAD = 2
const STAMP = 3

export class DelayRing {
  readonly delayMs: Ms
  /** When the next event is due; Infinity when there is none. */
  nextAt = Number.POSITIVE_INFINITY
  /** The stamp of the event that `pop` returned last. */
  stamp = 0
  size = 0
  private readonly group: DelayRings | null
  private cells = new Int32Array(firstCapacity << rowShift)
  /** The same memory. */
  private times = new Float64Array(this.cells.buffer)
  private mask = firstCapacity - 1
  private first = 0

  constructor(delayMs: Ms, group: DelayRings | null = null) {
    this.delayMs = delayMs
    this.group = group
  }

  /** `now` must not be before that of the last call. */
  push(now: Ms, payload: number, stamp: number): void {
    if (this.size > this.mask) this.grow()
    const place = (this.first + this.size++) & this.mask
    const at = now + this.delayMs
    this.times[place << timeShift] = at
    this.cells[(place << rowShift) + PAYLOAD] = payload
    this.cells[(place << rowShift) + STAMP] = stamp
    if (this.size === 1) {
      this.nextAt = at
      this.group?.find()
    }
  }

  /** Takes out the next event and returns its payload. Only when `size` is above 0. */
  pop(): number {
    const { cells } = this
    const row = this.first << rowShift
    this.first = (this.first + 1) & this.mask
    this.nextAt = --this.size === 0 ? Number.POSITIVE_INFINITY : this.times[this.first << timeShift]!
    this.stamp = cells[row + STAMP]!
    this.group?.find()
    return cells[row + PAYLOAD]!
  }

  private grow(): void {
    const old = this.mask + 1
    this.cells = grownIntegers(this.cells, this.cells.length * 2)
    this.times = new Float64Array(this.cells.buffer)
    this.mask = 2 * old - 1
    // What had wrapped around now follows the rest.
    this.cells.copyWithin(old << rowShift, 0, this.first << rowShift)
  }
}

/** One ring for each delay, and which of them has the next event. */
export class DelayRings {
  private readonly rings: DelayRing[] = [new DelayRing(Number.POSITIVE_INFINITY)]
  /** The ring whose event is due first, the one made first when several are due together; any when there is no event. */
  soonest: DelayRing = this.rings[0]!

  of(delayMs: Ms): DelayRing {
    const known = this.rings.find(ring => ring.delayMs === delayMs)
    if (known) return known
    const ring = new DelayRing(delayMs, this)
    this.rings.push(ring)
    return ring
  }

  /** Looked for when a ring's next event is another one, rather than for each event. */
  find(): void {
    const { rings } = this
    let soonest = rings[0]!
    for (let index = 1; index < rings.length; index++) {
      const ring = rings[index]!
      if (ring.nextAt < soonest.nextAt) soonest = ring
    }
    this.soonest = soonest
  }
}
