// Things that are to happen at their instants, in order within each passage. Node's timers keep whole milliseconds, which
// is as much as a whole round trip here, so the last stretch of a wait is spun out.
import type { Ms } from '../core/contracts.ts'

/** Timers may fire this much late. */
const timerSlackMs = 1.5

/** One direction of one connection: what is sent first arrives first. */
export interface Passage {
  /** Calls `arrive` at `at` (of `performance.now()`), or when all sent before has arrived, whichever is later. */
  send(at: Ms, arrive: () => void): void
  /** Nothing arrives until `release`. */
  hold(): void
  release(): void
}

interface Item {
  readonly at: Ms
  readonly arrive: () => void
}

export class DelayLine {
  private readonly busy = new Set<Queue>()
  private waking: NodeJS.Timeout | NodeJS.Immediate | null = null
  private wakesAt = Number.POSITIVE_INFINITY
  private stopped = false

  passage(): Passage {
    return new Queue(queue => this.add(queue))
  }

  /** What has not arrived never will. */
  stop(): void {
    this.stopped = true
    this.busy.clear()
    this.cancel()
  }

  private add(queue: Queue): void {
    if (this.stopped) return
    this.busy.add(queue)
    if (queue.nextAt < this.wakesAt) this.plan(queue.nextAt)
  }

  private cancel(): void {
    clearTimeout(this.waking as NodeJS.Timeout)
    clearImmediate(this.waking as NodeJS.Immediate)
    this.waking = null
    this.wakesAt = Number.POSITIVE_INFINITY
  }

  private plan(at: Ms): void {
    this.cancel()
    if (at === Number.POSITIVE_INFINITY || this.stopped) return
    this.wakesAt = at
    const leftMs = at - performance.now() - timerSlackMs
    this.waking = leftMs >= 1 ? setTimeout(() => this.wake(), leftMs) : setImmediate(() => this.wake())
  }

  private wake(): void {
    this.waking = null
    this.wakesAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    let earliest = Number.POSITIVE_INFINITY
    for (const queue of this.busy) {
      queue.deliver(now)
      if (queue.nextAt === Number.POSITIVE_INFINITY) this.busy.delete(queue)
      else earliest = Math.min(earliest, queue.nextAt)
    }
    this.plan(Math.min(earliest, this.wakesAt))
  }
}

/** @see Passage */
class Queue implements Passage {
  private isHeld = false
  private readonly items: Item[] = []
  private readonly onBusy: (queue: Queue) => void

  constructor(onBusy: (queue: Queue) => void) {
    this.onBusy = onBusy
  }

  /** Infinity when there is nothing to deliver, or nothing may be. */
  get nextAt(): Ms {
    return this.isHeld ? Number.POSITIVE_INFINITY : (this.items[0]?.at ?? Number.POSITIVE_INFINITY)
  }

  send(at: Ms, arrive: () => void): void {
    if (this.items.length === 0 && !this.isHeld && at <= performance.now()) return arrive()
    this.items.push({ at, arrive })
    if (this.items.length === 1 && !this.isHeld) this.onBusy(this)
  }

  hold(): void {
    this.isHeld = true
  }

  release(): void {
    this.isHeld = false
    if (this.items.length > 0) this.onBusy(this)
  }

  deliver(now: Ms): void {
    while (this.nextAt <= now) this.items.shift()!.arrive()
  }
}
