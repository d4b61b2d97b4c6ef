// A fixed number of requests at a time. What comes beyond is refused at once, so that those inside stay fast.
import { defineLimiter, type Holding, type Limiter } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'

export default defineLimiter({
  about: 'Serves a fixed number of requests at a time and refuses the rest at once.',
  source: 'Envoy circuit breaker max_requests; Netflix concurrency-limits FixedLimit',
  params: {
    max: count({ default: 100, min: 1, max: 1_000_000, unit: 'requests', doc: 'Requests in flight.' }),
    retryAfterMs: number({
      default: 1_000,
      min: 0,
      max: 3_600_000,
      unit: 'ms',
      doc: 'What a refused client is told to wait.',
    }),
  },
  make({ max, retryAfterMs }): Limiter {
    const refusal: Holding = { kind: 'refuse', ms: retryAfterMs }
    return { admit: (_request, inFlight) => (inFlight < max ? null : refusal), limit: () => max }
  },
})
