// How the work falls on the workers of a proxy, by who takes a new request: the first that is idle, whoever a hash says, or
// one queue for all.
// Sources: Erlang, 1917; ordered hunting, Cooper, "Introduction to queueing theory", 1981, 3.5: of A erlangs worker i carries
// A · (B(i - 1, A) - B(i, A)), which is how workers woken last in, first out share connections (epoll); Pollaczek, Khinchine.
import { describe, expect, test } from 'vitest'
import exponential from '../../fault-injection/service-times/exponential.ts'
import fixed from '../../fault-injection/service-times/fixed.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import kernel from '../../proxy/accept/kernel.ts'
import leastConnections from '../../proxy/accept/least-connections.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import { made } from '../../simulation/made.ts'
import type { Model, Policies } from '../../simulation/model.ts'
import { expectTheory, type Interval, intervalOf, replicated, timesOf } from './interval.ts'

/** Erlang's B: the share of `offered` erlangs that finds all servers busy. */
function blocking(servers: number, offered: number): number {
  let share = 1
  for (let k = 1; k <= servers; k++) share = (offered * share) / (k + offered * share)
  return share
}

const unlimited = Number.POSITIVE_INFINITY

describe.each([
  [3, [0.75, 0.662, 0.55, 0.42, 0.288, 0.174]],
  [6, [0.857, 0.823, 0.779, 0.724, 0.655, 0.573]],
])('%i erlangs, each to the first worker that is idle', (offered, published) => {
  test('are carried as Erlang says', () => {
    const durationMs = 80_000 / offered
    // Enough workers that hardly ever none is idle.
    const model: Model = { durationMs, origins: { count: 1, slots: unlimited }, proxies: { workers: 24 } }
    const results = replicated(
      model,
      () => ({
        arrivals: made(poisson, { ratePerSecond: offered * 1000 }),
        service: () => made(exponential, { meanMs: 1 }),
        balancer: made(roundRobin),
        accept: made(leastConnections),
      }),
      8,
    )
    published.forEach((about, i) => {
      const exact = offered * (blocking(i, offered) - blocking(i + 1, offered))
      expect(exact).toBeCloseTo(about, 3)
      expectTheory(intervalOf(results.map(({ workers }) => workers[i]!.requests / durationMs)), exact, 0.06)
    })
  })
})

describe.each([
  ['exponential', made(exponential, { meanMs: 1 })],
  ['fixed', made(fixed, { ms: 1 })],
])('an origin without a queue, %s service', (_, service) => {
  test.each([
    [4, 3],
    [10, 8],
  ])('of %i slots turns away what Erlang’s B says at %i erlangs', (slots, offered) => {
    const model: Model = { durationMs: 100_000 / offered, origins: { count: 1, slots, queue: 0 } }
    const arrivals = made(poisson, { ratePerSecond: offered * 1000 })
    const results = replicated(model, () => ({ arrivals, service: () => service, balancer: made(roundRobin) }), 8)
    expectTheory(
      intervalOf(results.map(({ errors, measured }) => errors['bad-status'] / measured)),
      blocking(slots, offered),
      0.08,
    )
  })
})

describe('sixteen workers that compute 1 ms for each request, at load 0.8', () => {
  const load = 0.8
  const workers = 16

  function timeWith(accept: NonNullable<Policies['accept']>, stealing: boolean): Interval {
    const durationMs = 5000
    const model: Model = {
      durationMs,
      warmUpMs: durationMs / 8,
      origins: { count: 1, slots: unlimited },
      proxies: { workers, requestCpuMs: 1, stealing },
    }
    const policies = {
      arrivals: made(poisson, { ratePerSecond: load * workers * 1000 }),
      service: () => made(fixed, { ms: 0 }),
      balancer: made(roundRobin),
      accept,
    }
    return intervalOf(timesOf(model, () => policies, 8))
  }

  test('by a hash each is an M/D/1 queue of its own; a common queue is below M/M/16, and the least busy nearly as good', () => {
    const hashed = timeWith(made(kernel), false)
    expectTheory(hashed, 1 + load / (2 * (1 - load)), 0.08)
    const common = timeWith(made(kernel), true)
    const least = timeWith(made(leastConnections), false)
    const waits = blocking(workers, workers * load) / (1 - load * (1 - blocking(workers, workers * load)))
    const markov = 1 + waits / (workers * (1 - load))
    expect(markov).toBeCloseTo(1.1, 1)
    expect(common.mean - common.half).toBeGreaterThan(1)
    expect(common.mean + common.half).toBeLessThan(markov)
    expect(least.mean - least.half).toBeGreaterThan(common.mean + common.half)
    expect(least.mean + least.half).toBeLessThan(hashed.mean / 2)
  })
})
