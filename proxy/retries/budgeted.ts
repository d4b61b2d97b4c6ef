// Retries that cannot become a storm: each request earns a fraction of a retry, each retry spends one, and when the
// account is empty failures are told to the client. Waits grow and are drawn at random, so that retries do not march in step.
import { defineRetries, type Outcome, type RetryPolicy } from '../../core/contracts.ts'
import { choice, count, number } from '../../core/parameters.ts'

export default defineRetries({
  about: 'Tries again after a random, growing wait, while retries stay below a share of all requests.',
  source:
    'Finagle RetryBudget (20 % of requests plus a floor); full jitter: Brooker, "Exponential backoff and jitter", 2015; methods: NGINX proxy_next_upstream non_idempotent',
  params: {
    attempts: count({ default: 3, min: 1, max: 10, unit: 'attempts', doc: 'Attempts per request in all.' }),
    share: number({
      default: 0.2,
      min: 0,
      max: 10,
      unit: 'retries per request',
      doc: 'What a request adds to the budget.',
    }),
    perSecond: number({
      default: 3,
      min: 0,
      max: 1e6,
      unit: '1/s',
      doc: 'What time adds to the budget, so that a quiet proxy may retry.',
    }),
    reserve: number({ default: 30, min: 1, max: 1e6, unit: 'retries', doc: 'The most that the budget holds.' }),
    baseMs: number({
      default: 10,
      min: 0,
      max: 60_000,
      unit: 'ms',
      doc: 'The n-th wait is at most 2^(n-1) times this.',
    }),
    methods: choice({
      default: 'idempotent',
      choices: ['idempotent', 'all'],
      doc: 'What is repeated although the origin may have executed it: GET, PUT and the like, or POST as well, which may then be executed twice.',
    }),
    maxMs: number({ default: 250, min: 0, max: 60_000, unit: 'ms', doc: 'No wait is longer.' }),
  },
  make({ attempts, share, perSecond, reserve, baseMs, maxMs, methods }, { rng }): RetryPolicy {
    let budget = Math.min(reserve, perSecond)
    let earnedAt = Number.NEGATIVE_INFINITY
    const earn = (amount: number) => {
      budget = Math.min(reserve, budget + amount)
    }
    return {
      onRequest(now) {
        if (earnedAt !== Number.NEGATIVE_INFINITY) earn(((now - earnedAt) / 1000) * perSecond)
        earnedAt = now
        earn(share)
      },
      retryIn(request, outcome) {
        if (request.attempts >= attempts || !isWorthIt(outcome)) return null
        // What the origin may have done must not be done twice, unless the method says that it does no harm.
        if (outcome.maybeExecuted && !request.idempotent && methods === 'idempotent') return null
        if (budget < 1) return null
        budget -= 1
        return rng.uniform() * Math.min(maxMs, baseMs * 2 ** (request.attempts - 1))
      },
    }
  },
})

/** Could another upstream, or another moment, do better? */
function isWorthIt(outcome: Outcome): boolean {
  if (outcome.kind === 'client-gone') return false
  return outcome.kind !== 'response' || outcome.status === 502 || outcome.status === 503 || outcome.status === 504
}
