// Every request takes the same time. With 0 the origin answers at once, which measures the proxy and nothing else.
import { defineServiceTime } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

export default defineServiceTime({
  about: 'Every request takes the same time; 0 answers at once.',
  source: 'D in Kendall notation',
  params: { ms: number({ default: 0, min: 0, max: 600_000, unit: 'ms', doc: 'service time of every request' }) },
  make: ({ ms }) => ({ meanMs: ms, quantile: () => ms }),
})
