// Each upstream in turn. Fair in requests, blind to how long they take: the baseline every other balancer is held against.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'

export default defineBalancer({
  about: 'Sends to each upstream in turn, whatever its load or speed.',
  source: 'NGINX ngx_http_upstream_round_robin.c with equal weights; Envoy RoundRobin starts at a random index as here',
  params: {},
  make(_params, { rng }): Balancer {
    let eligible: readonly Upstream[] = []
    let next = -1
    return {
      onEligible(upstreams) {
        eligible = upstreams
        // A random start keeps several workers from marching in step.
        if (next < 0) next = upstreams.length > 0 ? rng.integer(upstreams.length) : -1
      },
      pick(_request, avoid) {
        for (let tried = 0; tried < eligible.length; tried++) {
          next = next + 1 < eligible.length ? next + 1 : 0
          const upstream = eligible[next]!
          if (avoid.length === 0 || !avoid.includes(upstream)) return upstream
        }
        return null
      },
    }
  },
})
