// Deadlines of thousands of connections without a timer each: a hashed wheel with a coarse tick. Moving a deadline later,
// which every request does several times, is one store: the entry stays in its slot and is put further on when its slot
// comes up. Source: Varghese & Lauck, "Hashed and hierarchical timing wheels", SOSP 1987.

/** Something with a deadline. `onDue` is called at most one tick after `dueAt`, and never before it. */
export abstract class Timed {
  /** Milliseconds of `performance.now()`; Infinity when no deadline runs. */
  dueAt = Number.POSITIVE_INFINITY
  /** @internal the wheel's links */
  wheelSlot = -1
  /** @internal */
  wheelVisitAt = 0
  /** @internal */
  wheelPrevious: Timed | null = null
  /** @internal */
  wheelNext: Timed | null = null

  abstract onDue(now: number): void
}

const slotCount = 512

export class DeadlineWheel {
  private readonly slots: (Timed | null)[] = new Array(slotCount).fill(null)
  private readonly tickMs: number
  private tick: number
  private timer: NodeJS.Timeout | null = null
  private readonly fired: Timed[] = []

  /** `tickMs`: how late a deadline may fire; 512 ticks are one turn, later deadlines take further turns. */
  constructor(tickMs: number, now: number) {
    this.tickMs = tickMs
    this.tick = Math.floor(now / tickMs)
  }

  start(): void {
    this.timer ??= setInterval(() => this.advance(performance.now()), this.tickMs).unref()
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer)
    this.timer = null
  }

  /** Sets the deadline of `entry` to `dueAt` (Infinity: none). */
  arm(entry: Timed, dueAt: number): void {
    entry.dueAt = dueAt
    if (dueAt === Number.POSITIVE_INFINITY || (entry.wheelSlot >= 0 && entry.wheelVisitAt - this.tickMs < dueAt)) return
    this.unlink(entry)
    this.link(entry)
  }

  /** Takes `entry` off the wheel for good. */
  disarm(entry: Timed): void {
    entry.dueAt = Number.POSITIVE_INFINITY
    this.unlink(entry)
  }

  /** Fires what is due by `now`. Called by the timer; tests call it themselves. */
  advance(now: number): void {
    const last = Math.floor(now / this.tickMs)
    // After a long stall one whole turn visits every slot; more would visit them twice.
    if (last - this.tick > slotCount) this.tick = last - slotCount
    while (this.tick < last) {
      this.tick++
      this.fire(this.tick % slotCount, now)
    }
  }

  private fire(slot: number, now: number): void {
    const fired = this.fired
    for (let e = this.slots[slot]!; e !== null; e = e.wheelNext!) fired.push(e)
    this.slots[slot] = null
    for (const entry of fired) {
      entry.wheelPrevious = entry.wheelNext = null
      entry.wheelSlot = -1
    }
    for (const entry of fired) {
      // Firing an earlier entry may have armed this one again, or disarmed it.
      if (entry.wheelSlot >= 0 || entry.dueAt === Number.POSITIVE_INFINITY) continue
      if (entry.dueAt <= now) entry.onDue(now)
      else this.link(entry)
    }
    fired.length = 0
  }

  private link(entry: Timed): void {
    const dueTick = Math.max(Math.ceil(entry.dueAt / this.tickMs), this.tick + 1)
    const slot = dueTick % slotCount
    const head = this.slots[slot]!
    entry.wheelSlot = slot
    entry.wheelVisitAt = (this.tick + 1 + ((slot - this.tick - 1 + slotCount) % slotCount)) * this.tickMs
    entry.wheelNext = head
    if (head) head.wheelPrevious = entry
    this.slots[slot] = entry
  }

  private unlink(entry: Timed): void {
    if (entry.wheelSlot < 0) return
    if (entry.wheelPrevious) entry.wheelPrevious.wheelNext = entry.wheelNext
    else this.slots[entry.wheelSlot] = entry.wheelNext
    if (entry.wheelNext) entry.wheelNext.wheelPrevious = entry.wheelPrevious
    entry.wheelPrevious = entry.wheelNext = null
    entry.wheelSlot = -1
  }
}
