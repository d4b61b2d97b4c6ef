// An event loop and threads on one core, in the simulator: the loop finishes one request before it takes the next, the core
// gives every thread an equal share of its time. What switching between threads costs is left out.
import bimodal from '../../fault-injection/service-times/bimodal.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import random from '../../proxy/balancers/random.ts'
import { made } from '../../simulation/made.ts'
import { simulate } from '../../simulation/simulate.ts'

/** What the core computes for most requests, and for one in a hundred of them, ms. */
export const shortMs = 1
export const longMs = 50
const longShare = 0.01

export const ways = ['event loop', 'threads'] as const
export type Way = (typeof ways)[number]

export interface Waits {
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
}

/** Response times when the core is busy for this share of the time, below 1. */
export function onOneCore(way: Way, busy: number): Waits {
  const meanMs = shortMs + longShare * (longMs - shortMs)
  const ratePerSecond = (busy * 1000) / meanMs
  const durationMs = (100_000 * 1000) / ratePerSecond
  const discipline = way === 'event loop' ? 'fifo' : 'shared'
  const { latency } = simulate(
    { durationMs, warmUpMs: durationMs / 10, origins: { count: 1, discipline } },
    {
      arrivals: made(poisson, { ratePerSecond }),
      service: () => made(bimodal, { ms: shortMs, slowMs: longMs, slowShare: longShare }),
      balancer: made(random),
    },
    1,
  )
  const at = (q: number) => latency.quantileMs(q) ?? 0
  return { p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99) }
}
