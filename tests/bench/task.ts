// What a benchmark is: one operation of the hot path, done many times in one call, because a single one of a few
// nanoseconds is less than the clock can tell.

export interface BenchTask {
  readonly group: string
  /** Unique within its group. */
  readonly name: string
  /** What the reader should know of the operation. */
  readonly note?: string
  /** Does the operation `times` times. */
  run(times: number): void
  /** What `run` cannot do without and is not the operation: does that alone, and is taken off. */
  besides?(times: number): void
}

/** Results go here, so that the compiler cannot find them useless and leave the work out. */
export const sink = { value: 0 }
