// Live progress: on a terminal one line that changes in place, elsewhere one plain line when a run has ended.
import { styleText } from 'node:util'
import { createLogUpdate } from 'log-update'
import type { Run } from '../core/record.ts'
import type { Progress } from './rig-protocol.ts'

export interface RunLabel {
  readonly variant: string
  readonly repeat: number
  /** 1 and up, of `runs`. */
  readonly number: number
  readonly runs: number
}

/** Writes to `stream`; nothing but text, so that a pipe stays readable. */
export class ProgressDisplay {
  private readonly stream: NodeJS.WriteStream
  private readonly live: ReturnType<typeof createLogUpdate> | null
  private readonly startedAt = performance.now()
  private endsInMs: number

  /** `expectedMs`: how long all runs are expected to take. */
  constructor(stream: NodeJS.WriteStream, expectedMs: number) {
    this.stream = stream
    this.live = stream.isTTY ? createLogUpdate(stream) : null
    this.endsInMs = expectedMs
  }

  /** A line that stays. */
  say(line: string): void {
    this.live?.clear()
    this.stream.write(`${line}\n`)
  }

  show(label: RunLabel, progress: Progress): void {
    if (!this.live) return
    const left = Math.max(0, this.endsInMs - (performance.now() - this.startedAt))
    const words = [
      styleText('bold', `${label.variant}`, { stream: this.stream }),
      `repeat ${label.repeat + 1}, run ${label.number} of ${label.runs}`,
      `${progress.phase} ${seconds(Math.max(0, progress.elapsedMs))} of ${seconds(progress.totalMs)}`,
      `${Math.round(progress.okPerSecond)} ok/s`,
      `${progress.failed} failed`,
      `${progress.attackersHeld} held`,
      styleText('dim', `about ${seconds(left)} left`, { stream: this.stream }),
    ]
    this.live(words.join(' · '))
  }

  ended(label: RunLabel, run: Run): void {
    const { completed, failed, scheduled } = run.generator
    const share = ((100 * completed) / Math.max(1, scheduled)).toFixed(1)
    const timing = run.trust.timing.ok ? '' : ' · timing disturbed'
    const number = `${label.number}`.padStart(`${label.runs}`.length)
    this.say(
      `  ${number}/${label.runs} ${label.variant}, repeat ${label.repeat + 1}: ${share} % ok, ${failed} failed${timing}`,
    )
  }

  /** From now on the rest is expected to take this long. */
  expect(leftMs: number): void {
    this.endsInMs = performance.now() - this.startedAt + leftMs
  }

  close(): void {
    this.live?.clear()
    this.live?.done()
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(0)} s`
