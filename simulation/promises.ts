// What the engine promises to policies, checked: every policy handed in is watched, and a broken promise is thrown where it
// is broken. For tests; it slows a run down and changes nothing about it.
import type { Balancer, HealthPolicy, Outcome, Upstream } from '../core/contracts.ts'
import type { Make, Policies } from './model.ts'

/** The same policies, watched. `settle` is to be called after the run. */
export function watched(policies: Policies): { policies: Policies; settle: () => void } {
  const watchers: Watcher[] = []
  const watch = () => {
    const watcher = new Watcher()
    watchers.push(watcher)
    return watcher
  }
  const { balancer, health } = policies
  return {
    policies: {
      ...policies,
      balancer: context => watch().balancer(balancer(context)),
      ...(health && { health: (context => watch().health(health(context))) satisfies Make<HealthPolicy> }),
    },
    settle: () => {
      for (const watcher of watchers) watcher.settle()
    },
  }
}

class Watcher {
  private now = Number.NEGATIVE_INFINITY
  private version = 0
  private eligible: ReadonlySet<Upstream> | null = null
  private readonly underWay = new Map<number, number>()

  balancer(inner: Balancer): Balancer {
    return {
      pick: (request, avoid, now) => {
        this.passes(now)
        if (this.eligible === null) throw new Error('a pick before the first onEligible')
        const picked = inner.pick(request, avoid, now)
        if (picked !== null && !this.eligible.has(picked))
          throw new Error(`${picked.id} was picked and is not eligible`)
        if (picked !== null && avoid.includes(picked)) throw new Error(`${picked.id} was picked and was to be avoided`)
        return picked
      },
      ...(inner.onMembers && { onMembers: (members, now) => inner.onMembers!(members, now) }),
      onEligible: (eligible, version, now) => {
        this.passes(now)
        if (version <= this.version) throw new Error(`version ${version} after ${this.version}`)
        const isInOrder = eligible.every((one, at) => at === 0 || one.index > eligible[at - 1]!.index)
        if (!isInOrder) throw new Error('the eligible upstreams are out of order')
        this.version = version
        this.eligible = new Set(eligible)
        inner.onEligible(eligible, version, now)
      },
      onSend: (upstream, now) => {
        this.begins(upstream, now)
        inner.onSend?.(upstream, now)
      },
      onDone: (upstream, outcome, now) => {
        this.ends(upstream, outcome, now)
        inner.onDone?.(upstream, outcome, now)
      },
      ...(inner.probing && { probing: inner.probing }),
    }
  }

  health(inner: HealthPolicy): HealthPolicy {
    return {
      ...inner,
      onSend: (upstream, now) => {
        this.begins(upstream, now)
        return inner.onSend?.(upstream, now) ?? false
      },
      onDone: (upstream, outcome, now) => {
        this.ends(upstream, outcome, now)
        return inner.onDone?.(upstream, outcome, now) ?? false
      },
    }
  }

  settle(): void {
    for (const [index, count] of this.underWay) {
      if (count !== 0) throw new Error(`${count} attempts at o${index} had no onDone`)
    }
  }

  private passes(now: number): void {
    if (!(now >= this.now)) throw new Error(`time went from ${this.now} back to ${now}`)
    this.now = now
  }

  private begins(upstream: Upstream, now: number): void {
    this.passes(now)
    this.underWay.set(upstream.index, (this.underWay.get(upstream.index) ?? 0) + 1)
  }

  private ends(upstream: Upstream, outcome: Outcome, now: number): void {
    this.passes(now)
    const count = (this.underWay.get(upstream.index) ?? 0) - 1
    if (count < 0) throw new Error(`an onDone at ${upstream.id} without an onSend`)
    if (outcome.totalMs < 0) throw new Error(`an attempt took ${outcome.totalMs} ms`)
    this.underWay.set(upstream.index, count)
  }
}
