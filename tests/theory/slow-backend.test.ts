// One of eleven origins takes two seconds for half of a minute: how many requests are answered within one? In turn it gets an
// eleventh. By fewest requests in flight all have equally many, so that by Little's law each gets a share as 1 / its time.
// Source: Buoyant, "Beyond round robin: load balancing for latency", 2016: 95 % in turn, 99 % by least loaded, 99.9 % by
// peak EWMA.
import { expect, test } from 'vitest'
import type { Fault } from '../../core/contracts.ts'
import normal from '../../fault-injection/service-times/normal.ts'
import constant from '../../loadgen/profiles/constant.ts'
import leastRequest from '../../proxy/balancers/least-request.ts'
import peakEwma from '../../proxy/balancers/peak-ewma.ts'
import powerOfTwo from '../../proxy/balancers/power-of-two.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import { made } from '../../simulation/made.ts'
import type { Model, Policies } from '../../simulation/model.ts'
import { type Interval, intervalOf, replicated } from './interval.ts'

const origins = 11
const ratePerSecond = 1000
const usualS = 0.167
const slowS = 2
const [fromS, untilS, endS] = [15, 45, 60]
const requests = ratePerSecond * endS

const model: Model = {
  durationMs: endS * 1000,
  origins: { count: origins, slots: Number.POSITIVE_INFINITY },
  faults: [{ origin: 4, fromMs: fromS * 1000, untilMs: untilS * 1000 }],
}
const slow: Fault = { effectAt: () => ({ kind: 'service', factor: 0, addMs: slowS * 1000 }) }

/** Requests that took longer than a second. */
function late(balancer: Policies['balancer']): Interval {
  const arrivals = made(constant, { ratePerSecond })
  const service = () => made(normal, { meanMs: usualS * 1000, deviation: 5 / 167 })
  const results = replicated(model, () => ({ arrivals, service, balancer, faults: [() => slow] }), 8)
  return intervalOf(results.map(({ latency }) => Math.round(latency.shareAbove(1000) * latency.count)))
}

const percent = (lateRequests: number) => 100 * (1 - lateRequests / requests)

test('in turn an eleventh is late, to the request: 95.455 % are in time', () => {
  const { mean, half } = late(made(roundRobin))
  const exact = ((untilS - fromS) * ratePerSecond) / origins
  expect(percent(exact)).toBeCloseTo(95.455, 3)
  expect(half).toBeLessThan(2)
  expect(Math.abs(mean - exact)).toBeLessThanOrEqual(half)
})

test('by fewest requests as many are late as Little’s law lets the slow one have: 99.586 %', () => {
  const each = ratePerSecond / ((origins - 1) / usualS + 1 / slowS)
  const exact = (each / slowS) * (untilS - fromS)
  expect(percent(exact)).toBeCloseTo(99.586, 3)
  const { mean, half } = late(made(leastRequest))
  // Those that it has when the half minute is over are late as well; at the start it had none of them.
  expect(mean - half).toBeGreaterThan(exact)
  expect(mean + half).toBeLessThan(exact + each)
  expect(half).toBeLessThan(each / 5)
})

test('by time to answer 99.9 % are in time, and who looks at two counts is not as good as who looks at all', () => {
  const [timed, two, all] = [peakEwma, powerOfTwo, leastRequest].map(balancer => late(made(balancer)))
  expect(percent(timed!.mean + timed!.half)).toBeGreaterThan(99.9)
  expect(percent(two!.mean + two!.half)).toBeGreaterThan(99)
  expect(two!.mean - two!.half).toBeGreaterThan(all!.mean + all!.half)
})
