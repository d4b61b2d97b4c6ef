// One row per scheduled request, in typed arrays: when it was due, sent, seen by the origin, answered, and how it ended.
// The generator writes its columns and the origin its own, in one process on one clock, so the latency a proxy adds is
// exact per request. Times are milliseconds of `performance.now()`; 0 means "did not happen".

/** How a scheduled request ended. Every row ends with exactly one fate; `pending` left over means broken accounts. */
export const fates = [
  'pending',
  'ok',
  'bad-status',
  'bad-response',
  'refused',
  'reset',
  'closed',
  'timeout',
  'unsent',
] as const
export type Fate = (typeof fates)[number]

export class RequestLog {
  readonly size: number
  /** The intended instant. */
  readonly dueAt: Float64Array
  /** When the request's bytes (or the connection it needs) were asked of the kernel. */
  readonly startedAt: Float64Array
  /** When the request's bytes were given to the kernel. */
  readonly sentAt: Float64Array
  readonly originInAt: Float64Array
  readonly originOutAt: Float64Array
  /** The first byte of the answer's body, when it came before the last read of the answer did. */
  readonly firstByteAt: Float64Array
  /** The last byte of the answer, or the instant of failure. */
  readonly endedAt: Float64Array
  readonly status: Uint16Array
  /** The index of the origin that saw the request last; -1 when none did. */
  readonly origin: Int16Array
  /** How often origins have carried the request out to its end; more than once when it was repeated. 255 stands for any more. */
  readonly executions: Uint8Array
  private readonly fateCodes: Uint8Array

  constructor(size: number) {
    this.size = size
    this.dueAt = new Float64Array(size)
    this.startedAt = new Float64Array(size)
    this.sentAt = new Float64Array(size)
    this.originInAt = new Float64Array(size)
    this.originOutAt = new Float64Array(size)
    this.firstByteAt = new Float64Array(size)
    this.endedAt = new Float64Array(size)
    this.status = new Uint16Array(size)
    this.origin = new Int16Array(size).fill(-1)
    this.executions = new Uint8Array(size)
    this.fateCodes = new Uint8Array(size)
  }

  /** An origin has carried the request out once more. */
  noteExecution(row: number): void {
    if (this.executions[row]! < 255) this.executions[row]!++
  }

  fateOf(row: number): Fate {
    return fates[this.fateCodes[row]!]!
  }

  /** Ends a row. @throws when the row has ended before: a request must not be counted twice. */
  end(row: number, fate: Exclude<Fate, 'pending'>, endedAt: number, status = 0): void {
    if (this.fateCodes[row] !== 0) throw new Error(`request ${row} ended twice: ${this.fateOf(row)}, then ${fate}`)
    this.fateCodes[row] = fates.indexOf(fate)
    this.endedAt[row] = endedAt
    this.status[row] = status
  }
}
