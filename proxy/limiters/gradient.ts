// Envoy's gradient controller. Now and then it lets only a few in and measures what an answer takes when nothing queues; in
// between the limit follows the ratio of that to what answers take now, with the square root of itself on top as headroom.
// In overload, with times in proportion to the limit, it settles at L0 + √L0, L0 being what fills the origins with the buffer.
import { defineLimiter, type Holding, type Limiter } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'

/** At the lowest limit for so many windows in a row: what was measured may no longer be true. */
const windowsAtMinimum = 5

export default defineLimiter({
  about:
    'Compares the median time of answers with that of an empty system, measured now and then, and follows the ratio.',
  source: 'Envoy gradient_controller.cc and adaptive_concurrency_filter.rst',
  params: {
    min: count({
      default: 3,
      min: 1,
      max: 1e6,
      unit: 'requests',
      doc: 'Let in while the empty system is measured; the least limit.',
    }),
    max: count({ default: 1_000, min: 1, max: 1e6, unit: 'requests', doc: 'The limit never rises above this.' }),
    windowMs: number({ default: 100, min: 1, max: 60_000, unit: 'ms', doc: 'The limit is reckoned anew so often.' }),
    buffer: number({
      default: 0.25,
      min: 0,
      max: 10,
      unit: 'share',
      doc: 'Answers may take so much longer than in an empty system.',
    }),
    minRttIntervalMs: number({
      default: 30_000,
      min: 1,
      max: 3_600_000,
      unit: 'ms',
      doc: 'Between two measurements of the empty system.',
    }),
    minRttSamples: count({
      default: 50,
      min: 1,
      max: 1e6,
      unit: 'requests',
      doc: 'Answers that such a measurement takes.',
    }),
    jitter: number({
      default: 0.15,
      min: 0,
      max: 1,
      unit: 'share',
      doc: 'The interval is longer by up to this share, at random.',
    }),
    retryAfterMs: number({
      default: 1_000,
      min: 0,
      max: 3_600_000,
      unit: 'ms',
      doc: 'What a refused client is told to wait.',
    }),
  },
  make({ min, max, windowMs, buffer, minRttIntervalMs, minRttSamples, jitter, retryAfterMs }, { rng }): Limiter {
    const refusal: Holding = { kind: 'refuse', ms: retryAfterMs }
    const times: number[] = []
    let limit = min
    /** The limit to return to after the measurement of the empty system. */
    let before = min
    /** Since when the empty system is being measured: what was let in earlier says nothing of it. Infinity: it is not. */
    let measuringSince = Number.NEGATIVE_INFINITY
    let emptyMs = 0
    let windowEndsAt = 0
    let measureAt = 0
    let atMinimum = 0

    const isMeasuring = () => measuringSince !== Number.POSITIVE_INFINITY
    const measure = (now: number) => {
      before = limit
      limit = min
      measuringSince = now
      atMinimum = times.length = 0
    }
    const measured = (now: number) => {
      emptyMs = medianOf(times)
      limit = before
      measuringSince = Number.POSITIVE_INFINITY
      windowEndsAt = now + windowMs
      measureAt = now + minRttIntervalMs * (1 + jitter * rng.uniform())
      times.length = 0
    }
    const endWindow = (now: number) => {
      windowEndsAt = now + windowMs
      if (times.length === 0) return
      const gradient = Math.max(0.5, Math.min(2, (emptyMs * (1 + buffer)) / medianOf(times)))
      times.length = 0
      limit = Math.max(min, Math.min(max, Math.floor(limit * gradient + Math.sqrt(limit * gradient))))
      atMinimum = limit === min ? atMinimum + 1 : 0
      if (atMinimum >= windowsAtMinimum) measure(now)
    }
    return {
      admit: (_request, inFlight) => (inFlight < limit ? null : refusal),
      onDone(totalMs, now, dropped) {
        if (!isMeasuring() && now >= measureAt) measure(now)
        else if (!isMeasuring() && now >= windowEndsAt) endWindow(now)
        if (dropped || (isMeasuring() && now - totalMs < measuringSince)) return
        times.push(totalMs)
        if (isMeasuring() && times.length >= minRttSamples) measured(now)
      },
      limit: () => limit,
    }
  },
})

function medianOf(times: number[]): number {
  times.sort((a, b) => a - b)
  return times[times.length >> 1]!
}
