// Asks everybody: the fewest requests in flight wins. The best a single proxy can know without measuring time, at the price of
// a look at every upstream for every request.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'

export default defineBalancer({
  about: 'Looks at all upstreams and takes one with the fewest requests in flight per weight; ties are drawn.',
  source: 'Envoy LeastRequest with selection_method FULL_SCAN; NGINX least_conn, which breaks ties in turn',
  params: {},
  make(_params, { rng }): Balancer {
    let eligible: readonly Upstream[] = []
    return {
      onEligible(upstreams) {
        eligible = upstreams
      },
      pick(_request, avoid) {
        let best: Upstream | null = null
        let ties = 1
        for (const upstream of eligible) {
          if (avoid.length > 0 && avoid.includes(upstream)) continue
          if (best === null) {
            best = upstream
            continue
          }
          const busier = upstream.inFlight * best.weight - best.inFlight * upstream.weight
          if (busier > 0) continue
          // Each of k equals is kept with chance 1/k, without a list of them.
          ties = busier < 0 ? 1 : ties + 1
          if (ties === 1 || rng.integer(ties) === 0) best = upstream
        }
        return best
      },
    }
  },
})
