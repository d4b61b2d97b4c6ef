// The experiments of the lesson on two choices: the balancers of the proxy itself, in the simulator, in the page.
import { combination } from '../../core/combination.ts'
import type { AnyCombinator, AnyStrategy, Balancer } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import exponential from '../../fault-injection/service-times/exponential.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import leastRequest from '../../proxy/balancers/least-request.ts'
import powerOfTwo from '../../proxy/balancers/power-of-two.ts'
import random from '../../proxy/balancers/random.ts'
import staleView from '../../proxy/combinators/stale-view.ts'
import { made } from '../../simulation/made.ts'
import type { Make, OriginModel } from '../../simulation/model.ts'
import { simulate } from '../../simulation/simulate.ts'

export const balancers = { random, 'power-of-two': powerOfTwo, 'least-request': leastRequest } as const
export type BalancerName = keyof typeof balancers
export const names = Object.keys(balancers) as BalancerName[]

export interface Situation {
  readonly origins: number
  readonly each?: Readonly<Record<number, OriginModel>>
  readonly slots?: number
  /** Mean service time, ms; that of origin `slow` is ten times as long. */
  readonly serviceMs: number
  readonly slow?: number
  readonly ratePerSecond: number
  readonly requests: number
  /** How old the balancer's counts may be, ms; 0: never. */
  readonly staleMs?: number
}

export interface Figures {
  readonly meanMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** The share of all requests that each origin was sent. */
  readonly shares: readonly number[]
  /** Points of the curve "this share of the requests took longer", for a chart. */
  readonly tail: readonly { readonly ms: number; readonly share: number }[]
}

function balancer(name: BalancerName, staleMs: number): Make<Balancer> {
  const strategy = balancers[name] as AnyStrategy<Balancer>
  const inner = { strategy, params: decodeParameters(strategy.params, {}, name) }
  if (staleMs === 0) return context => strategy.make(inner.params as never, context)
  const outer = { strategy: staleView as AnyCombinator, params: { everyMs: staleMs } }
  return context => combination(outer, inner).make({} as never, context)
}

const tailShares = [0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 0.007, 0.005]

/** Plays the situation under one balancer; the traffic is the same for all of them. */
export function play(name: BalancerName, situation: Situation, seed = 1): Figures {
  const { origins: count, slots = 1, serviceMs, slow, ratePerSecond, requests, staleMs = 0 } = situation
  const durationMs = (requests / ratePerSecond) * 1000
  const result = simulate(
    { durationMs, warmUpMs: durationMs / 10, origins: { count, slots } },
    {
      arrivals: made(poisson, { ratePerSecond }),
      service: index => made(exponential, { meanMs: index === slow ? serviceMs * 10 : serviceMs }),
      balancer: balancer(name, staleMs),
    },
    seed,
  )
  const { latency } = result
  const at = (share: number) => latency.quantileMs(1 - share) ?? 0
  const sent = result.origins.map(origin => origin.arrivals)
  const all = sent.reduce((sum, one) => sum + one, 0)
  return {
    meanMs: latency.meanMs ?? 0,
    p50Ms: at(0.5),
    p99Ms: at(0.01),
    shares: sent.map(one => one / all),
    tail: tailShares.map(share => ({ ms: at(share), share })),
  }
}

/** Mean time in the system of the supermarket model with very many origins, in service times. Mitzenmacher, TPDS 12(10), 2001. */
export function meanOfChoices(choices: number, load: number): number {
  if (choices === 1) return 1 / (1 - load)
  let sum = 0
  for (let i = 1; i < 60; i++) sum += load ** ((choices ** i - choices) / (choices - 1))
  return sum
}
