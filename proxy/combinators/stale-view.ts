// What a balancer knows is rarely fresh: counts that several proxies share, or that are asked for, are some time old. The
// balancer within sees the requests in flight as they were at the last refresh. With a stale view, asking everybody makes
// everybody run to the same upstream; asking two at random is much less harmed.
import { type Balancer, defineCombinator, type Upstream } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'
import { behindViews, UpstreamView, Views } from '../../core/upstream-view.ts'

/** Shows the load of the last refresh. */
class StaleView extends UpstreamView {
  seen = 0

  override get inFlight(): number {
    return this.seen
  }
}

export default defineCombinator({
  about: 'Shows the balancer within the requests in flight as they were at the last refresh.',
  source:
    'Mitzenmacher, "How useful is old information?", TPDS 11(1), 2000, periodic update; Brooker, "The power of two random choices", 2012',
  params: {
    everyMs: number({ default: 1000, min: 0, max: 3_600_000, unit: 'ms', doc: 'between refreshes; 0: always fresh' }),
  },
  make({ everyMs }, newInner): Balancer {
    const inner = newInner()
    const views = new Views(upstream => new StaleView(upstream))
    const around = behindViews(inner, views)
    let eligible: readonly StaleView[] = []
    let refreshAt = Number.NEGATIVE_INFINITY

    function refresh(now: number): void {
      if (now < refreshAt) return
      // On a grid of its own, so that a quiet time does not move it.
      refreshAt = everyMs === 0 ? now : (Math.floor(now / everyMs) + 1) * everyMs
      for (const view of eligible) view.seen = view.real.inFlight
    }

    return {
      ...around,
      onEligible(upstreams: readonly Upstream[], version, now) {
        const before = new Set(eligible)
        eligible = upstreams.map(upstream => views.of(upstream))
        // One that is new was not seen busy by anybody.
        for (const view of eligible) if (!before.has(view)) view.seen = view.real.inFlight
        refresh(now)
        inner.onEligible(eligible, version, now)
      },
      pick(request, avoid, now) {
        refresh(now)
        return around.pick(request, avoid, now)
      },
    }
  },
})
