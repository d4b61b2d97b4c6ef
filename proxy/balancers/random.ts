// A draw for each request. Needs no state and no agreement between workers, and is uneven for as long as chance is.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'

export default defineBalancer({
  about: 'Draws an upstream for each request, in proportion to the weights, whatever its load or speed.',
  source: 'NGINX ngx_http_upstream_random_module.c without "two"; Envoy Random',
  params: {},
  make(_params, { rng }): Balancer {
    let eligible: readonly Upstream[] = []
    let total = 0
    return {
      onEligible(upstreams) {
        eligible = upstreams
        total = weightOf(upstreams)
      },
      pick(_request, avoid) {
        if (avoid.length === 0) return drawn(eligible, rng.uniform() * total)
        const candidates = eligible.filter(upstream => !avoid.includes(upstream))
        return drawn(candidates, rng.uniform() * weightOf(candidates))
      },
    }
  },
})

function weightOf(upstreams: readonly Upstream[]): number {
  return upstreams.reduce((sum, upstream) => sum + upstream.weight, 0)
}

/** The upstream in whose weight `point` lies; the last one when rounding has carried it beyond; null when there is none. */
function drawn(upstreams: readonly Upstream[], point: number): Upstream | null {
  let left = point
  for (const upstream of upstreams) {
    left -= upstream.weight
    if (left < 0) return upstream
  }
  return upstreams.at(-1) ?? null
}
