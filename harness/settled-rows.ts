// Live progress without a counter in the generator's hot path: walks the request log behind the load. Requests that have
// ended out of order are seen when those due before them have ended too.
import type { RequestLog } from '../core/request-log.ts'

export class SettledRows {
  private readonly log: RequestLog
  private row = 0
  private ok = 0
  private failed = 0
  private lastAt = 0

  constructor(log: RequestLog) {
    this.log = log
  }

  /** What has settled since the last call (as a rate) and how many have failed in all. */
  advance(now: number): { okPerSecond: number; failed: number } {
    const okBefore = this.ok
    for (; this.row < this.log.size; this.row++) {
      const fate = this.log.fateOf(this.row)
      if (fate === 'pending') break
      if (fate === 'ok') this.ok++
      else this.failed++
    }
    const seconds = (now - this.lastAt) / 1000
    const okPerSecond = this.lastAt === 0 ? 0 : (this.ok - okBefore) / seconds
    this.lastAt = now
    return { okPerSecond, failed: this.failed }
  }
}
