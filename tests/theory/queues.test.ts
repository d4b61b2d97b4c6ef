// The simulator held to the closed forms of queueing theory. The service time is 1 ms on average, so that times are in service
// times. Each row states its 99.9 % interval: theory must lie within it, and it must be narrow enough to mean something.
// Sources: Erlang 1917 (M/M/c); Pollaczek 1930, Khinchine 1932 (M/G/1); Kleinrock, "Queueing systems" II, 1976, 4.4
// (processor sharing does not depend on the service law).
import { describe, expect, test } from 'vitest'
import type { ServiceTime } from '../../core/contracts.ts'
import exponential from '../../fault-injection/service-times/exponential.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import { made } from '../../simulation/made.ts'
import type { Make, OriginsModel, Policies } from '../../simulation/model.ts'
import { expectTheory, intervalOf, timesOf } from './interval.ts'

const markov = made(exponential, { meanMs: 1 })
/** One in ten takes 7 ms, the others a third of one: mean 1, squared coefficient of variation 4. */
const twoPoint: Make<ServiceTime> = () => ({ meanMs: 1, quantile: u => (u < 0.1 ? 7 : 1 / 3) })
const fixed: Make<ServiceTime> = () => ({ meanMs: 1, quantile: () => 1 })

interface Case {
  readonly load: number
  /** Requests of each replication. */
  readonly requests: number
  readonly origins: OriginsModel
  readonly service?: Make<ServiceTime>
  readonly balancer?: Policies['balancer']
  readonly replications?: number
}

function measured(asked: Case): number[] {
  const { load, requests, origins, service = markov, balancer = made(roundRobin), replications = 10 } = asked
  const servers = origins.count * (origins.slots ?? 1)
  const durationMs = requests / (load * servers)
  const model = { durationMs, warmUpMs: durationMs / 8, origins }
  const arrivals = made(poisson, { ratePerSecond: load * servers * 1000 })
  return timesOf(model, () => ({ arrivals, service: () => service, balancer }), replications)
}

/** Time in an M/M/c queue in service times, by Erlang's recursion. */
function erlangC(servers: number, load: number): number {
  const offered = servers * load
  let blocking = 1
  for (let k = 1; k <= servers; k++) blocking = (offered * blocking) / (k + offered * blocking)
  const waits = blocking / (1 - load * (1 - blocking))
  return 1 + waits / (servers * (1 - load))
}

test('the formula gives the published values', () => {
  expect(erlangC(1, 0.9)).toBeCloseTo(10, 10)
  expect(erlangC(2, 0.9)).toBeCloseTo(5.26316, 5)
  expect(erlangC(10, 0.9)).toBeCloseTo(1.66873, 5)
  expect(erlangC(100, 0.95)).toBeCloseTo(1.10129, 5)
})

test.each<[number, number, number]>([
  [1, 0.8, 100_000],
  [1, 0.9, 250_000],
  [2, 0.9, 250_000],
  [10, 0.9, 120_000],
  [100, 0.95, 150_000],
])('M/M/%i at load %f', (slots, load, requests) => {
  expectTheory(intervalOf(measured({ load, requests, origins: { count: 1, slots } })), erlangC(slots, load), 0.1)
})

describe('M/G/1 at load 0.8', () => {
  const load = 0.8
  const laws: [string, Make<ServiceTime>, number][] = [
    ['fixed', fixed, 0],
    ['exponential', markov, 1],
    ['two-point', twoPoint, 4],
  ]

  test.each(laws)('first come, first served, %s: Pollaczek and Khinchine', (_, service, squaredVariation) => {
    const theory = 1 + (load * (1 + squaredVariation)) / (2 * (1 - load))
    expectTheory(intervalOf(measured({ load, requests: 120_000, origins: { count: 1 }, service })), theory, 0.13)
  })

  test.each(laws)('shared, %s: the law makes no difference', (_, service) => {
    const origins = { count: 1, discipline: 'shared' } as const
    expectTheory(intervalOf(measured({ load, requests: 120_000, origins, service })), 1 / (1 - load), 0.13)
  })
})

test.each<[number, number, number]>([
  [2, 0.8, 3.844],
  [4, 0.8, 3.2674],
  [10, 0.9, 5.6603],
])('in turn over %i origins at load %f: parallel E_k/M/1 queues', (count, load, published) => {
  // s = (kl / (kl + 1 - s))^k has one solution below 1, which iteration from 0 comes to.
  let s = 0
  for (let i = 0; i < 10_000; i++) s = ((count * load) / (count * load + 1 - s)) ** count
  expect(1 / (1 - s)).toBeCloseTo(published, 3)
  expectTheory(intervalOf(measured({ load, requests: 200_000, origins: { count } })), 1 / (1 - s), 0.1)
})
