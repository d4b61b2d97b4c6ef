// A calendar queue: time is cut into days (buckets) of equal width, an event goes to the list of its day, and what lies
// beyond one year (a rotation of all buckets) waits in a heap. The cost does not grow with the number of events. Days are
// whole numbers: adding widths up in floating point loses events without a word. An event that comes earlier than all
// others waits in front of the calendar: where few events are under way, most never enter it.
// Source: Brown, "Calendar queues: a fast O(1) priority queue implementation", CACM 31(10), 1988.
import type { EventQueue } from './event-queue.ts'
import { grownIntegers, HeapQueue } from './heap-queue.ts'

const firstCapacity = 64
const fewestDays = 64
/** After so many events the width of a day is measured again. */
const popsBetweenMeasures = 8192
/** A day is meant to hold about so many events. */
const eventsPerDay = 1.5
const nobody = -1
const never = Number.POSITIVE_INFINITY

/** An event is a row of 32 bytes, so that it is one cache line: its time, a number with a fraction, and three whole ones. */
const rowShift = 3
const timeShift = 2
const PAYLOAD = 2
const STAMP = 3
/** The event after this one in its day, or in the list of unused rows. */
const NEXT = 4

export class CalendarQueue implements EventQueue {
  size = 0
  stamp = 0
  /** The event before all others; `never` when that is in the calendar. */
  private frontAt = never
  private frontPayload = 0
  private frontStamp = 0
  private cells = new Int32Array(firstCapacity << rowShift)
  /** The same memory. */
  private times = new Float64Array(this.cells.buffer)
  private unused = 0
  /** The first and the last event of each day, side by side. */
  private ends = new Int32Array(2 * fewestDays).fill(nobody)
  private days = fewestDays
  private daysPerMs = 1
  /** The day on which the next event of the calendar may be. */
  private today = 0
  private thisYear = 0
  private readonly later = new HeapQueue()
  private popsLeft = popsBetweenMeasures
  private poppedAt = 0
  private measuredFrom = 0

  constructor() {
    linkUnused(this.cells, 0)
  }

  push(at: number, payload: number, stamp: number): void {
    if (at < this.peek()) {
      if (this.frontAt < never) this.insertFirst(this.frontAt, this.frontPayload, this.frontStamp)
      this.frontAt = at
      this.frontPayload = payload
      this.frontStamp = stamp
    } else this.enter(at, payload, stamp)
    this.size++
  }

  peek(): number {
    if (this.frontAt < never) return this.frontAt
    return this.size === 0 ? never : this.times[this.earliest() << timeShift]!
  }

  pop(): number {
    this.size--
    if (--this.popsLeft === 0) this.measure()
    if (this.frontAt < never) {
      this.poppedAt = this.frontAt
      this.frontAt = never
      this.stamp = this.frontStamp
      return this.frontPayload
    }
    const event = this.earliest()
    const day = this.today & (this.days - 1)
    const { cells } = this
    const row = event << rowShift
    const next = cells[row + NEXT]!
    this.ends[2 * day] = next
    if (next === nobody) this.ends[2 * day + 1] = nobody
    cells[row + NEXT] = this.unused
    this.unused = event
    this.thisYear--
    this.poppedAt = this.times[event << timeShift]!
    this.stamp = cells[row + STAMP]!
    return cells[row + PAYLOAD]!
  }

  /** The next event of the calendar, which must not be empty. */
  private earliest(): number {
    const mask = this.days - 1
    let first = this.ends[2 * (this.today & mask)]!
    while (first === nobody) {
      this.nextDay()
      first = this.ends[2 * (this.today & mask)]!
    }
    return first
  }

  /** Behind all that are due at the same instant. */
  private enter(at: number, payload: number, stamp: number): void {
    const day = Math.floor(at * this.daysPerMs)
    if (day - this.today >= this.days) return this.later.push(at, payload, stamp)
    this.insert(day, at, payload, stamp)
    if (this.thisYear > this.days) this.rebuild(this.days * 4, this.daysPerMs)
  }

