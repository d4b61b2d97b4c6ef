// Evenly spaced arrivals: the kindest load there is. Queues form only where service varies.
import { defineLoadProfile } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

export default defineLoadProfile({
  about: 'Arrivals at exactly equal distances.',
  source: 'D in Kendall notation; Kendall 1953, "Stochastic processes occurring in the theory of queues"',
  params: {
    ratePerSecond: number({ default: 100, min: 0.01, max: 1_000_000, unit: '1/s', doc: 'arrivals per second' }),
  },
  make({ ratePerSecond }) {
    const gapMs = 1000 / ratePerSecond
    return {
      rateAt: () => ratePerSecond,
      // A multiple of the gap rather than previous + gap, so that rounding errors do not add up over a long run.
      next: previousMs => (Math.round(previousMs / gapMs) + 1) * gapMs,
    }
  },
})
