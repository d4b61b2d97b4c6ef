// Asks every upstream at intervals, whether or not there is traffic: a dead one is found without a request paying for it.
import { defineHealth, type HealthPolicy, type Upstream } from '../../core/contracts.ts'
import { count, number, text } from '../../core/parameters.ts'

export default defineHealth({
  about: 'Asks every upstream at intervals; down after some failed checks in a row, up after some passed ones.',
  source: 'HAProxy option httpchk with inter, fall and rise (configuration manual, section 5.2)',
  params: {
    intervalMs: number({
      default: 1_000,
      min: 10,
      max: 3_600_000,
      unit: 'ms',
      doc: 'Between two checks of an upstream.',
    }),
    timeoutMs: number({ default: 500, min: 1, max: 60_000, unit: 'ms', doc: 'A check that takes longer has failed.' }),
    fall: count({
      default: 3,
      min: 1,
      max: 100,
      unit: 'checks',
      doc: 'Failed checks in a row until an upstream is down.',
    }),
    rise: count({ default: 2, min: 1, max: 100, unit: 'checks', doc: 'Passed checks in a row until it is up again.' }),
    target: text({
      default: '/',
      pattern: /^\/[\x21-\x7e]*$/,
      allowed: 'a path, beginning with /',
      doc: 'What is asked for; 2xx and 3xx pass.',
    }),
  },
  make({ intervalMs, timeoutMs, fall, rise, target }, { rng }): HealthPolicy {
    const states: { upstream: Upstream; up: boolean; inARow: number; nextAt: number }[] = []
    return {
      check: { target, timeoutMs },
      onMembers(upstreams, now) {
        states.length = 0
        // The first checks are spread over an interval, so that workers and upstreams are not checked all at once.
        for (const upstream of upstreams) {
          states[upstream.index] = { upstream, up: true, inARow: 0, nextAt: now + rng.uniform() * intervalMs }
        }
      },
      eligible: upstream => states[upstream.index]!.up,
      nextChangeAt: () => Number.POSITIVE_INFINITY,
      nextCheckAt: () => states.reduce((earliest, state) => Math.min(earliest, state.nextAt), Number.POSITIVE_INFINITY),
      checksDue(now) {
        const due = states.filter(state => state.nextAt <= now)
        for (const state of due) state.nextAt = now + intervalMs
        return due.map(state => state.upstream)
      },
      onCheck(upstream, passed) {
        const state = states[upstream.index]!
        if (passed === state.up) {
          state.inARow = 0
          return false
        }
        if (++state.inARow < (state.up ? fall : rise)) return false
        state.up = passed
        state.inARow = 0
        return true
      },
    }
  },
})
