// Balancers within balancers: how a spec with plus signs falls into parts, and how a combinator and what it is put around
// become one strategy. What a combinator does with its inner balancer is its own affair; here is what most of them share.
import type { AnyCombinator, AnyStrategy, Balancer, Need, Probing, Upstream } from './contracts.ts'
import type { ParameterTable, Values } from './parameters.ts'
import type { StrategySpec } from './scenario.ts'

/** The parts of `a:x=1+b+c:y=2`, outermost first. A plus sign that no letter follows belongs to a number (`1e+5`). */
export function partsOf(spec: StrategySpec): StrategySpec[] {
  return spec.split(/\+(?=[a-z])/)
}

interface Configured<S> {
  readonly strategy: S
  readonly params: Values<ParameterTable>
}

/** `outer` around `inner`, as one strategy that takes no parameters. Both draw from the same random stream. */
export function combination(
  outer: Configured<AnyCombinator>,
  inner: Configured<AnyStrategy<Balancer>>,
): AnyStrategy<Balancer> {
  const needs: readonly Need[] = [...(outer.strategy.needs ?? []), ...(inner.strategy.needs ?? [])]
  return {
    about: `${outer.strategy.about} Within it: ${inner.strategy.about}`,
    source: `${outer.strategy.source}; ${inner.strategy.source}`,
    needs,
    params: {},
    make: (_params, context) =>
      outer.strategy.make(outer.params as never, () => inner.strategy.make(inner.params as never, context), context),
  }
}

type Hooks = Pick<Balancer, 'onSend' | 'onDone' | 'probing'>

/** Hooks that tell the inner balancer which an upstream belongs to. `active`: those that may ask upstreams for their load. */
export function passedOn(active: () => readonly Balancer[], of: (upstream: Upstream) => Balancer): Hooks {
  const timeoutMs = active()[0]?.probing?.timeoutMs
  return {
    onSend: (upstream, now) => of(upstream).onSend?.(upstream, now),
    onDone: (upstream, outcome, now) => of(upstream).onDone?.(upstream, outcome, now),
    ...(timeoutMs !== undefined && { probing: mergedProbing(active, of, timeoutMs) }),
  }
}

function mergedProbing(
  active: () => readonly Balancer[],
  of: (upstream: Upstream) => Balancer,
  timeoutMs: number,
): Probing {
  const due: Upstream[] = []
  return {
    timeoutMs,
    due(now) {
      due.length = 0
      for (const { probing } of active()) if (probing) due.push(...probing.due(now))
      return due
    },
    onProbe: (upstream, report, now) => of(upstream).probing?.onProbe(upstream, report, now),
  }
}
