// Everybody at once, then nobody: what batch jobs, retries on the hour and reconnecting clients look like to a proxy. The
// mean rate says nothing of such a load, which is why limits come with a burst.
import { defineLoadProfile } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'

export default defineLoadProfile({
  about: 'Bursts of so many arrivals at one instant, at equal distances.',
  source:
    'Batch arrivals, D^[X] in Kendall notation; Cruz, "A calculus for network delay", 1991 (burstiness beside rate)',
  params: {
    size: count({ default: 50, min: 1, max: 1_000_000, unit: 'arrivals', doc: 'arrivals in each burst' }),
    everyMs: number({ default: 1_000, min: 1, max: 3_600_000, unit: 'ms', doc: 'from one burst to the next' }),
  },
  make({ size, everyMs }) {
    let left = 0
    return {
      rateAt: () => (size * 1000) / everyMs,
      next(previousMs) {
        if (left > 0) {
          left--
          return previousMs
        }
        left = size - 1
        // A multiple of the distance, so that rounding errors do not add up over a long run.
        return (Math.round(previousMs / everyMs) + 1) * everyMs
      },
    }
  },
})
