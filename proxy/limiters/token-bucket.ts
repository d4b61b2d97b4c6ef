// A bucket of tokens, filled at a steady rate: a request takes one, and when there is none it is refused at once. Bursts up
// to the size of the bucket pass.
import { defineLimiter, type Limiter } from '../../core/contracts.ts'
import { choice, number } from '../../core/parameters.ts'

/** Beyond this many clients the buckets that are full again are forgotten: full is what a new one would be. */
const clientsBeforeSweep = 10_000

export default defineLimiter({
  about: 'Refuses requests beyond a steady rate, with bursts up to the size of the bucket.',
  source: 'Envoy local rate limit (token_bucket); Turner, "New directions in communications", 1986',
  params: {
    ratePerSecond: number({ default: 1_000, min: 0.001, max: 1e9, unit: '1/s', doc: 'Tokens added per second.' }),
    burst: number({ default: 100, min: 1, max: 1e9, unit: 'requests', doc: 'Tokens that the bucket holds.' }),
    per: choice({
      default: 'proxy',
      choices: ['proxy', 'client'],
      doc: 'One bucket for all, or one per client address.',
    }),
  },
  make({ ratePerSecond, burst, per }): Limiter {
    const buckets = new Map<string, { tokens: number; filledAt: number }>()
    const fill = (bucket: { tokens: number; filledAt: number }, now: number) => {
      bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.filledAt) / 1000) * ratePerSecond)
      bucket.filledAt = now
    }
    const sweep = (now: number) => {
      for (const [key, bucket] of buckets) {
        fill(bucket, now)
        if (bucket.tokens >= burst) buckets.delete(key)
      }
    }
    return {
      admit(request, _inFlight, now) {
        const key = per === 'client' ? request.client : ''
        let bucket = buckets.get(key)
        if (!bucket) {
          if (buckets.size >= clientsBeforeSweep) sweep(now)
          bucket = { tokens: burst, filledAt: now }
          buckets.set(key, bucket)
        }
        fill(bucket, now)
        if (bucket.tokens >= 1) {
          bucket.tokens -= 1
          return null
        }
        return ((1 - bucket.tokens) / ratePerSecond) * 1000
      },
    }
  },
})
