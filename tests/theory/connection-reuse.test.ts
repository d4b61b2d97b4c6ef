// How often a pool of kept connections must open one, by its rate, the time requests take, and how long an idle connection is
// kept. Connection j is opened when the requests under way go from j - 1 to j after they have been fewer than j for longer
// than the idle time; those under way are a Poisson variable, and the time until they are j again is the first passage of
// M/M/∞. Of W workers with a pool each, every pool has a W-th of the rate.
// When requests are rare this is e^(-a · idle), the chance that nobody came meanwhile.
import { expect, test } from 'vitest'
import { type ConnectionPool, DIAL } from '../../core/contracts.ts'
import exponential from '../../fault-injection/service-times/exponential.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import kernel from '../../proxy/accept/kernel.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import keepAlive from '../../proxy/pools/keep-alive.ts'
import { made } from '../../simulation/made.ts'
import type { Make } from '../../simulation/model.ts'
import { simulate } from '../../simulation/simulate.ts'
import { expectTheory, type Interval, intervalOf } from './interval.ts'

const serviceS = 0.05
const requests = 30_000

/** The share of requests that have to open a connection, once the pools have settled. */
function missShare(workers: number, perSecond: number, idleS: number, poolScope: 'worker' | 'proxy'): Interval {
  const durationMs = (requests / perSecond) * 1000
  const model = {
    durationMs,
    origins: { count: 1, slots: Number.POSITIVE_INFINITY },
    proxies: { workers, poolScope },
  }
  const shares = Array.from({ length: 8 }, (_, replication) => {
    let asked = 0
    let opened = 0
    const counting: Make<ConnectionPool> = context => {
      const pool = made(keepAlive, { idleMs: idleS * 1000, maxIdle: 1000 })(context)
      return {
        ...pool,
        acquire(upstream, ticket, first, now) {
          const answer = pool.acquire(upstream, ticket, first, now)
          if (now < durationMs / 4) return answer
          asked++
          if (answer === DIAL) opened++
          return answer
        },
      }
    }
    const policies = {
      arrivals: made(poisson, { ratePerSecond: perSecond }),
      service: () => made(exponential, { meanMs: serviceS * 1000 }),
      balancer: made(roundRobin),
      pool: counting,
      accept: made(kernel),
    }
    simulate(model, policies, 1, replication)
    return opened / asked
  })
  return intervalOf(shares)
}

/** The same by the formula, of a pool with `perSecond` requests. */
function theory(perSecond: number, idleS: number): number {
  const offered = perSecond * serviceS
  let under = Math.exp(-offered)
  let sum = 0
  for (let j = 1; under > 1e-9 || j <= offered; j++) {
    sum += under * longerThan(j, perSecond, idleS)
    under *= offered / j
  }
  return sum
}

/**
 * The chance that requests under way, j - 1 now, are fewer than j for longer than `idleS`: the chain of 0 to j - 1, left
 * upwards, after so many steps of its fastest rate (uniformisation).
 */
function longerThan(j: number, perSecond: number, idleS: number): number {
  const fastest = perSecond + (j - 1) / serviceS
  const steps = fastest * idleS
  let chances = new Array<number>(j).fill(0)
  chances[j - 1] = 1
  let left = 0
  // The logarithm, for with many steps the chance of few of them is no number any more.
  let logChance = -steps
  for (let step = 0; step < steps + 10 * Math.sqrt(steps) + 50; step++) {
    left += Math.exp(logChance) * chances.reduce((sum, chance) => sum + chance)
    logChance += Math.log(steps / (step + 1))
    chances = chances.map((chance, n) => {
      const stays = chance * (1 - (perSecond + n / serviceS) / fastest)
      const upwards = n > 0 ? chances[n - 1]! * (perSecond / fastest) : 0
      const downwards = n + 1 < j ? chances[n + 1]! * ((n + 1) / serviceS / fastest) : 0
      return stays + upwards + downwards
    })
  }
  return left
}

const rows: [number, number, number, number][] = [
  [1, 0.05, 60, 0.0521],
  [4, 0.05, 60, 0.4727],
  [16, 0.5, 60, 0.1547],
  [1, 0.5, 60, 0.012],
  [8, 2, 60, 0.0102],
  [16, 40, 60, 0.0027],
  [1, 200, 1, 0.0089],
  [16, 200, 1, 0.0513],
]

test.each(rows)(
  '%i workers with a pool each, %f requests per second, kept for %i s: %f are opened',
  (workers, perSecond, idleS, published) => {
    const exact = theory(perSecond / workers, idleS)
    expect(exact).toBeCloseTo(published, 3)
    expectTheory(missShare(workers, perSecond, idleS, 'worker'), exact, 0.25)
  },
)

test.each(rows.filter(([workers]) => workers > 1))(
  '%i workers with one pool, %f requests per second, kept for %i s',
  (workers, perSecond, idleS, apart) => {
    const exact = theory(perSecond, idleS)
    const { mean, half } = missShare(workers, perSecond, idleS, 'proxy')
    expect(Math.abs(mean - exact)).toBeLessThanOrEqual(half)
    expect(mean + half).toBeLessThan(apart / 2)
  },
)

test('rare requests: sharing raises the miss to the power of the pools', () => {
  expect(theory(0.05 / 4, 60) ** 4).toBeCloseTo(theory(0.05, 60), 2)
  expect(theory(0.05 / 4, 60)).toBeCloseTo(Math.exp(-0.05 * 15), 3)
})
