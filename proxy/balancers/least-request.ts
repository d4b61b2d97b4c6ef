// Asks everybody: the fewest requests in flight wins. The best a single proxy can know without measuring time, at the price of
// a look at every upstream for every request.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { choice } from '../../core/parameters.ts'
import { SmoothTurn } from '../../core/smooth-turn.ts'

export default defineBalancer({
  about: 'Looks at all upstreams and takes one with the fewest requests in flight per weight.',
  source:
    'Envoy LeastRequest with selection_method FULL_SCAN; NGINX ngx_http_upstream_least_conn_module.c; HAProxy lb_fwlc.c',
  params: {
    load: choice({
      default: 'nginx',
      choices: ['nginx', 'haproxy'],
      doc: 'requests in flight per weight, so that idle ones are equal whatever their weights; or as HAProxy counts: 0 when idle, else one more than are in flight, per weight.',
    }),
    ties: choice({
      default: 'draw',
      choices: ['draw', 'turn'],
      doc: 'equals are drawn, or take turns by weight as in NGINX.',
    }),
  },
  make({ load, ties }, { rng }): Balancer {
    let eligible: readonly Upstream[] = []
    const turn = new SmoothTurn()
    /** Those with the least load, the first `count` of them. */
    const least: Upstream[] = []
    const addedWhenBusy = load === 'haproxy' ? 1 : 0

    return {
      onEligible(upstreams) {
        eligible = upstreams
        least.length = 0
        turn.keep(upstreams)
      },
      pick(_request, avoid) {
        let count = 0
        let bestLoad = 0
        let bestWeight = 1
        for (const upstream of eligible) {
          if (avoid.length > 0 && avoid.includes(upstream)) continue
          const { inFlight, weight } = upstream
          const requests = inFlight === 0 ? 0 : inFlight + addedWhenBusy
          const busier = count === 0 ? -1 : requests * bestWeight - bestLoad * weight
          if (busier > 0) continue
          if (busier < 0) {
            count = 0
            bestLoad = requests
            bestWeight = weight
          }
          least[count++] = upstream
        }
        if (count < 2) return count === 0 ? null : least[0]!
        return ties === 'draw' ? least[rng.integer(count)]! : turn.take(least, count)
      },
    }
  },
})
