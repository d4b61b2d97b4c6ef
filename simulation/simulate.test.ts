// The engine: the same seed gives the same run with either queue, the promises to policies are kept whatever happens, every
// request ends exactly once, and each part of a request's life takes the time it should.
import { expect, test } from 'vitest'
import type { Fault, Upstream } from '../core/contracts.ts'
import exponential from '../fault-injection/service-times/exponential.ts'
import fixed from '../fault-injection/service-times/fixed.ts'
import constant from '../loadgen/profiles/constant.ts'
import poisson from '../loadgen/profiles/poisson.ts'
import peakEwma from '../proxy/balancers/peak-ewma.ts'
import powerOfTwo from '../proxy/balancers/power-of-two.ts'
import roundRobin from '../proxy/balancers/round-robin.ts'
import activeHttp from '../proxy/health/active-http.ts'
import circuitBreaker from '../proxy/health/circuit-breaker.ts'
import fixedInflight from '../proxy/limiters/fixed-inflight.ts'
import capped from '../proxy/pools/capped.ts'
import keepAlive from '../proxy/pools/keep-alive.ts'
import perRequest from '../proxy/pools/per-request.ts'
import budgeted from '../proxy/retries/budgeted.ts'
import hedged from '../proxy/retries/hedged.ts'
import { HeapQueue } from './heap-queue.ts'
import { made } from './made.ts'
import type { Model, Policies } from './model.ts'
import { watched } from './promises.ts'
import { type Result, simulate } from './simulate.ts'

const service = () => made(exponential, { meanMs: 10 })
const plainly: Policies = { arrivals: made(poisson, { ratePerSecond: 700 }), service, balancer: made(powerOfTwo) }

const failing: Fault = { effectAt: (_sinceMs, u) => (u < 0.3 ? { kind: 'status', status: 503 } : null) }
const dead: Fault = { origin: 'dead' }
const frozen: Fault = { origin: 'frozen' }
const refusing: Fault = { origin: 'refusing' }
const losing: Fault = { effectAt: (_sinceMs, u) => (u < 0.1 ? { kind: 'lose-answer' } : null) }

/** Everything at once: what can happen, happens. */
const wild: Model = {
  durationMs: 12_000,
  warmUpMs: 1000,
  origins: { count: 10, queue: 40, each: { 1: { slots: 2, zone: 'b' } } },
  proxies: { count: 3, workers: 2, zones: ['', 'b'], requestCpuMs: 0.3, answerCpuMs: 0.2, stealing: true },
  network: { rttMs: 2, crossZoneRttMs: 8 },
  timeouts: { clientMs: 400, attemptMs: 150, connectMs: 100 },
  requests: { connections: 400, clients: 50, keys: { count: 100, exponent: 0.8 } },
  faults: [
    { origin: 0, fromMs: 2000, untilMs: 4000 },
    { origin: 1, fromMs: 3000, untilMs: 5000 },
    { origin: 2, fromMs: 3000, untilMs: 5000 },
    { origin: 3, fromMs: 5000, untilMs: 7000 },
    { origin: 4, fromMs: 0, untilMs: 12_000 },
  ],
  seriesMs: 500,
}
const wildly: Policies = {
  ...plainly,
  balancer: made(peakEwma),
  health: made(circuitBreaker, { openMs: 500 }),
  retries: made(budgeted),
  limiter: made(fixedInflight, { max: 8 }),
  pool: made(capped, { max: 2, waitMs: 50, idleMs: 20 }),
  faults: [failing, dead, frozen, refusing, losing].map(fault => () => fault),
}
const others: [string, Model, Policies][] = [
  ['everything at once', wild, wildly],
  ['hedges', wild, { ...wildly, retries: made(hedged, { quantile: 0.5 }) }],
  ['checks', wild, { ...wildly, health: made(activeHttp, { intervalMs: 200, timeoutMs: 60 }) }],
  ['one pool for a proxy', { ...wild, proxies: { ...wild.proxies, poolScope: 'proxy' } }, wildly],
  ['work that is not cancelled', { ...wild, timeouts: { ...wild.timeouts, cancelsWork: false } }, wildly],
  ['no network, no pool', { ...wild, network: {} }, { ...plainly, retries: made(budgeted), faults: wildly.faults! }],
  [
    'many requests on a connection',
    { ...wild, requests: { ...wild.requests, connections: 20, multiplexed: true } },
    wildly,
  ],
  ['CPU that varies', { ...wild, proxies: { ...wild.proxies, requestCpu: 'exponential' } }, wildly],
  ['a stale shared view', { ...wild, proxies: { count: 2, view: { kind: 'shared', refreshMs: 50 } } }, wildly],
]

/** What can be compared to the last bit. */
const bits = ({ latency, ...rest }: Result) => ({ ...rest, sum: latency.sumMs, counts: latency.counts.join() })

