// Every balancer, and some combinations, in the simulator where much goes wrong: several proxies in two zones, health that
// takes origins out and lets them back, retries, timeouts, load reports and probes. The promises of the engine are watched,
// and so is that only eligible upstreams are picked.
import { expect, test } from 'vitest'
import type { AnyStrategy, Balancer, Fault } from '../../core/contracts.ts'
import { choose, namesOf } from '../../core/registry.ts'
import exponential from '../../fault-injection/service-times/exponential.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import circuitBreaker from '../../proxy/health/circuit-breaker.ts'
import budgeted from '../../proxy/retries/budgeted.ts'
import { made } from '../../simulation/made.ts'
import type { Model, Policies } from '../../simulation/model.ts'
import { watched } from '../../simulation/promises.ts'
import { simulate } from '../../simulation/simulate.ts'

const model: Model = {
  durationMs: 3000,
  origins: { count: 8, queue: 30, reports: true, each: { 0: { weight: 3 }, 1: { zone: 'b' }, 2: { priority: 1 } } },
  proxies: { count: 3, zones: ['', 'b'] },
  network: { rttMs: 1 },
  timeouts: { clientMs: 500, attemptMs: 200 },
  requests: { clients: 40, keys: { count: 50, exponent: 1 } },
  faults: [
    { origin: 3, fromMs: 500, untilMs: 1500 },
    { origin: 4, fromMs: 1000, untilMs: 2000 },
  ],
}

const failing: Fault = { effectAt: () => ({ kind: 'status', status: 503 }) }
const slow: Fault = { effectAt: () => ({ kind: 'service', factor: 10, addMs: 0 }) }

const stacks = [
  'slow-start:windowMs=500+failure-penalty:penaltyMs=300+least-request',
  'sticky:max=10+subset:size=4+peak-ewma',
  'zone-aware:min=2+priority+bounded-load+ring-hash',
  'priority:panicShare=0+slow-start:windowMs=500+edf',
  'stale-view:everyMs=50+zone-aware:min=2+prequal',
  'subset:size=3,kind=random+sticky+orca-weights:blackoutMs=100,updateMs=100',
]

test.each([...namesOf('balancer'), ...stacks])('%s', async spec => {
  const { strategy, params } = await choose<AnyStrategy<Balancer>>('balancer', spec)
  const policies: Policies = {
    arrivals: made(poisson, { ratePerSecond: 500 }),
    service: () => made(exponential, { meanMs: 8 }),
    balancer: context => strategy.make(params as never, context),
    health: made(circuitBreaker, { openMs: 300 }),
    retries: made(budgeted),
    faults: [() => failing, () => slow],
  }
  const seen = watched(policies)
  const { counts, errors, latency, measured } = simulate(model, seen.policies, 1)
  seen.settle()
  expect(measured).toBe(latency.count + errors['bad-status'] + errors.timeout)
  expect(latency.count).toBeGreaterThan(0.5 * measured)
  expect(counts.attempts).toBeGreaterThan(1000)
})
