// Limits that find themselves, before an origin with a real queue that is offered twice what it can do. With a limit L an
// answer takes L / μ, so that Envoy's gradient is L0 / L, L0 being μ times the time of the empty system and its buffer, and
// the limit is where L0 + √L0 gives itself. Netflix's Gradient2 has no such point: what lasts becomes normal. With k the
// weight of a window in the long average and s the smoothing, small deviations from L = tolerance · μ · long + queue die out,
// and the limit grows by e^r per window, r² + (s + k) r = s k (tolerance - 1), counted from -queue / (tolerance - 1).
// Sources: Envoy gradient_controller.cc; Netflix concurrency-limits Gradient2Limit.java.
import { expect, test } from 'vitest'
import normal from '../../fault-injection/service-times/normal.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import gradient from '../../proxy/limiters/gradient.ts'
import gradient2 from '../../proxy/limiters/gradient2.ts'
import { made } from '../../simulation/made.ts'
import type { Policies } from '../../simulation/model.ts'
import { simulate } from '../../simulation/simulate.ts'
import { expectTheory, intervalOf } from './interval.ts'

const serviceMs = 10
const overload = 2

type Limited = NonNullable<Policies['limiter']>

/** `see` is told the limit that each request meets. */
function overloaded(
  slots: number,
  limiter: Limited,
  durationMs: number,
  replication: number,
  see: (limit: number, now: number) => void,
) {
  const watched: Limited = context => {
    const inner = limiter(context)
    return {
      ...inner,
      admit(request, inFlight, now) {
        see(inner.limit!(now), now)
        return inner.admit!(request, inFlight, now)
      },
    }
  }
  const model = { durationMs, warmUpMs: durationMs / 2, origins: { count: 1, slots } }
  const policies = {
    arrivals: made(poisson, { ratePerSecond: (overload * slots * 1000) / serviceMs }),
    // Not all the same, or the slots would march in step and answers come in bursts.
    service: () => made(normal, { meanMs: serviceMs, deviation: 0.25 }),
    balancer: made(roundRobin),
    limiter: watched,
  }
  return simulate(model, policies, 1, replication)
}

test.each([40, 100])('gradient before %i slots settles at L0 + √L0 and refuses half', slots => {
  const refused: number[] = []
  const limits = Array.from({ length: 8 }, (_, replication) => {
    let sum = 0
    let seen = 0
    // The limit is as exact as the time of the empty system: many samples.
    const limiter = made(gradient, { minRttSamples: 1000, minRttIntervalMs: 100_000 })
    const { latency, measured } = overloaded(slots, limiter, 12_000, replication, (limit, now) => {
      if (now < 6000) return
      sum += limit
      seen++
    })
    refused.push(1 - latency.count / measured)
    return sum / seen
  })
  const full = (slots * (serviceMs * 1.25)) / serviceMs
  expectTheory(intervalOf(limits), full + Math.sqrt(full), 0.04)
  expectTheory(intervalOf(refused), 1 - 1 / overload, 0.04)
})

test('gradient2 creeps for as long as the overload lasts, at the rate of its long average', () => {
  const { tolerance, queue, smoothing, longWindow } = { tolerance: 1.5, queue: 4, smoothing: 0.2, longWindow: 600 }
  const windowMs = 100
  const [from, to] = [200, 300]
  const windows = Array.from({ length: 8 }, (_, replication) => {
    let [fromMs, toMs] = [0, 0]
    const limiter = made(gradient2, { tolerance, queue, smoothing, longWindow, windowMs, initial: 100, max: 1000 })
    overloaded(20, limiter, 50_000, replication, (limit, now) => {
      if (fromMs === 0 && limit >= from) fromMs = now
      if (toMs === 0 && limit >= to) toMs = now
    })
    return (toMs - fromMs) / windowMs
  })
  const k = 2 / (longWindow + 1)
  const rate = (Math.sqrt((smoothing + k) ** 2 + 4 * smoothing * k * (tolerance - 1)) - smoothing - k) / 2
  const start = queue / (tolerance - 1)
  const exact = Math.log((to + start) / (from + start)) / rate
  const { mean, half } = intervalOf(windows)
  expect(half / mean).toBeLessThan(0.05)
  // A window ends with the first answer after its time, and one that happens to be quick slows the growth: up to 3 % more.
  expect(mean - half).toBeLessThan(exact * 1.03)
  expect(mean + half).toBeGreaterThan(exact)
})
