// Watches the traffic itself: an upstream that fails several requests in a row is left out for a while, longer each time,
// and never so many at once that the rest would drown.
import { defineHealth, type HealthPolicy, type Outcome, type Upstream } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'

interface State {
  failures: number
  /** Times ejected so far; each makes the next one longer. */
  ejections: number
  /** -Infinity when it is not ejected. */
  backAt: number
}

export default defineHealth({
  about: 'Leaves an upstream out after failures in a row, longer each time, but never more than a share of all.',
  source: 'Envoy outlier detection, consecutive_5xx, base_ejection_time, max_ejection_percent (outlier.rst)',
  params: {
    consecutive: count({
      default: 5,
      min: 1,
      max: 10_000,
      unit: 'failures',
      doc: 'Failed attempts in a row until ejection.',
    }),
    baseEjectionMs: number({
      default: 30_000,
      min: 1,
      max: 3_600_000,
      unit: 'ms',
      doc: 'The first ejection; the n-th is n times as long.',
    }),
    maxEjectionMs: number({ default: 300_000, min: 1, max: 3_600_000, unit: 'ms', doc: 'No ejection is longer.' }),
    maxEjectedShare: number({
      default: 0.5,
      min: 0,
      max: 1,
      unit: 'share',
      doc: 'Of all upstreams, ejected at once; one may always be.',
    }),
  },
  make({ consecutive, baseEjectionMs, maxEjectionMs, maxEjectedShare }): HealthPolicy {
    let states: State[] = []
    const isEjected = (state: State) => state.backAt !== Number.NEGATIVE_INFINITY
    const mayEjectOneMore = () => {
      const ejected = states.filter(isEjected).length
      return ejected < Math.max(1, Math.floor(states.length * maxEjectedShare)) && ejected + 1 < states.length
    }
    return {
      onMembers(upstreams) {
        states = upstreams.map(() => ({ failures: 0, ejections: 0, backAt: Number.NEGATIVE_INFINITY }))
      },
      eligible: upstream => !isEjected(states[upstream.index]!),
      onDone(upstream: Upstream, outcome: Outcome, now) {
        // A client that leaves says nothing about the upstream.
        if (outcome.kind === 'client-gone') return false
        const state = states[upstream.index]!
        if (outcome.kind === 'response' && outcome.status < 500) {
          state.failures = 0
          return false
        }
        if (++state.failures < consecutive || isEjected(state) || !mayEjectOneMore()) return false
        state.failures = 0
        state.ejections++
        state.backAt = now + Math.min(maxEjectionMs, baseEjectionMs * state.ejections)
        return true
      },
      nextChangeAt() {
        const times = states.filter(isEjected).map(state => state.backAt)
        return Math.min(Number.POSITIVE_INFINITY, ...times)
      },
      onChangeDue(now) {
        for (const state of states) if (isEjected(state) && state.backAt <= now) state.backAt = Number.NEGATIVE_INFINITY
      },
    }
  },
})
