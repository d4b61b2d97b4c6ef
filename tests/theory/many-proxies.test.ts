// What becomes of a balancer when many proxies use it, each knowing of its own requests only: a hundred origins at load 0.9
// behind one proxy and behind a hundred. One proxy that takes turns makes parallel E_k/M/1 queues; the turns of a hundred
// proxies that do not know of each other add up to nearly chance, which is M/M/1. Own counts go the same way: nobody herds,
// for what each sees is fresh, but there is less and less to see.
import { expect, test } from 'vitest'
import exponential from '../../fault-injection/service-times/exponential.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import leastRequest from '../../proxy/balancers/least-request.ts'
import powerOfTwo from '../../proxy/balancers/power-of-two.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import { made } from '../../simulation/made.ts'
import type { Policies } from '../../simulation/model.ts'
import { expectTheory, intervalOf, timesOf } from './interval.ts'

const origins = 100
const load = 0.9
/** M/M/1: 1 / (1 - load). */
const atRandom = 10

/** The mean time in service times, of each replication. */
function times(balancer: Policies['balancer'], count: number, requests: number): number[] {
  const durationMs = requests / (load * origins)
  const model = { durationMs, warmUpMs: durationMs / 4, origins: { count: origins }, proxies: { count } }
  const arrivals = made(poisson, { ratePerSecond: load * origins * 1000 })
  const service = () => made(exponential, { meanMs: 1 })
  return timesOf(model, () => ({ arrivals, service, balancer }), 8)
}

test('one proxy in turn over a hundred origins: E_100/M/1', () => {
  let s = 0
  for (let i = 0; i < 10_000; i++) s = ((origins * load) / (origins * load + 1 - s)) ** origins
  expect(1 / (1 - s)).toBeCloseTo(5.2268, 4)
  expectTheory(intervalOf(times(made(roundRobin), 1, 200_000)), 1 / (1 - s), 0.1)
})

/** Seconds of computing, and many of them on a machine that is busy otherwise. */
const patient = { timeout: 120_000 }

test('one proxy: least-request, then two looks, then turns; a hundred: all are much worse', patient, () => {
  // Means of an independent simulation.
  const table = [
    { balancer: made(leastRequest), alone: 1.07, ofHundred: 7.27 },
    { balancer: made(powerOfTwo), alone: 2.69, ofHundred: 7.17 },
    { balancer: made(roundRobin), alone: 5.4, ofHundred: 7.6 },
  ]
  let better = 0
  for (const { balancer, alone, ofHundred } of table) {
    const one = intervalOf(times(balancer, 1, 60_000))
    const many = intervalOf(times(balancer, 100, 120_000))
    for (const [{ mean, half }, about] of [
      [one, alone],
      [many, ofHundred],
    ] as const) {
      const text = `${about} against ${mean.toFixed(3)} ± ${half.toFixed(3)}`
      expect(half / mean, text).toBeLessThan(0.2)
      expect(Math.abs(mean / about - 1), text).toBeLessThan(half / mean + 0.03)
    }
    expect(one.mean - one.half).toBeGreaterThan(better)
    better = one.mean + one.half
    expect(many.mean - many.half).toBeGreaterThan(one.mean + one.half)
    expect(many.mean + many.half).toBeLessThan(atRandom)
  }
})

test('the more proxies, the less two looks are worth', () => {
  const means = [1, 4, 20].map(count => intervalOf(times(made(powerOfTwo), count, 60_000)))
  means.slice(1).forEach((more, i) => {
    expect(more.mean - more.half).toBeGreaterThan(means[i]!.mean + means[i]!.half)
  })
})
