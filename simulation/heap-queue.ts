// A binary heap of events. The differential oracle of the calendar queue, and its store for what lies far ahead.
import type { EventQueue } from './event-queue.ts'

const firstCapacity = 64

export class HeapQueue implements EventQueue {
  size = 0
  stamp = 0
  private times = new Float64Array(firstCapacity)
  /** Order of arrival, which decides between events of the same instant. */
  private orders = new Float64Array(firstCapacity)
  private payloads = new Int32Array(firstCapacity)
  private stamps = new Int32Array(firstCapacity)
  private pushed = 0

  push(at: number, payload: number, stamp: number): void {
    if (this.size === this.times.length) this.grow()
    const { times } = this
    let hole = this.size++
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (times[parent]! <= at) break
      this.move(parent, hole)
      hole = parent
    }
    this.place(hole, at, this.pushed++, payload, stamp)
  }

  peek(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.times[0]!
  }

  pop(): number {
    const { times, orders } = this
    const payload = this.payloads[0]!
    this.stamp = this.stamps[0]!
    const last = --this.size
    const at = times[last]!
    const order = orders[last]!
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= last) break
      if (child + 1 < last && this.isBefore(child + 1, times[child]!, orders[child]!)) child++
      if (!this.isBefore(child, at, order)) break
      this.move(child, hole)
      hole = child
    }
    this.place(hole, at, order, this.payloads[last]!, this.stamps[last]!)
    return payload
  }

  private isBefore(index: number, at: number, order: number): boolean {
    const time = this.times[index]!
    return time < at || (time === at && this.orders[index]! < order)
  }

  private move(from: number, to: number): void {
    this.place(to, this.times[from]!, this.orders[from]!, this.payloads[from]!, this.stamps[from]!)
  }

  private place(index: number, at: number, order: number, payload: number, stamp: number): void {
    this.times[index] = at
    this.orders[index] = order
    this.payloads[index] = payload
    this.stamps[index] = stamp
  }

  private grow(): void {
    const capacity = this.times.length * 2
    this.times = grownFloats(this.times, capacity)
    this.orders = grownFloats(this.orders, capacity)
    this.payloads = grownIntegers(this.payloads, capacity)
    this.stamps = grownIntegers(this.stamps, capacity)
  }
}

/** A copy with room for `capacity` numbers; what is new is 0. */
export function grownFloats(numbers: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(capacity)
  grown.set(numbers)
  return grown
}

/** As `grownFloats`. */
export function grownIntegers(numbers: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(capacity)
  grown.set(numbers)
  return grown
}
