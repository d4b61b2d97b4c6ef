// An upstream that fails fast looks idle and quick, and draws everybody to it. Here a failed attempt counts as if it went on
// for a while: to a balancer that counts requests it is still in flight, to one that measures time it was slow.
import { type Balancer, defineCombinator, type Outcome, type Upstream } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'
import { behindViews, UpstreamView, Views } from '../../core/upstream-view.ts'

export default defineCombinator({
  about: 'Lets a failed attempt count as one in flight for a while, and as one that took so long.',
  source: 'Linkerd load-biaser, which counts failures as slow answers; here for balancers that count requests as well',
  params: {
    penaltyMs: number({
      default: 5000,
      min: 1,
      max: 3_600_000,
      unit: 'ms',
      doc: 'that a failed attempt seems to take',
    }),
  },
  make({ penaltyMs }, newInner): Balancer {
    const inner = newInner()
    const views = new Views(upstream => new UpstreamView(upstream))
    const around = behindViews(inner, views)
    /** Failures that still count, in order of their end: whose, and until when. `from`: how many are over. */
    let whose: UpstreamView[] = []
    let until: number[] = []
    let from = 0

    function forgive(now: number): void {
      while (from < until.length && until[from]! <= now) whose[from++]!.extra--
      if (from < 1024 || from * 2 < until.length) return
      whose = whose.slice(from)
      until = until.slice(from)
      from = 0
    }

    return {
      ...around,
      onEligible(upstreams: readonly Upstream[], version, now) {
        forgive(now)
        inner.onEligible(
          upstreams.map(upstream => views.of(upstream)),
          version,
          now,
        )
      },
      pick(request, avoid, now) {
        forgive(now)
        return around.pick(request, avoid, now)
      },
      onDone(upstream, outcome, now) {
        const view = views.of(upstream)
        if (!hasFailed(outcome)) return inner.onDone?.(view, outcome, now)
        view.extra++
        whose.push(view)
        until.push(now + penaltyMs)
        const headMs = Math.max(outcome.headMs, penaltyMs)
        inner.onDone?.(view, { ...outcome, headMs, totalMs: Math.max(outcome.totalMs, headMs) }, now)
      },
    }
  },
})

function hasFailed({ kind, status }: Outcome): boolean {
  if (kind === 'client-gone') return false
  return kind !== 'response' || status === 429 || status >= 500
}