test.each(others)('%s: promises kept, every request ends once, either queue gives the same', (_, model, policies) => {
  const { policies: seen, settle } = watched(policies)
  const result = simulate(model, seen, 1)
  settle()
  const { latency, errors, measured, series, counts } = result
  expect(measured).toBe(latency.count + errors['bad-status'] + errors.timeout)
  expect(measured).toBeGreaterThan(7000)
  const total = (column: Float64Array) => column.reduce((sum, value) => sum + value, 0)
  expect(total(series!.offered)).toBe(counts.requests)
  expect(bits(simulate(model, policies, 1))).toEqual(bits(result))
  expect(bits(simulate(model, policies, 1, 0, { queue: new HeapQueue() }))).toEqual(bits(result))
  expect(bits(simulate(model, policies, 1, 1)).sum).not.toBe(bits(result).sum)
})

test('all that the wild model offers has happened', () => {
  const { counts, errors, connections, workers } = simulate(wild, wildly, 1)
  for (const name of ['retries', 'limited', 'attemptTimeouts', 'stolen'] as const)
    expect(counts[name]).toBeGreaterThan(10)
  for (const name of ['dials', 'reuses', 'waits'] as const) expect(connections![name]).toBeGreaterThan(10)
  expect(errors['bad-status']).toBeGreaterThan(10)
  expect(workers.every(({ requests, busyMs }) => requests > 500 && busyMs > 100)).toBe(true)
  expect(simulate(wild, { ...wildly, retries: made(hedged, { quantile: 0.5 }) }, 1).counts.hedges).toBeGreaterThan(100)
  const checking = { ...wildly, health: made(activeHttp, { intervalMs: 200, timeoutMs: 60 }) }
  expect(simulate(wild, checking, 1).origins[0]!.arrivals).toBeGreaterThan(12_000 / 200)
})

test('a balancer that breaks its word is caught by the checks', () => {
  const stubborn = () => {
    let first: Upstream
    return { onEligible: (all: readonly Upstream[]) => void (first ??= all[1]!), pick: () => first }
  }
  const { policies } = watched({ ...wildly, balancer: stubborn })
  expect(() => simulate(wild, policies, 1)).toThrow(/is not eligible|was to be avoided/)
})

const lone: Policies = {
  ...plainly,
  arrivals: made(constant, { ratePerSecond: 1 }),
  service: () => made(fixed, { ms: 10 }),
}
const few: Model = { durationMs: 10_000, origins: { count: 1 } }
const took = (model: Model, policies: Policies) => {
  const { latency } = simulate(model, policies, 1)
  return latency.sumMs / latency.count
}

test('a lone request takes its service time, the round trip, the dial and the CPU of its worker', () => {
  const far = { ...few, network: { rttMs: 4, dialRtts: 2 } }
  expect(took(few, lone)).toBeCloseTo(10, 6)
  expect(took(far, lone)).toBeCloseTo(14, 6)
  expect(took(far, { ...lone, pool: made(perRequest) })).toBeCloseTo(22, 6)
  // The first of nine dials, the others find its connection.
  expect(took(far, { ...lone, pool: made(keepAlive) })).toBeCloseTo(14 + 8 / 9, 6)
  expect(took(far, { ...lone, pool: made(keepAlive, { idleMs: 500 }) })).toBeCloseTo(22, 6)
  expect(took({ ...few, proxies: { requestCpuMs: 1, answerCpuMs: 0.5 } }, lone)).toBeCloseTo(11.5, 6)
  const zones: Model = { ...few, origins: { count: 1, zone: 'b' }, network: { rttMs: 1, crossZoneRttMs: 7 } }
  expect(took(zones, lone)).toBeCloseTo(17, 6)
})

test('a multiplexed connection carries any number of requests at once, all to one worker', () => {
  const busy: Policies = { ...lone, arrivals: made(constant, { ratePerSecond: 400 }) }
  const over = (multiplexed: boolean): Model => ({
    ...few,
    origins: { count: 1, slots: Number.POSITIVE_INFINITY },
    proxies: { workers: 4 },
    requests: { connections: 1, multiplexed },
  })
  expect(took(over(true), busy)).toBeCloseTo(10, 6)
  expect(took(over(false), busy)).toBeGreaterThan(100)
  const { workers } = simulate(over(true), busy, 1)
  expect(workers.map(({ requests }) => requests > 0).filter(Boolean)).toHaveLength(1)
})

test('exponential CPU has its mean, and the queue of M/M/1 and not of M/D/1', () => {
  const worker = (requestCpu: 'fixed' | 'exponential'): Model => ({
    durationMs: 400_000,
    origins: { count: 1, slots: Number.POSITIVE_INFINITY },
    proxies: { requestCpuMs: 1, requestCpu },
  })
  const half: Policies = {
    ...lone,
    arrivals: made(poisson, { ratePerSecond: 500 }),
    service: () => made(fixed, { ms: 0 }),
  }
  const { workers } = simulate(worker('exponential'), half, 1)
  expect(workers[0]!.busyMs / workers[0]!.requests).toBeCloseTo(1, 1)
  expect(took(worker('exponential'), half)).toBeCloseTo(2, 1)
  expect(took(worker('fixed'), half)).toBeCloseTo(1.5, 1)
})

