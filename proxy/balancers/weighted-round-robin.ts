// In turn, the heavy ones more often, and smoothly: 5, 1, 1 gives a a b a c a a rather than a a a a a b c, so that nobody gets
// a burst. Every upstream earns its weight at each pick; the richest is picked and pays what all have earned.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { SmoothTurn } from '../../core/smooth-turn.ts'

export default defineBalancer({
  about: 'Sends to each upstream in turn, in proportion to its weight and smoothly spread.',
  source: 'NGINX ngx_http_upstream_round_robin.c, without the weight it takes away after failures',
  params: {},
  make(): Balancer {
    const turn = new SmoothTurn()
    let eligible: readonly Upstream[] = []
    return {
      onEligible(upstreams) {
        eligible = upstreams
        turn.keep(upstreams)
      },
      pick: (_request, avoid) =>
        turn.take(avoid.length === 0 ? eligible : eligible.filter(upstream => !avoid.includes(upstream))),
    }
  },
})
