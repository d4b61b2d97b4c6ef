// What retries gain and cost when a share f of all attempts fails: of up to four attempts 1 - f⁴ succeed, for
// (1 - f⁴) / (1 - f) attempts per request. Within a budget of b retries per request there are 1 + b attempts and no more, of
// which 1 - f succeed. And what they cost a service that becomes slower with what it has to do.
// Source: Brooker, "Fixing retries with token buckets and circuit breakers", brooker.co.za, 2022, and the service of his
// simulation of a collapse: a second and 10 ms for each request under way, given up after three seconds.
import { describe, expect, test } from 'vitest'
import status from '../../fault-injection/faults/status.ts'
import fixed from '../../fault-injection/service-times/fixed.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import budgeted from '../../proxy/retries/budgeted.ts'
import { made } from '../../simulation/made.ts'
import type { Model, Policies } from '../../simulation/model.ts'
import { simulate } from '../../simulation/simulate.ts'
import { expectTheory, shareOf } from './interval.ts'

const origins = 8
const requests = 50_000

/** Every origin fails the share `f` of its requests, at random. */
function failing(f: number, retries: Policies['retries']) {
  const durationMs = requests
  const model: Model = {
    durationMs,
    origins: { count: origins, slots: Number.POSITIVE_INFINITY },
    faults: Array.from({ length: origins }, (_, origin) => ({ origin, fromMs: 0, untilMs: durationMs * 2 })),
  }
  const { counts, latency } = simulate(
    model,
    {
      arrivals: made(poisson, { ratePerSecond: 1000 }),
      service: () => made(fixed, { ms: 1 }),
      balancer: made(roundRobin),
      faults: new Array(origins).fill(made(status, { code: 503, share: f })),
      ...(retries && { retries }),
    },
    1,
  )
  return { success: shareOf(latency.count, counts.requests), load: counts.attempts / counts.requests }
}

describe.each([0.1, 0.2, 0.5])('when %f of all attempts fail', f => {
  test('without retries that many requests do', () => {
    const { success, load } = failing(f, undefined)
    expectTheory(success, 1 - f, 0.02)
    expect(load).toBe(1)
  })

  test('three retries leave f⁴, for (1 - f⁴) / (1 - f) attempts', () => {
    const unlimited = made(budgeted, { attempts: 4, share: 10, perSecond: 1e6, reserve: 1e6, baseMs: 1 })
    const { success, load } = failing(f, unlimited)
    expectTheory(success, 1 - f ** 4, 0.02)
    const exact = (1 - f ** 4) / (1 - f)
    // Attempts are a geometric number, cut off at four.
    const squares = [1, 2, 3, 4].reduce((sum, k) => sum + k * k * (k < 4 ? f ** (k - 1) * (1 - f) : f ** 3), 0)
    const half = 3.291 * Math.sqrt((squares - exact ** 2) / requests)
    expectTheory({ mean: load, half }, exact, 0.02)
  })
})

test.each([0.3, 0.5])('a budget of a tenth: 1.1 attempts per request when %f of them fail, and as many answers', f => {
  const { success, load } = failing(
    f,
    made(budgeted, { attempts: 4, share: 0.1, perSecond: 0, reserve: 10, baseMs: 0 }),
  )
  expect(load).toBeLessThanOrEqual(1.1)
  expect(load).toBeGreaterThan(1.0995)
  expectTheory(success, 1.1 * (1 - f), 0.02)
})

describe('a service that takes a second and 10 ms for each request under way', () => {
  const contentionMs = 10
  const timeoutMs = 3000
  const durationMs = 200_000
  const spike = { fromMs: 20_000, untilMs: 25_000, perSecond: 200 }
  /** By Little's law W = 1 s + 10 ms · λ · W. */
  const timeAt = (perSecond: number) => 1000 / (1 - perSecond * (contentionMs / 1000))

  /** The mean time, ms, and the share answered, of the last minute. */
  function afterSpike(perSecond: number, tries: number): { meanMs: number; answered: number } {
    const dueMs: number[] = []
    for (let at = 0; at < durationMs; ) {
      dueMs.push(at)
      at += 1000 / (at >= spike.fromMs && at < spike.untilMs ? spike.perSecond : perSecond)
    }
    const { latency, measured } = simulate(
      {
        durationMs,
        warmUpMs: durationMs - 60_000,
        origins: { count: 1, slots: Number.POSITIVE_INFINITY, contentionMs },
        timeouts: { attemptMs: timeoutMs, cancelsWork: false },
      },
      {
        arrivals: { dueMs: Float64Array.from(dueMs), keys: null },
        service: () => made(fixed, { ms: 1000 }),
        balancer: made(roundRobin),
        retries: made(budgeted, { attempts: tries, share: 10, perSecond: 1e6, reserve: 1e6, baseMs: 0 }),
      },
      1,
    )
    return { meanMs: latency.sumMs / latency.count, answered: latency.count / measured }
  }

  test.each([
    [40, 1],
    [40, 2],
    [40, 3],
    [30, 2],
    [30, 3],
    [20, 3],
  ])(
    '%i per second, %i tries: it comes back after a spike when it could bear that all are tried so often',
    (perSecond, tries) => {
      const { meanMs, answered } = afterSpike(perSecond, tries)
      const load = perSecond * tries
      if (load * contentionMs < 1000 && timeAt(load) < timeoutMs) {
        expect(answered).toBe(1)
        // A request adds its 10 ms or does not: the mean is off by no more.
        expect(Math.abs(meanMs - timeAt(perSecond))).toBeLessThan(2 * contentionMs)
      } else expect(answered).toBe(0)
    },
  )
})
