// What the engine asks of a queue of events. There are two: calendar-queue.ts, which is fast, and heap-queue.ts, which is
// simple enough to be believed; tests hold the one to the other.
import type { Ms } from '../core/contracts.ts'

/** Events leave in order of time; those of the same instant leave in the order in which they came. */
export interface EventQueue {
  readonly size: number
  /** The stamp of the event that `pop` returned last. */
  readonly stamp: number
  /** `at` must be finite and not before the last event popped. `payload` and `stamp` are 32-bit integers. */
  push(at: Ms, payload: number, stamp: number): void
  /** When the next event is due; Infinity when there is none. */
  peek(): Ms
  /** Takes out the next event and returns its payload. Only when `size` is above 0. */
  pop(): number
}
