// Independent users: each comes when it likes, so the gaps between arrivals are exponentially distributed.
import { defineLoadProfile } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

export default defineLoadProfile({
  about: 'Arrivals of many independent users: exponential gaps, so bursts and lulls happen by chance.',
  source: 'Palm-Khinchine theorem; M in Kendall notation',
  params: {
    ratePerSecond: number({ default: 100, min: 0.01, max: 1_000_000, unit: '1/s', doc: 'mean arrivals per second' }),
  },
  make({ ratePerSecond }) {
    return {
      rateAt: () => ratePerSecond,
      next: (previousMs, rng) => previousMs + rng.exponential(1000 / ratePerSecond),
    }
  },
})
