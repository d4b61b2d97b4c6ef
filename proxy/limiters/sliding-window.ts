// So many requests per window, counted in two numbers: this window's and the last one's, of which as much counts as the
// sliding window still covers. Cheap and nearly smooth. It takes the last window to have been even: when it was not, up to
// twice the number can pass within one window's length.

import { ClientStates, perParameter } from '../../core/client-states.ts'
import { defineLimiter, type Limiter } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'

interface Counts {
  startedAt: number
  current: number
  previous: number
}

export default defineLimiter({
  about: 'Lets in so many requests per window, counted in this window and, in part, the one before.',
  source:
    'HAProxy freq_ctr.h (http_req_rate in stick tables); Cloudflare, "Counting things, a lot of different things"',
  params: {
    max: count({ default: 1_000, min: 1, max: 1e9, unit: 'requests', doc: 'Requests per window.' }),
    windowMs: number({ default: 1_000, min: 1, max: 86_400_000, unit: 'ms', doc: 'The length of the window.' }),
    ...perParameter,
  },
  make({ max, windowMs, per }): Limiter {
    const states = new ClientStates<Counts>(
      per,
      () => ({ startedAt: Number.NEGATIVE_INFINITY, current: 0, previous: 0 }),
      ({ startedAt }, now) => now - startedAt >= 2 * windowMs,
    )
    const roll = (counts: Counts, now: number) => {
      const sinceMs = now - counts.startedAt
      if (sinceMs < windowMs) return
      counts.previous = sinceMs < 2 * windowMs ? counts.current : 0
      counts.startedAt = sinceMs < 2 * windowMs ? counts.startedAt + windowMs : now
      counts.current = 0
    }
    /** How long until one more fits: what is left of the last window shrinks, then this one becomes the last. */
    const waitMs = ({ startedAt, current, previous }: Counts, now: number) => {
      if (current < max) return startedAt + windowMs * (1 - (max - 1 - current) / previous) - now
      return startedAt + windowMs * (2 - (max - 1) / current) - now
    }
    return {
      admit(request, _inFlight, now) {
        const counts = states.of(request.client, now)
        roll(counts, now)
        const covered = 1 - (now - counts.startedAt) / windowMs
        if (counts.current + counts.previous * covered + 1 > max)
          return { kind: 'refuse', ms: Math.max(0, waitMs(counts, now)) }
        counts.current++
        return null
      },
    }
  },
})
