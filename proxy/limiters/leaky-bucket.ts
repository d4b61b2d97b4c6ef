// A bucket that leaks at a steady rate, and every request is a drop. What would overflow is refused; what lies in the bucket
// waits its turn, so that the origins see the rate and not the burst. With `nodelay` nobody waits and only the refusing is
// left. NGINX counts in thousandths of a request and whole milliseconds; here both are exact.

import { ClientStates, perParameter } from '../../core/client-states.ts'
import { defineLimiter, type Limiter } from '../../core/contracts.ts'
import { choice, count, number } from '../../core/parameters.ts'

export default defineLimiter({
  about: 'Lets requests in at a steady rate: a burst waits its turn, and what exceeds the bucket is refused.',
  source: 'NGINX ngx_http_limit_req_module.c (limit_req rate, burst, delay, nodelay); Turner, 1986 (as a meter)',
  params: {
    ratePerSecond: number({ default: 1_000, min: 0.001, max: 1e9, unit: '1/s', doc: 'Requests let in per second.' }),
    burst: count({
      default: 100,
      min: 0,
      max: 1e9,
      unit: 'requests',
      doc: 'Requests ahead of their time that the bucket holds.',
    }),
    delayAfter: count({
      default: 0,
      min: 0,
      max: 1e9,
      unit: 'requests',
      doc: 'So many of them need not wait (the two stages of limit_req delay=).',
    }),
    queue: choice({
      default: 'delay',
      choices: ['delay', 'nodelay'],
      doc: 'Do the requests in the bucket wait their turn, or go on at once?',
    }),
    ...perParameter,
  },
  make({ ratePerSecond, burst, delayAfter, queue, per }): Limiter {
    const perMs = ratePerSecond / 1000
    // `excess`: requests ahead of their time at `at`. A new bucket has none, and its first request none either.
    const excessAt = (bucket: { excess: number; at: number }, now: number) => bucket.excess - (now - bucket.at) * perMs
    const buckets = new ClientStates(
      per,
      () => ({ excess: -1, at: Number.NEGATIVE_INFINITY }),
      (bucket, now) => excessAt(bucket, now) <= -1,
    )
    return {
      admit(request, _inFlight, now) {
        const bucket = buckets.of(request.client, now)
        const excess = Math.max(0, excessAt(bucket, now) + 1)
        if (excess > burst) return { kind: 'refuse', ms: (excess - burst) / perMs }
        bucket.excess = excess
        bucket.at = now
        if (queue === 'nodelay' || excess <= delayAfter) return null
        return { kind: 'delay', ms: (excess - delayAfter) / perMs }
      },
    }
  },
})
