// Live progress of a tournament: on a terminal one line that changes in place, elsewhere one plain line for each situation.
import { createLogUpdate } from 'log-update'

export class TournamentProgress {
  private readonly stream: NodeJS.WriteStream
  private readonly live: ReturnType<typeof createLogUpdate> | null
  private readonly startedAt = performance.now()
  private readonly left: Map<string, number>
  private readonly runs: number
  private done = 0

  /** `runs`: how many there are of each situation. */
  constructor(stream: NodeJS.WriteStream, runs: ReadonlyMap<string, number>) {
    this.stream = stream
    this.live = stream.isTTY ? createLogUpdate(stream) : null
    this.left = new Map(runs)
    this.runs = [...runs.values()].reduce((sum, count) => sum + count, 0)
  }

  /** A run of this situation has ended. */
  ended(situation: string): void {
    this.done++
    const left = this.left.get(situation)! - 1
    this.left.set(situation, left)
    const tookMs = performance.now() - this.startedAt
    const leftMs = (tookMs / this.done) * (this.runs - this.done)
    const share = `${this.done} of ${this.runs} runs`
    if (left === 0) {
      this.live?.clear()
      this.stream.write(`  ${situation}: played; ${share}, ${seconds(tookMs)}\n`)
    }
    this.live?.(`${situation} · ${share} · about ${seconds(leftMs)} left`)
  }

  close(): void {
    this.live?.clear()
    this.live?.done()
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(0)} s`
