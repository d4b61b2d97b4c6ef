// The limit shrinks when answers take longer than they did for long, and otherwise grows by a few. It needs no idle moment to
// learn what is normal; the price is that an overload that lasts becomes normal, and the limit creeps upwards.
import { adaptiveLimiter, adaptiveParameters } from '../../core/adaptive-limit.ts'
import { defineLimiter } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

/** So many windows are averaged plainly before the long average becomes an exponential one. */
const warmUp = 10

export default defineLimiter({
  about: 'Compares the time of answers now with a long average of it, and shrinks or grows by the ratio.',
  source: 'Netflix concurrency-limits Gradient2Limit.java and ExpAvgMeasurement.java',
  params: {
    ...adaptiveParameters,
    min: { ...adaptiveParameters.min, default: 20 },
    max: { ...adaptiveParameters.max, default: 200 },
    tolerance: number({
      default: 1.5,
      min: 1,
      max: 10,
      unit: 'factor',
      doc: 'Answers may take so much longer than usual.',
    }),
    smoothing: number({ default: 0.2, min: 0.01, max: 1, unit: 'share', doc: 'How far the limit moves at once.' }),
    queue: number({ default: 4, min: 0, max: 1e6, unit: 'requests', doc: 'How much it grows by when all is well.' }),
    longWindow: number({ default: 600, min: 2, max: 1e6, unit: 'windows', doc: 'What "usual" is the average of.' }),
  },
  make(params) {
    const { tolerance, smoothing, queue, longWindow } = params
    let longMs = 0
    let seen = 0
    const learn = (ms: number) => {
      seen++
      longMs += (ms - longMs) * (seen <= warmUp ? 1 / seen : 2 / (longWindow + 1))
      // Back from an overload the long average would be far above what is usual, for long.
      if (longMs > 2 * ms) longMs *= 0.95
    }
    return adaptiveLimiter(params, (limit, { meanMs, peakInFlight }) => {
      if (meanMs === null || meanMs === 0) return limit
      learn(meanMs)
      if (peakInFlight * 2 < limit) return limit
      const gradient = Math.max(0.5, Math.min(1, (tolerance * longMs) / meanMs))
      return limit * (1 - smoothing) + (limit * gradient + queue) * smoothing
    })
  },
})