test('a table is rebuilt when somebody leaves and when it comes back, by every worker', () => {
  const dying: Model = { ...few, origins: { count: 2 }, faults: [{ origin: 0, fromMs: 2000, untilMs: 4000 }] }
  const policies = { ...lone, faults: [() => dead], health: made(activeHttp, { intervalMs: 100 }) }
  expect(simulate(dying, policies, 1).counts.tableRebuilds).toBe(2)
  expect(simulate({ ...dying, proxies: { count: 3 } }, policies, 1).counts.tableRebuilds).toBe(6)
  expect(simulate(few, lone, 1).counts.tableRebuilds).toBe(0)
})

test('time-outs end attempts and requests on time, and a retry makes good', () => {
  const struck: Model = { ...few, origins: { count: 2 }, faults: [{ origin: 0, fromMs: 0, untilMs: 10_000 }] }
  const inTurn = { ...lone, balancer: made(roundRobin), faults: [() => frozen] }
  const attempts: Model = { ...struck, timeouts: { attemptMs: 50 } }
  const without = simulate(attempts, inTurn, 1)
  expect(without.errors['bad-status']).toBeGreaterThanOrEqual(4)
  expect(without.counts.attemptTimeouts).toBe(without.errors['bad-status'])
  const retried = simulate(attempts, { ...inTurn, retries: made(budgeted, { baseMs: 0 }) }, 1)
  expect(retried.errors).toEqual({ 'bad-status': 0, timeout: 0 })
  expect(retried.latency.maxMs).toBeCloseTo(60, 6)
  const clients = simulate({ ...struck, timeouts: { clientMs: 200 } }, inTurn, 1)
  expect(clients.errors.timeout).toBeGreaterThanOrEqual(4)
  expect(() => simulate(struck, { ...inTurn, faults: [() => ({ ...frozen, origin: 'frozen' })] }, 1)).not.toThrow()
})

test('a frozen origin goes on where it was; a dead one breaks what it had', () => {
  const during: Model = {
    ...few,
    faults: [{ origin: 0, fromMs: 1005, untilMs: 1500 }],
    network: { rttMs: 2 },
    requests: { idempotent: false },
  }
  expect(simulate(during, { ...lone, faults: [() => frozen] }, 1).latency.maxMs).toBeCloseTo(501, 6)
  const broken = simulate(during, { ...lone, faults: [() => dead], retries: made(budgeted) }, 1)
  expect(broken.errors['bad-status']).toBe(1)
  expect(broken.counts.retries).toBe(0)
  const idempotent = simulate(
    { ...during, requests: {} },
    { ...lone, faults: [() => dead], retries: made(budgeted, { baseMs: 200, attempts: 10 }) },
    1,
  )
  expect(idempotent.errors['bad-status']).toBe(0)
})

test('a check of an origin that refuses is refused: whoever asks knows before the last kept connection is used up', () => {
  const [fromMs, untilMs] = [2000, 9000]
  const asked: Policies = {
    arrivals: made(poisson, { ratePerSecond: 400 }),
    service: () => made(fixed, { ms: 2 }),
    balancer: made(roundRobin),
    pool: made(keepAlive, { maxRequests: 10 }),
    health: made(activeHttp, { intervalMs: 100, timeoutMs: 50, fall: 2 }),
    faults: [() => refusing],
  }
  const model: Model = { durationMs: 10_000, origins: { count: 4 }, faults: [{ origin: 0, fromMs, untilMs }] }
  const checked = simulate(model, asked, 1)
  const blind = simulate(model, { ...asked, health: made(circuitBreaker, { failures: 10_000 }) }, 1)
  expect(blind.errors['bad-status']).toBeGreaterThan(500)
  expect(checked.errors['bad-status']).toBeLessThan(blind.errors['bad-status'] / 10)
})

test('policies of different kinds meet the same requests', () => {
  const of = (policies: Policies) => simulate({ ...wild, timeouts: {}, faults: [] }, { ...policies, faults: [] }, 3)
  const one = of({ ...wildly, limiter: () => ({}), pool: made(perRequest) })
  const other = of(plainly)
  expect(one.series!.offered).toEqual(other.series!.offered)
})

test('a model that is out of range is refused with a sentence', () => {
  const refused = (model: Partial<Model>) => () => simulate({ ...few, ...model }, lone, 1)
  expect(refused({ durationMs: 0 })).toThrow('model.durationMs: 0 given; allowed: above 0')
  expect(refused({ origins: { count: 2, each: { 2: {} } } })).toThrow('model.origins.each.2: 2 given; allowed: 0 to 1')
  expect(refused({ faults: [{ origin: 0, fromMs: 0, untilMs: 1 }] })).toThrow('policies.faults')
  expect(refused({ requests: { multiplexed: true } })).toThrow('1 and up where they are multiplexed')
  const forEver = { faults: [{ origin: 0, fromMs: 0, untilMs: Number.POSITIVE_INFINITY }] }
  expect(() => simulate({ ...few, ...forEver }, { ...lone, faults: [() => frozen] }, 1)).toThrow(/wait for ever/)
})
