// What a closed loop is told and what it counts, whoever sends its requests.
import type { Ms } from '../core/contracts.ts'
import type { Fate } from '../core/request-log.ts'

export interface ClosedLoopOptions {
  readonly host: string
  readonly port: number
  /** Path and query of every request; `/` when absent. */
  readonly target?: string
  readonly connections: number
  /** Load before the answers count. */
  readonly warmUpMs: Ms
  readonly durationMs: Ms
  /** 1000 and up; 2000 when absent. */
  readonly timeoutMs?: Ms
}

/** How a request of the closed loop failed; the words are those of the open loop. */
export type ClosedFailure = Exclude<Fate, 'pending' | 'ok' | 'unsent'>

/** Every request sent was answered with 200, failed, or was without an answer when the load ended. */
export interface ClosedLoopResult {
  /** What counts as the measurement, on this process's performance.now(). */
  readonly fromAt: Ms
  readonly toAt: Ms
  /** Answers with status 200 between the two. */
  readonly answered: number
  readonly sent: number
  readonly ok: number
  readonly failures: Readonly<Partial<Record<ClosedFailure, number>>>
  /** At most one for each connection. */
  readonly unanswered: number
}

/** So many failures without an answer between them mean that nobody is there: a closed loop dials again without a pause. */
export const failuresInARow = 500

/** Counts the requests of one closed loop; what counts as measured lies between two instants of performance.now(). */
export class Tally {
  sent = 0
  unanswered = 0
  failuresInARow = 0
  private ok = 0
  private answered = 0
  private readonly failures: Partial<Record<ClosedFailure, number>> = {}
  private readonly fromAt: Ms
  private readonly toAt: Ms

  constructor(fromAt: Ms, toAt: Ms) {
    this.fromAt = fromAt
    this.toAt = toAt
  }

  respond(status: number): void {
    if (status !== 200) return this.fail('bad-status')
    const now = performance.now()
    this.failuresInARow = 0
    this.ok++
    if (now >= this.fromAt && now < this.toAt) this.answered++
  }

  fail(kind: ClosedFailure): void {
    this.failuresInARow++
    this.failures[kind] = (this.failures[kind] ?? 0) + 1
  }

  result(endedAt: Ms): ClosedLoopResult {
    const { fromAt, answered, sent, ok, failures, unanswered } = this
    return { fromAt, toAt: Math.min(this.toAt, endedAt), answered, sent, ok, failures, unanswered }
  }
}
