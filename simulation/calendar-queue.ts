// A calendar queue: time is cut into days (buckets) of equal width, an event goes to the list of its day, and what lies
// beyond one year (a rotation of all buckets) waits in a heap. The cost does not grow with the number of events. Days are
// whole numbers: adding widths up in floating point loses events without a word.
// Source: Brown, "Calendar queues: a fast O(1) priority queue implementation", CACM 31(10), 1988.
import type { EventQueue } from './event-queue.ts'
import { grownFloats, grownIntegers, HeapQueue } from './heap-queue.ts'

const firstCapacity = 64
const fewestDays = 64
/** After so many events the width of a day is measured again. */
const popsBetweenMeasures = 8192
/** A day is meant to hold about so many events. */
const eventsPerDay = 1.5
const nobody = -1

export class CalendarQueue implements EventQueue {
  size = 0
  stamp = 0
  private times = new Float64Array(firstCapacity)
  private payloads = new Int32Array(firstCapacity)
  private stamps = new Int32Array(firstCapacity)
  /** The event after this one in its day, or in the list of unused places. */
  private nexts = new Int32Array(firstCapacity)
  private unused = 0
  private firsts = new Int32Array(fewestDays).fill(nobody)
  private lasts = new Int32Array(fewestDays).fill(nobody)
  private days = fewestDays
  private daysPerMs = 1
  /** The day on which the next event may be. */
  private today = 0
  private thisYear = 0
  private readonly later = new HeapQueue()
  private popsLeft = popsBetweenMeasures
  private poppedAt = 0
  private measuredFrom = 0

  constructor() {
    linkUnused(this.nexts, 0)
  }

  push(at: number, payload: number, stamp: number): void {
    this.size++
    const day = Math.floor(at * this.daysPerMs)
    if (day - this.today >= this.days) return this.later.push(at, payload, stamp)
    this.insert(day, at, payload, stamp)
    if (this.thisYear > this.days) this.rebuild(this.days * 4, this.daysPerMs)
  }

  peek(): number {
    if (this.size === 0) return Number.POSITIVE_INFINITY
    const mask = this.days - 1
    let first = this.firsts[this.today & mask]!
    while (first === nobody) {
      this.nextDay()
      first = this.firsts[this.today & mask]!
    }
    return this.times[first]!
  }

  pop(): number {
    this.poppedAt = this.peek()
    const day = this.today & (this.days - 1)
    const event = this.firsts[day]!
    const next = this.nexts[event]!
    this.firsts[day] = next
    if (next === nobody) this.lasts[day] = nobody
    this.nexts[event] = this.unused
    this.unused = event
    this.size--
    this.thisYear--
    this.stamp = this.stamps[event]!
    const payload = this.payloads[event]!
    if (--this.popsLeft === 0) this.measure()
    return payload
  }

  /** Into the list of its day; an event of a day that has passed (others were further on) goes to today's. */
  private insert(ofDay: number, at: number, payload: number, stamp: number): void {
    if (this.unused === nobody) this.grow()
    const event = this.unused
    this.unused = this.nexts[event]!
    this.thisYear++
    this.times[event] = at
    this.payloads[event] = payload
    this.stamps[event] = stamp
    const day = (ofDay > this.today ? ofDay : this.today) & (this.days - 1)
    const last = this.lasts[day]!
    if (last === nobody) {
      this.nexts[event] = nobody
      this.firsts[day] = this.lasts[day] = event
    } else if (this.times[last]! <= at) {
      this.nexts[last] = event
      this.nexts[event] = nobody
      this.lasts[day] = event
    } else this.insertBeforeLater(day, event, at)
  }

  /** Some event of the day comes after this one. */
  private insertBeforeLater(day: number, event: number, at: number): void {
    let before = nobody
    let after = this.firsts[day]!
    while (this.times[after]! <= at) {
      before = after
      after = this.nexts[after]!
    }
    this.nexts[event] = after
    if (before === nobody) this.firsts[day] = event
    else this.nexts[before] = event
  }

  private nextDay(): void {
    if (this.thisYear === 0) this.today = Math.floor(this.later.peek() * this.daysPerMs)
    else this.today++
    this.takeFromLater()
  }

  /** What lay beyond the year and no longer does comes into its day. */
  private takeFromLater(): void {
    const { later } = this
    for (;;) {
      const at = later.peek()
      if (at === Number.POSITIVE_INFINITY) return
      const day = Math.floor(at * this.daysPerMs)
      if (day - this.today >= this.days) return
      const payload = later.pop()
      this.insert(day, at, payload, later.stamp)
    }
  }

  /** Fits the width of a day to the distance of events, when it is far from it. */
  private measure(): void {
    const gapMs = (this.poppedAt - this.measuredFrom) / popsBetweenMeasures
    this.popsLeft = popsBetweenMeasures
    this.measuredFrom = this.poppedAt
    if (!(gapMs > 0)) return
    const wanted = 1 / (gapMs * eventsPerDay)
    const ratio = wanted / this.daysPerMs
    let days = fewestDays
    while (days < 2 * this.size) days *= 2
    if (ratio > 2 || ratio < 0.5 || days > this.days || days * 8 < this.days) this.rebuild(days, wanted)
  }

  /** Sorts everything into other days. */
  private rebuild(days: number, daysPerMs: number): void {
    const { firsts: old, times, nexts, payloads, stamps, today } = this
    const oldDays = this.days
    this.firsts = new Int32Array(days).fill(nobody)
    this.lasts = new Int32Array(days).fill(nobody)
    this.days = days
    this.daysPerMs = daysPerMs
    this.today = Math.floor(this.poppedAt * daysPerMs)
    this.thisYear = 0
    // In order of time, day by day: each event is taken out of its place before it takes one again.
    for (let offset = 0; offset < oldDays; offset++) {
      let event = old[(today + offset) & (oldDays - 1)]!
      while (event !== nobody) {
        const next = nexts[event]!
        nexts[event] = this.unused
        this.unused = event
        this.size--
        this.push(times[event]!, payloads[event]!, stamps[event]!)
        event = next
      }
    }
    this.takeFromLater()
  }

  private grow(): void {
    const from = this.times.length
    const capacity = from * 2
    this.times = grownFloats(this.times, capacity)
    this.payloads = grownIntegers(this.payloads, capacity)
    this.stamps = grownIntegers(this.stamps, capacity)
    this.nexts = grownIntegers(this.nexts, capacity)
    linkUnused(this.nexts, from)
    this.unused = from
  }
}

/** Chains the places from `from` to the end. */
function linkUnused(nexts: Int32Array, from: number): void {
  for (let place = from; place < nexts.length; place++) nexts[place] = place + 1
  nexts[nexts.length - 1] = nobody
}
