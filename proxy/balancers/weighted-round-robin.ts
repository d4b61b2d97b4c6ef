// In turn, the heavy ones more often, and smoothly: 5, 1, 1 gives a a b a c a a rather than a a a a a b c, so that nobody gets
// a burst. Every upstream earns its weight at each pick; the richest is picked and pays what all have earned.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'

export default defineBalancer({
  about: 'Sends to each upstream in turn, in proportion to its weight and smoothly spread.',
  source: 'NGINX ngx_http_upstream_round_robin.c, without the weight it takes away after failures',
  params: {},
  make(): Balancer {
    let eligible: readonly Upstream[] = []
    /** What each upstream has earned and not yet paid, by its index. */
    const earned: number[] = []
    return {
      onEligible(upstreams) {
        for (const { index } of upstreams) earned[index] ??= 0
        // One that comes back does not catch up on what it missed.
        for (const { index } of eligible) if (!upstreams.some(upstream => upstream.index === index)) earned[index] = 0
        eligible = upstreams
      },
      pick(_request, avoid) {
        let best: Upstream | null = null
        let total = 0
        for (const upstream of eligible) {
          if (avoid.length > 0 && avoid.includes(upstream)) continue
          total += upstream.weight
          earned[upstream.index]! += upstream.weight
          if (best === null || earned[upstream.index]! > earned[best.index]!) best = upstream
        }
        if (best !== null) earned[best.index]! -= total
        return best
      },
    }
  },
})
