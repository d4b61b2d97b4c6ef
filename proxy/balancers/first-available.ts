// Fills one upstream before it touches the next, so that under little load most of them stay idle and can be switched off.
// The opposite of spreading: for capacity that is paid by the hour, not for latency.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { count } from '../../core/parameters.ts'

export default defineBalancer({
  about: 'Takes the first upstream in the configuration that has room; when all are full, the least loaded per weight.',
  source: 'HAProxy lb_fas.c (balance first), which queues when all are full',
  params: {
    max: count({
      default: 100,
      min: 1,
      max: 1_000_000,
      unit: 'requests',
      doc: 'in flight at an upstream that is full',
    }),
  },
  make({ max }): Balancer {
    let eligible: readonly Upstream[] = []
    return {
      onEligible(upstreams) {
        eligible = upstreams
      },
      pick(_request, avoid) {
        let least: Upstream | null = null
        for (const upstream of eligible) {
          if (avoid.length > 0 && avoid.includes(upstream)) continue
          if (upstream.inFlight < max) return upstream
          if (least === null || upstream.inFlight * least.weight < least.inFlight * upstream.weight) least = upstream
        }
        return least
      },
    }
  },
})