  /** Into the list of its day; an event of a day that has passed (others were further on) goes to today's. */
  private insert(ofDay: number, at: number, payload: number, stamp: number): void {
    const event = this.take(at, payload, stamp)
    const { cells, ends } = this
    const day = (ofDay > this.today ? ofDay : this.today) & (this.days - 1)
    const last = ends[2 * day + 1]!
    if (last === nobody) {
      cells[(event << rowShift) + NEXT] = nobody
      ends[2 * day] = ends[2 * day + 1] = event
    } else if (this.times[last << timeShift]! <= at) {
      cells[(last << rowShift) + NEXT] = event
      cells[(event << rowShift) + NEXT] = nobody
      ends[2 * day + 1] = event
    } else this.insertBeforeLater(day, event, at)
  }

  /** Before everything in the calendar, also before what is due at the same instant. */
  private insertFirst(at: number, payload: number, stamp: number): void {
    const ofDay = Math.floor(at * this.daysPerMs)
    if (this.thisYear === 0 && ofDay > this.today) {
      this.today = ofDay
      this.takeFromLater()
    }
    const event = this.take(at, payload, stamp)
    const { cells, ends } = this
    const day = (ofDay > this.today ? ofDay : this.today) & (this.days - 1)
    const next = ends[2 * day]!
    cells[(event << rowShift) + NEXT] = next
    ends[2 * day] = event
    if (next === nobody) ends[2 * day + 1] = event
  }

  /** A row for this event, in no list. */
  private take(at: number, payload: number, stamp: number): number {
    if (this.unused === nobody) this.grow()
    const event = this.unused
    const { cells } = this
    const row = event << rowShift
    this.unused = cells[row + NEXT]!
    this.thisYear++
    this.times[event << timeShift] = at
    cells[row + PAYLOAD] = payload
    cells[row + STAMP] = stamp
    return event
  }

  /** Some event of the day comes after this one. */
  private insertBeforeLater(day: number, event: number, at: number): void {
    let before = nobody
    const { cells, times } = this
    let after = this.ends[2 * day]!
    while (times[after << timeShift]! <= at) {
      before = after
      after = cells[(after << rowShift) + NEXT]!
    }
    cells[(event << rowShift) + NEXT] = after
    if (before === nobody) this.ends[2 * day] = event
    else cells[(before << rowShift) + NEXT] = event
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
    const { ends: old, times, cells, today } = this
    const oldDays = this.days
    this.ends = new Int32Array(2 * days).fill(nobody)
    this.days = days
    this.daysPerMs = daysPerMs
    this.today = Math.floor(this.poppedAt * daysPerMs)
    this.thisYear = 0
    // In order of time, day by day: each event is taken out of its row before it takes one again.
    for (let offset = 0; offset < oldDays; offset++) {
      let event = old[2 * ((today + offset) & (oldDays - 1))]!
      while (event !== nobody) {
        const row = event << rowShift
        const next = cells[row + NEXT]!
        cells[row + NEXT] = this.unused
        this.unused = event
        this.enter(times[event << timeShift]!, cells[row + PAYLOAD]!, cells[row + STAMP]!)
        event = next
      }
    }
    this.takeFromLater()
  }

  private grow(): void {
    const from = this.cells.length >> rowShift
    this.cells = grownIntegers(this.cells, this.cells.length * 2)
    this.times = new Float64Array(this.cells.buffer)
    linkUnused(this.cells, from)
    this.unused = from
  }
}

/** Chains the rows from `from` to the end. */
function linkUnused(cells: Int32Array, from: number): void {
  const rows = cells.length >> rowShift
  for (let row = from; row < rows; row++) cells[(row << rowShift) + NEXT] = row + 1 < rows ? row + 1 : nobody
}
