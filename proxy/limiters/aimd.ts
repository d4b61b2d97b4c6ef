// One more as long as all goes well, a tenth less as soon as it does not: the limit climbs slowly, falls fast, and saws around
// what the origins can bear. It has to be told what "not well" is.
// Source: see `source`; Chiu & Jain, "Analysis of the increase and decrease algorithms", 1989 (why the pair is stable and fair).
import { adaptiveLimiter, adaptiveParameters } from '../../core/adaptive-limit.ts'
import { defineLimiter } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

export default defineLimiter({
  about: 'Raises the limit by one after each good window and cuts it by a share after a bad one.',
  source: 'Netflix concurrency-limits AIMDLimit.java (backoffRatio 0.9, timeout 5 s), by windows',
  params: {
    ...adaptiveParameters,
    latencyMs: number({
      default: 5_000,
      min: 0.1,
      max: 600_000,
      unit: 'ms',
      doc: 'A window whose mean is above this is bad.',
    }),
    backoff: number({
      default: 0.9,
      min: 0.1,
      max: 0.99,
      unit: 'share',
      doc: 'What is left of the limit after a bad window.',
    }),
  },
  make(params) {
    const { latencyMs, backoff } = params
    return adaptiveLimiter(params, (limit, { meanMs, dropped, peakInFlight }) => {
      if (dropped > 0 || (meanMs !== null && meanMs > latencyMs)) return limit * backoff
      // A limit that nobody comes near says nothing by being kept.
      return peakInFlight * 2 < limit ? limit : limit + 1
    })
  },
})
