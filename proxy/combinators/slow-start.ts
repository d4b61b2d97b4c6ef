// A cold upstream is not thrown in at the deep end: one that joins or comes back gets a growing part of its weight. What
// is there when the proxy starts gets its whole weight at once, as nobody is warmer than anybody else.
import { type Balancer, defineCombinator, type Upstream } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'
import { behindViews, UpstreamView, Views } from '../../core/upstream-view.ts'

export default defineCombinator({
  about: 'Gives an upstream that joins or comes back a growing part of its weight; for balancers that look at weights.',
  source:
    'Envoy slow_start_config (load_balancer_impl.cc); in steps and not at the start of the proxy, as HAProxy slowstart',
  params: {
    windowMs: number({ default: 10_000, min: 1, max: 3_600_000, unit: 'ms', doc: 'until the whole weight is reached' }),
    minShare: number({ default: 0.1, min: 0.001, max: 1, unit: 'share', doc: 'of the weight, to begin with' }),
    aggression: number({
      default: 1,
      min: 0.1,
      max: 10,
      unit: 'exponent',
      doc: 'the share is the elapsed part of the window to the power of 1 / aggression; 1: in a straight line',
    }),
    steps: count({ default: 20, min: 1, max: 1000, unit: 'steps', doc: 'in which the weight grows' }),
  },
  make({ windowMs, minShare, aggression, steps }, newInner): Balancer {
    const inner = newInner()
    const views = new Views(upstream => new UpstreamView(upstream))
    const around = behindViews(inner, views)
    let eligible: readonly UpstreamView[] = []
    /** When the upstream of this index became eligible; -Infinity: it was there from the beginning. */
    const since: number[] = []
    let version = 0
    let nextStepAt = Number.POSITIVE_INFINITY

    const shareAt = (elapsedMs: number) =>
      elapsedMs >= windowMs ? 1 : Math.max(minShare, (elapsedMs / windowMs) ** (1 / aggression))

    function tell(now: number): void {
      let growing = false
      for (const view of eligible) {
        const elapsedMs = now - since[view.index]!
        view.weightShare = shareAt(elapsedMs)
        growing ||= elapsedMs < windowMs
      }
      nextStepAt = growing ? now + windowMs / steps : Number.POSITIVE_INFINITY
      inner.onEligible(eligible, ++version, now)
    }

    return {
      ...around,
      onEligible(upstreams: readonly Upstream[], _version, now) {
        const before = new Set(eligible)
        const first = version === 0
        eligible = upstreams.map(upstream => views.of(upstream))
        for (const view of eligible) {
          if (!before.has(view)) since[view.index] = first ? Number.NEGATIVE_INFINITY : now
        }
        tell(now)
      },
      pick(request, avoid, now) {
        if (now >= nextStepAt) tell(now)
        return around.pick(request, avoid, now)
      },
    }
  },
})
