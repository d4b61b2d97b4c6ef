// What limits that find themselves share: requests above the limit are refused, and what the others took is gathered in
// windows, so that one slow answer does not move anything. A limit is a function from the old one and a window to the new.
// In core because limiters import nothing else. Source: Netflix concurrency-limits, WindowedLimit and AbstractLimiter.
import type { Holding, Limiter, Ms } from './contracts.ts'
import { count, number, type Values } from './parameters.ts'

/** Parameters of every limiter of this kind. */
export const adaptiveParameters = {
  initial: count({ default: 20, min: 1, max: 1_000_000, unit: 'requests', doc: 'The limit to begin with.' }),
  min: count({ default: 4, min: 1, max: 1_000_000, unit: 'requests', doc: 'The limit never falls below this.' }),
  max: count({ default: 1_000, min: 1, max: 1_000_000, unit: 'requests', doc: 'The limit never rises above this.' }),
  windowMs: number({
    default: 100,
    min: 0,
    max: 60_000,
    unit: 'ms',
    doc: 'What ended meanwhile is looked at together.',
  }),
  samples: count({
    default: 10,
    min: 1,
    max: 1_000_000,
    unit: 'requests',
    doc: 'A window with fewer goes on until it has as many.',
  }),
  retryAfterMs: number({
    default: 1_000,
    min: 0,
    max: 3_600_000,
    unit: 'ms',
    doc: 'What a refused client is told to wait.',
  }),
} as const

export type AdaptiveParameters = Values<typeof adaptiveParameters>

/** What has ended since the last change of the limit. */
export interface LimitWindow {
  /** The mean time of what was answered; null when nothing was. */
  readonly meanMs: Ms | null
  /** Requests that ended without a complete answer. */
  readonly dropped: number
  /** The most requests that were in flight at once. */
  readonly peakInFlight: number
}

/** A limiter whose limit is `update(limit, window)` after each window, kept between `min` and `max`; fractions are kept. */
export function adaptiveLimiter(
  { initial, min, max, windowMs, samples, retryAfterMs }: AdaptiveParameters,
  update: (limit: number, window: LimitWindow) => number,
): Limiter {
  const refusal: Holding = { kind: 'refuse', ms: retryAfterMs }
  const within = (value: number) => Math.max(min, Math.min(max, value))
  let limit = within(initial)
  let startedAt = Number.NEGATIVE_INFINITY
  let answered = 0
  let sumMs = 0
  let dropped = 0
  let peakInFlight = 0
  return {
    admit(_request, inFlight, now) {
      if (startedAt === Number.NEGATIVE_INFINITY) startedAt = now
      if (inFlight >= Math.floor(limit)) return refusal
      peakInFlight = Math.max(peakInFlight, inFlight + 1)
      return null
    },
    onDone(totalMs, now, isDropped) {
      if (isDropped) dropped++
      else {
        answered++
        sumMs += totalMs
      }
      if (now - startedAt < windowMs || answered + dropped < samples) return
      const meanMs = answered > 0 ? sumMs / answered : null
      limit = within(update(limit, { meanMs, dropped, peakInFlight }))
      startedAt = now
      answered = sumMs = dropped = peakInFlight = 0
    },
    limit: () => Math.floor(limit),
  }
}
