// A bucket of tokens, filled at a steady rate: a request takes one, and when there is none it is refused at once. Bursts up
// to the size of the bucket pass.
import { ClientStates, perParameter } from '../../core/client-states.ts'
import { defineLimiter, type Limiter } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

export default defineLimiter({
  about: 'Refuses requests beyond a steady rate, with bursts up to the size of the bucket.',
  source: 'Envoy local rate limit (token_bucket); Turner, "New directions in communications", 1986',
  params: {
    ratePerSecond: number({ default: 1_000, min: 0.001, max: 1e9, unit: '1/s', doc: 'Tokens added per second.' }),
    burst: number({ default: 100, min: 1, max: 1e9, unit: 'requests', doc: 'Tokens that the bucket holds.' }),
    ...perParameter,
  },
  make({ ratePerSecond, burst, per }): Limiter {
    const fill = (bucket: { tokens: number; filledAt: number }, now: number) => {
      bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.filledAt) / 1000) * ratePerSecond)
      bucket.filledAt = now
    }
    const buckets = new ClientStates(
      per,
      () => ({ tokens: burst, filledAt: Number.NEGATIVE_INFINITY }),
      (bucket, now) => {
        fill(bucket, now)
        return bucket.tokens >= burst
      },
    )
    return {
      admit(request, _inFlight, now) {
        const bucket = buckets.of(request.client, now)
        fill(bucket, now)
        if (bucket.tokens >= 1) {
          bucket.tokens -= 1
          return null
        }
        return { kind: 'refuse', ms: ((1 - bucket.tokens) / ratePerSecond) * 1000 }
      },
    }
  },
})
