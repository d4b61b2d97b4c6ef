// An upstream as a combinator shows it to the balancer within: the same upstream with another weight or another load. The
// inner balancer only ever meets views, so its state hangs on them as it would on the upstreams themselves.
import type { Balancer, Upstream } from './contracts.ts'

/** Shows an upstream with a part of its weight, and its load with whatever the combinator adds. */
export class UpstreamView implements Upstream {
  /** The upstream itself, which is what an engine is told. */
  real: Upstream
  readonly index: number
  readonly id: string
  readonly zone?: string
  readonly priority?: number
  /** The part of the weight that is shown, above 0. */
  weightShare = 1
  /** Requests shown on top of those that are really in flight. */
  extra = 0

  constructor(upstream: Upstream) {
    this.real = upstream
    this.index = upstream.index
    this.id = upstream.id
    if (upstream.zone !== undefined) this.zone = upstream.zone
    if (upstream.priority !== undefined) this.priority = upstream.priority
  }

  get weight(): number {
    return this.real.weight * this.weightShare
  }

  get inFlight(): number {
    return this.real.inFlight + this.extra
  }
}

/** The views of one combinator, by upstream: made at first sight, kept while the upstream keeps its index and id. */
export class Views<V extends UpstreamView = UpstreamView> {
  private readonly made: V[] = []
  private readonly avoided: V[] = []
  private readonly show: (upstream: Upstream) => V

  /** `show` makes the view of an upstream that has none yet. */
  constructor(show: (upstream: Upstream) => V) {
    this.show = show
  }

  of(upstream: Upstream): V {
    const view = this.made[upstream.index]
    if (view === undefined || view.id !== upstream.id) return (this.made[upstream.index] = this.show(upstream))
    view.real = upstream
    return view
  }

  /** The views of a request's `avoid`, in an array that is used again. */
  avoiding(avoid: readonly Upstream[]): readonly V[] {
    this.avoided.length = avoid.length
    for (let i = 0; i < avoid.length; i++) this.avoided[i] = this.of(avoid[i]!)
    return this.avoided
  }
}

/** Everything of a balancer but `onEligible`, which the combinator calls with views when it sees fit. */
export function behindViews(inner: Balancer, views: Views): Omit<Balancer, 'onEligible'> {
  const { probing } = inner
  const due: Upstream[] = []
  return {
    pick(request, avoid, now) {
      const picked = inner.pick(request, views.avoiding(avoid), now)
      return picked === null ? null : realOf(picked)
    },
    onMembers: (members, now) =>
      inner.onMembers?.(
        members.map(upstream => views.of(upstream)),
        now,
      ),
    onSend: (upstream, now) => inner.onSend?.(views.of(upstream), now),
    onDone: (upstream, outcome, now) => inner.onDone?.(views.of(upstream), outcome, now),
    ...(probing && {
      probing: {
        timeoutMs: probing.timeoutMs,
        due(now) {
          due.length = 0
          for (const view of probing.due(now)) due.push(realOf(view))
          return due
        },
        onProbe: (upstream, report, now) => probing.onProbe(views.of(upstream), report, now),
      },
    }),
  }
}

const realOf = (view: Upstream) => (view as UpstreamView).real
