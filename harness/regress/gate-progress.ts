// Live progress of the gate: on a terminal one line that changes in place, elsewhere one plain line per batch.
import { createLogUpdate } from 'log-update'
import type { Batch } from './design.ts'

const refreshMs = 1000

/** Writes to `stream`; `close` must be called, or its timer keeps the process alive. */
export class GateProgress {
  private readonly stream: NodeJS.WriteStream
  private readonly live: ReturnType<typeof createLogUpdate> | null
  private batch: Batch['name'] | null = null
  private words = ''
  private endsAt = 0
  private readonly timer: NodeJS.Timeout | null

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream
    this.live = stream.isTTY ? createLogUpdate(stream) : null
    this.timer = this.live && setInterval(() => this.draw(), refreshMs)
  }

  /** A line that stays. */
  say(line: string): void {
    this.live?.clear()
    this.stream.write(`${line}\n`)
  }

  /** The restart `number` of `batch` begins; the batch is expected to end in `leftMs`. */
  show(batch: Batch, number: number, leftMs: number): void {
    if (batch.name !== this.batch) {
      this.batch = batch.name
      this.say(`  ${batch.name}: ${batch.restarts} restarts, about ${seconds(leftMs)}`)
    }
    this.words = `${batch.name} · restart ${number} of ${batch.restarts}`
    this.endsAt = performance.now() + leftMs
    this.draw()
  }

  close(): void {
    if (this.timer) clearInterval(this.timer)
    this.live?.clear()
    this.live?.done()
  }

  private draw(): void {
    if (this.words === '') return
    this.live?.(`${this.words} · about ${seconds(Math.max(0, this.endsAt - performance.now()))} left`)
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(0)} s`
