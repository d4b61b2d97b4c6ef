// The simulator held to the closed forms of queueing theory. The service time is 1 ms on average, so that times are in service
// times. Each row states its 99.9 % interval: theory must lie within it, and it must be narrow enough to mean something.
// Sources: Erlang 1917 (M/M/c); Pollaczek 1930, Khinchine 1932 (M/G/1); Kleinrock, "Queueing systems" II, 1976, 4.4
// (processor sharing does not depend on the service law); Mitzenmacher, TPDS 12(10), 2001 (choices).
import { describe, expect, test } from 'vitest'
import type { ServiceTime } from '../../core/contracts.ts'
import exponential from '../../fault-injection/service-times/exponential.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import powerOfD from '../../proxy/balancers/power-of-d.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import { made } from '../../simulation/made.ts'
import type { Make, OriginsModel, Policies } from '../../simulation/model.ts'
import { type Interval, intervalOf, timesOf } from './interval.ts'

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

/** `widest`: how wide half the interval may be, as a share of the mean. */
function expectTheory(times: readonly number[], theory: number, widest: number): void {
  const { mean, half }: Interval = intervalOf(times)
  const text = `${theory.toFixed(4)} against ${mean.toFixed(4)} ± ${half.toFixed(4)}`
  expect(half / mean, text).toBeLessThan(widest)
  expect(Math.abs(mean - theory), text).toBeLessThanOrEqual(half)
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
  [1, 0.8, 150_000],
  [1, 0.9, 300_000],
  [2, 0.9, 300_000],
  [10, 0.9, 200_000],
  [100, 0.95, 200_000],
])('M/M/%i at load %f', (slots, load, requests) => {
  expectTheory(measured({ load, requests, origins: { count: 1, slots } }), erlangC(slots, load), 0.06)
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
    expectTheory(measured({ load, requests: 200_000, origins: { count: 1 }, service }), theory, 0.07)
  })

  test.each(laws)('shared, %s: the law makes no difference', (_, service) => {
    const origins = { count: 1, discipline: 'shared' } as const
    expectTheory(measured({ load, requests: 200_000, origins, service }), 1 / (1 - load), 0.07)
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
  expectTheory(measured({ load, requests: 200_000, origins: { count } }), 1 / (1 - s), 0.05)
})

describe('the less busy of so many drawn', () => {
  const drawn = (choices: number, replacement: 'yes' | 'no') => made(powerOfD, { choices, replacement })

  /** With very many origins. */
  function limit(choices: number, load: number): number {
    let sum = 0
    for (let i = 1; i < 60; i++) sum += load ** ((choices ** i - choices) / (choices - 1))
    return sum
  }

  test('the limit gives the published values', () => {
    expect(limit(2, 0.9)).toBeCloseTo(2.6141, 4)
    expect(limit(3, 0.9)).toBeCloseTo(2.0279, 4)
    expect(limit(5, 0.7)).toBeCloseTo(1.1681, 4)
  })

  test.each<[number, number]>([
    [2, 0.7],
    [3, 0.7],
  ])('%i of 1,000 at load %f: the limit, to within what 1,000 origins differ from it', (choices, load) => {
    const origins = { count: 1000 }
    const { mean, half } = intervalOf(measured({ load, requests: 200_000, origins, balancer: drawn(choices, 'yes') }))
    const text = `${limit(choices, load)} against ${mean} ± ${half}`
    expect(half / mean, text).toBeLessThan(0.012)
    // With 100 origins the mean is 1 to 2 % above the limit, so with 1,000 it is a few thousandths.
    expect(Math.abs(mean / limit(choices, load) - 1), text).toBeLessThanOrEqual(half / mean + 0.003)
  })

  test('two of 100: Mitzenmacher’s column is that of drawing two different ones', () => {
    const half = { load: 0.5, requests: 200_000, origins: { count: 100 }, replications: 16 }
    const different = measured({ ...half, balancer: drawn(2, 'no') })
    expectTheory(different, 1.2673, 0.006)
    const anyTwo = measured({ ...half, balancer: drawn(2, 'yes') })
    expectTheory(anyTwo, 1.2722, 0.006)
    // Replication by replication both have had the same traffic, which makes the difference much sharper than either.
    const dearer = intervalOf(anyTwo.map((time, replication) => time - different[replication]!))
    expect(dearer.mean - dearer.half).toBeGreaterThan(0)
    const busy = measured({ load: 0.9, requests: 200_000, origins: { count: 100 }, balancer: drawn(2, 'no') })
    expectTheory(busy, 2.6454, 0.02)
  })
})
