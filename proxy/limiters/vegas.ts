// TCP Vegas for requests: from the time now and the time of an empty queue follows how many requests are queueing somewhere,
// and the limit is moved until that number is small but not 0.
import { adaptiveLimiter, adaptiveParameters } from '../../core/adaptive-limit.ts'
import { defineLimiter } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

export default defineLimiter({
  about: 'Estimates how many requests queue and keeps that between two small numbers.',
  source: 'Netflix concurrency-limits VegasLimit.java, by windows; Brakmo & Peterson, "TCP Vegas", 1995',
  params: {
    ...adaptiveParameters,
    probeWindows: number({
      default: 30,
      min: 1,
      max: 1e6,
      unit: 'windows per request of the limit',
      doc: 'After so many times the limit the time without load is measured anew, because it may have grown.',
    }),
  },
  make(params, { rng }) {
    let emptyMs = Number.POSITIVE_INFINITY
    let windows = 0
    let jitter = 0.5 + rng.uniform() / 2
    return adaptiveLimiter(params, (limit, { meanMs, dropped, peakInFlight }) => {
      const step = Math.max(1, Math.log10(limit))
      if (meanMs === null) return dropped > 0 ? limit - step : limit
      if (++windows >= jitter * params.probeWindows * limit) {
        windows = 0
        jitter = 0.5 + rng.uniform() / 2
        emptyMs = meanMs
        return limit
      }
      if (meanMs < emptyMs) {
        emptyMs = meanMs
        return limit
      }
      if (dropped > 0) return limit - step
      if (peakInFlight * 2 < limit) return limit
      const queueing = Math.ceil(limit * (1 - emptyMs / meanMs))
      if (queueing <= step) return limit + 6 * step
      if (queueing < 3 * step) return limit + step
      return queueing > 6 * step ? limit - step : limit
    })
  },
})
