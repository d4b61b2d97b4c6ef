// An answer that is late is asked for once more elsewhere, and the first of the two counts. A few requests more buy the tail:
// only what is slower than nearly all others is asked for twice. A budget keeps the extra load below a share of all requests,
// because when everything is slow, asking twice is what origins need least.
import { defineRetries, type Outcome, type RetryPolicy } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'

/** The delay follows the last so many attempts, and is reckoned anew after every so many. */
const window = 512
const every = 32

export default defineRetries({
  about: 'Sends a slow request to a second upstream as well and takes the first answer; never retries a failure.',
  source: 'Dean & Barroso, "The tail at scale", CACM 56(2), 2013; Finagle BackupRequestFilter (quantile, maxExtraLoad)',
  params: {
    quantile: number({
      default: 0.95,
      min: 0,
      max: 0.999,
      unit: 'quantile',
      doc: 'A hedge follows when this share of the last 512 attempts was faster; 0: always after afterMs.',
    }),
    afterMs: number({
      default: 50,
      min: 0,
      max: 600_000,
      unit: 'ms',
      doc: 'The delay while fewer than 32 attempts have been seen, and for quantile=0.',
    }),
    share: number({
      default: 0.1,
      min: 0,
      max: 1,
      unit: 'hedges per request',
      doc: 'What a request adds to the budget: hedges never exceed this share of all requests.',
    }),
    reserve: number({ default: 20, min: 1, max: 1e6, unit: 'hedges', doc: 'The most that the budget holds.' }),
    attempts: count({ default: 2, min: 2, max: 10, unit: 'attempts', doc: 'Attempts per request in all.' }),
  },
  make({ quantile, afterMs, share, reserve, attempts }): RetryPolicy {
    const times = new RecentTimes()
    let delayMs = afterMs
    let budget = 0
    return {
      onRequest() {
        budget = Math.min(reserve, budget + share)
      },
      hedgeAfter: request => (request.idempotent && request.attempts < attempts ? delayMs : null),
      mayHedge() {
        if (budget < 1) return false
        budget -= 1
        return true
      },
      onDone(outcome) {
        if (quantile === 0 || !tells(outcome, delayMs)) return
        times.add(outcome.headMs)
        if (times.seen % every === 0) delayMs = times.quantile(quantile)
      },
    }
  },
})

/**
 * Does the outcome say how long an answer takes? One that was given up does when it had been waited for longer than the
 * delay: it was slower than that. Left out, the slow ones would vanish from the figures as soon as hedges beat them, and the
 * delay would shrink for ever.
 */
function tells({ kind, headMs }: Outcome, delayMs: number): boolean {
  return kind === 'response' || kind === 'timeout' || (kind === 'client-gone' && headMs >= delayMs)
}

/** The last `window` times. */
class RecentTimes {
  seen = 0
  private readonly ring = new Float64Array(window)

  add(ms: number): void {
    this.ring[this.seen++ % window] = ms
  }

  /** The time at quantile `q` of what is held; at least one is. */
  quantile(q: number): number {
    const sorted = this.ring.slice(0, Math.min(this.seen, window)).sort()
    return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!
  }
}
