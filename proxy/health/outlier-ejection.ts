// Watches the traffic itself: an upstream that fails several requests in a row is left out for a while, longer each time,
// and never so many at once that the rest would drown.
import { defineHealth, type HealthPolicy, type Outcome, type Upstream } from '../../core/contracts.ts'
import { Ejections, ejectionParameters } from '../../core/ejections.ts'
import { count } from '../../core/parameters.ts'

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
    ...ejectionParameters,
  },
  make({ consecutive, ...limits }): HealthPolicy {
    const ejections = new Ejections(limits)
    let failures: number[] = []
    return {
      onMembers(upstreams) {
        ejections.reset(upstreams.length)
        failures = upstreams.map(() => 0)
      },
      eligible: ({ index }) => !ejections.has(index),
      onDone({ index }: Upstream, outcome: Outcome, now) {
        // A client that leaves says nothing about the upstream.
        if (outcome.kind === 'client-gone') return false
        if (outcome.kind === 'response' && outcome.status < 500) {
          failures[index] = 0
          return false
        }
        if (++failures[index]! < consecutive || !ejections.eject(index, now)) return false
        failures[index] = 0
        return true
      },
      nextChangeAt: () => ejections.nextEndAt(),
      onChangeDue: now => ejections.end(now),
    }
  },
})
