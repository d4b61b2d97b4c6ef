// What every profiling tool is to the command: a way of starting our proxy, a wish to know the phase, and pages afterwards.
import type { Target } from '../target.ts'

export interface Findings {
  /** Paths of what was written, from the folder of the result, the one to open first at the front. */
  readonly files: readonly string[]
  /** What was found, as text for the terminal and the README; empty when the page says it all. */
  readonly text: string
}

export interface Profiler {
  /** Our proxy, started under the tool. */
  readonly target: Target
  /** The load has come to `elapsedMs` from the start of the first phase (below 0: warm-up); told about twice a second. */
  onProgress(elapsedMs: number): void
  /** Called once the proxy has ended. @throws InvalidRunError when there is nothing to show. */
  finish(): Promise<Findings>
}

/** What a tool needs to know before the run. */
export interface ProfilerOptions {
  /** Absolute path of an existing folder for the result. */
  readonly folder: string
  /** What is profiled, ms from the start of the first phase. */
  readonly fromMs: number
  readonly toMs: number
  /** Shown as the title of a page. */
  readonly title: string
}
