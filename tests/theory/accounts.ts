// Policies that keep accounts of what they are told, to be held against what the engine says: who is in, since when, and for
// how long all were in together.
import type { Balancer, Limiter, Ms, Upstream } from '../../core/contracts.ts'
import type { Policies } from '../../simulation/model.ts'

/** Those who are in. */
export class Account {
  here = 0
  came = 0
  /** The number that are in, added up over time: L · T in Little's law. */
  area = 0
  /** The times of those that have left, added up: λ · W · T. */
  sumMs = 0
  /** How many those found who came. */
  found = 0
  private changedAt: Ms = 0

  enter(now: Ms): void {
    this.found += this.here
    this.pass(now)
    this.here++
    this.came++
  }

  leave(now: Ms, tookMs: Ms): void {
    this.pass(now)
    this.here--
    this.sumMs += tookMs
  }

  private pass(now: Ms): void {
    this.area += this.here * (now - this.changedAt)
    this.changedAt = now
  }
}

export interface Accounted {
  readonly policies: Policies
  /** Requests that were let in, of each worker. */
  readonly workers: readonly Account[]
  /** Attempts at each upstream, of each worker. */
  readonly upstreams: readonly Account[]
}

/** The same policies, with accounts of all that is let in and of all that is sent, which the engine's own counts must fit. */
export function accounted(policies: Policies): Accounted {
  const workers: Account[] = []
  const upstreams: Account[] = []
  return {
    workers,
    upstreams,
    policies: {
      ...policies,
      limiter: context => {
        const account = new Account()
        workers.push(account)
        return limiterWith(account, policies.limiter?.(context) ?? {})
      },
      balancer: context => balancerWith(upstreams, policies.balancer(context)),
    },
  }
}

function limiterWith(account: Account, inner: Limiter): Limiter {
  return {
    ...inner,
    admit(request, inFlight, now) {
      if (inFlight !== account.here) throw new Error(`${inFlight} in flight, and ${account.here} have not left`)
      const holding = inner.admit?.(request, inFlight, now) ?? null
      if (holding === null) account.enter(now)
      return holding
    },
    onDone(totalMs, now, dropped) {
      account.leave(now, totalMs)
      inner.onDone?.(totalMs, now, dropped)
    },
  }
}

function balancerWith(all: Account[], inner: Balancer): Balancer {
  const own: Account[] = []
  const of = ({ index }: Upstream) => {
    if (own[index] === undefined) all.push((own[index] = new Account()))
    return own[index]
  }
  return {
    ...inner,
    onSend(upstream, now) {
      of(upstream).enter(now)
      if (upstream.inFlight !== of(upstream).here) throw new Error(`${upstream.id} has ${upstream.inFlight} in flight`)
      inner.onSend?.(upstream, now)
    },
    onDone(upstream, outcome, now) {
      of(upstream).leave(now, outcome.totalMs)
      if (upstream.inFlight !== of(upstream).here) throw new Error(`${upstream.id} has ${upstream.inFlight} in flight`)
      inner.onDone?.(upstream, outcome, now)
    },
  }
}
