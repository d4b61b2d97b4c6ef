// A draw for each request. Needs no state and no agreement between workers, and is uneven for as long as chance is.
import { type Balancer, defineBalancer } from '../../core/contracts.ts'
import { WeightedDraw } from '../../core/weighted-draw.ts'

export default defineBalancer({
  about: 'Draws an upstream for each request, in proportion to the weights, whatever its load or speed.',
  source: 'NGINX ngx_http_upstream_random_module.c without "two"; Envoy Random',
  params: {},
  make(_params, { rng }): Balancer {
    let eligible = new WeightedDraw([])
    return {
      onEligible(upstreams) {
        eligible = new WeightedDraw(upstreams)
      },
      pick: (_request, avoid) => (avoid.length === 0 ? eligible.draw(rng) : eligible.drawExcept(avoid, rng)),
    }
  },
})
