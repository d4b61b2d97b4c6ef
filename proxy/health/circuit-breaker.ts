// A breaker per upstream. Closed: requests pass and failures are counted. Open: none passes for a while. Half-open: one
// passes as a probe, and what becomes of it decides.
import { defineHealth, type HealthPolicy, type Upstream } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'

const CLOSED = 0
const OPEN = 1
const HALF_OPEN = 2
/** Half-open, with the probe on its way. */
const PROBING = 3

interface Breaker {
  state: number
  failures: number
  halfOpenAt: number
}

export default defineHealth({
  about: 'Opens after failures in a row, lets one probe through after a while, and closes when the probe succeeds.',
  source:
    'Nygard, "Release It!", chapter on circuit breakers; resilience4j CircuitBreaker with one permitted call in half-open state',
  params: {
    failures: count({
      default: 5,
      min: 1,
      max: 10_000,
      unit: 'failures',
      doc: 'Failed attempts in a row until the breaker opens.',
    }),
    openMs: number({
      default: 5_000,
      min: 1,
      max: 3_600_000,
      unit: 'ms',
      doc: 'How long it stays open before a probe.',
    }),
  },
  make({ failures, openMs }): HealthPolicy {
    let breakers: Breaker[] = []
    const breakerOf = (upstream: Upstream) => breakers[upstream.index]!
    return {
      onMembers(upstreams) {
        breakers = upstreams.map(() => ({ state: CLOSED, failures: 0, halfOpenAt: Number.POSITIVE_INFINITY }))
      },
      eligible(upstream) {
        const { state } = breakerOf(upstream)
        return state === CLOSED || state === HALF_OPEN
      },
      onSend(upstream) {
        const breaker = breakerOf(upstream)
        if (breaker.state !== HALF_OPEN) return false
        breaker.state = PROBING
        return true
      },
      onDone(upstream, outcome, now) {
        const breaker = breakerOf(upstream)
        const before = breaker.state
        const failed = outcome.kind !== 'response' || outcome.status >= 500
        if (outcome.kind === 'client-gone') {
          // A probe that was given up has told nothing: the next request probes again.
          if (before === PROBING) breaker.state = HALF_OPEN
        } else if (!failed) {
          if (before !== OPEN) breaker.state = CLOSED
          breaker.failures = 0
        } else if (before === PROBING || (before === CLOSED && ++breaker.failures >= failures)) {
          breaker.state = OPEN
          breaker.failures = 0
          breaker.halfOpenAt = now + openMs
        }
        return breaker.state !== before
      },
      nextChangeAt() {
        const open = breakers.filter(breaker => breaker.state === OPEN)
        return Math.min(Number.POSITIVE_INFINITY, ...open.map(breaker => breaker.halfOpenAt))
      },
      onChangeDue(now) {
        for (const breaker of breakers)
          if (breaker.state === OPEN && breaker.halfOpenAt <= now) breaker.state = HALF_OPEN
      },
    }
  },
})
