// What must be true of every run, whatever is simulated: nothing is lost, nothing is made, and Little's law. These are
// accounts and not laws of chance, so they are held to the last request. Two more follow from independence and have an
// interval: servers are busy for λ · E[S] of the time, and who comes at random finds on average what there is on average.
// Sources: Little, "A proof for the queuing formula L = λW", Operations Research 9(3), 1961; Wolff, "Poisson arrivals see
// time averages", Operations Research 30(2), 1982.
import { expect, test } from 'vitest'
import kill from '../../fault-injection/faults/kill.ts'
import loseAnswer from '../../fault-injection/faults/lose-answer.ts'
import status from '../../fault-injection/faults/status.ts'
import stop from '../../fault-injection/faults/stop.ts'
import exponential from '../../fault-injection/service-times/exponential.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import leastRequest from '../../proxy/balancers/least-request.ts'
import powerOfTwo from '../../proxy/balancers/power-of-two.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import circuitBreaker from '../../proxy/health/circuit-breaker.ts'
import fixedInflight from '../../proxy/limiters/fixed-inflight.ts'
import capped from '../../proxy/pools/capped.ts'
import keepAlive from '../../proxy/pools/keep-alive.ts'
import budgeted from '../../proxy/retries/budgeted.ts'
import hedged from '../../proxy/retries/hedged.ts'
import { made } from '../../simulation/made.ts'
import type { Counts } from '../../simulation/meter.ts'
import type { Model, Policies } from '../../simulation/model.ts'
import { simulate } from '../../simulation/simulate.ts'
import { type Account, accounted } from './accounts.ts'
import { expectTheory, intervalOf } from './interval.ts'

const serviceMs = 10
const origins = 10
const load = 0.7
const durationMs = 30_000
const ratePerSecond = (load * origins * 1000) / serviceMs
const plain: Policies = {
  arrivals: made(poisson, { ratePerSecond }),
  service: () => made(exponential, { meanMs: serviceMs }),
  balancer: made(powerOfTwo),
}
const one: Model = { durationMs, origins: { count: origins } }
const several = { count: 2, workers: 3 }
const struck = (fromMs: number, untilMs: number) => [0, 1, 2, 3].map(origin => ({ origin, fromMs, untilMs }))
const faults = [made(status, { code: 503, share: 0.3 }), made(loseAnswer), made(stop), made(kill)]

interface Architecture {
  readonly model: Model
  readonly policies: Policies
  /** What is to happen often, or the accounts would be of nothing. */
  readonly happens?: readonly (keyof Counts)[]
  /** The most that may be at an origin, and the most connections that may be open, at once. */
  readonly bounds?: { readonly present?: number; readonly open?: number }
}

const architectures: Record<string, Architecture> = {
  'one proxy': { model: one, policies: plain },
  'two proxies of three workers, far away': {
    model: { ...one, proxies: { ...several, requestCpuMs: 0.5, answerCpuMs: 0.5 }, network: { rttMs: 3 } },
    policies: { ...plain, balancer: made(leastRequest) },
  },
  'a limit and short queues': {
    model: { ...one, origins: { count: origins, queue: 2 } },
    policies: { ...plain, limiter: made(fixedInflight, { max: 12 }), balancer: made(roundRobin) },
    happens: ['limited'],
    bounds: { present: 3 },
  },
  'retries, breakers and origins that fail in four ways': {
    model: { ...one, proxies: several, timeouts: { attemptMs: 100, clientMs: 150 }, faults: struck(5000, 15_000) },
    policies: { ...plain, retries: made(budgeted), health: made(circuitBreaker), faults },
    happens: ['retries', 'attemptTimeouts'],
  },
  'the same, and origins that go on with what was given up': {
    model: { ...one, timeouts: { attemptMs: 100, cancelsWork: false }, faults: struck(5000, 15_000) },
    policies: { ...plain, retries: made(budgeted), faults },
    happens: ['retries', 'attemptTimeouts'],
  },
  'hedges, on pools that are too small': {
    model: { ...one, proxies: several, network: { rttMs: 1 } },
    policies: {
      ...plain,
      retries: made(hedged, { quantile: 0.9 }),
      pool: made(capped, { max: 1, waitMs: 40, idleMs: 50 }),
    },
    happens: ['hedges'],
    bounds: { present: several.count * several.workers, open: several.count * several.workers * origins },
  },
  'kept connections of clients, one pool for all workers': {
    model: {
      ...one,
      proxies: { ...several, poolScope: 'proxy' },
      network: { rttMs: 1 },
      requests: { connections: 60 },
    },
    policies: { ...plain, pool: made(keepAlive, { idleMs: 20 }) },
    bounds: { present: 60 },
  },
}

const total = (accounts: readonly Account[], of: (account: Account) => number) =>
  accounts.reduce((sum, account) => sum + of(account), 0)

test.each(Object.entries(architectures))(
  '%s: nothing is lost, nothing is made',
  (_, { model, policies, happens = [], bounds = {} }) => {
    const { policies: watched, workers, upstreams } = accounted(policies)
    const { counts, measured, latency, errors, origins: tallies, connections } = simulate(model, watched, 1)
    for (const what of happens) expect(counts[what], what).toBeGreaterThan(100)
    // Every request is answered, refused or given up, and none is left anywhere.
    const admitted = counts.requests - counts.limited
    expect(counts.requests).toBeGreaterThan(0.95 * (durationMs / 1000) * ratePerSecond)
    expect(measured).toBe(counts.requests)
    expect(latency.count + errors['bad-status'] + errors.timeout).toBe(measured)
    expect(total(workers, ({ came }) => came)).toBe(admitted)
    for (const { here } of [...workers, ...upstreams]) expect(here).toBe(0)
    // An attempt is the first of its request, a retry or a hedge, and reaches its origin at most once.
    const reached = tallies.reduce((sum, { arrivals }) => sum + arrivals, 0)
    expect(total(upstreams, ({ came }) => came)).toBe(counts.attempts)
    expect(counts.attempts - counts.retries - counts.hedges).toBe(admitted)
    if (policies.pool === undefined) expect(reached).toBe(counts.attempts)
    else expect(reached).toBeLessThanOrEqual(counts.attempts)
    // Little's law: those who are in, added up over time, are their times, added up.
    for (const { area, sumMs } of workers) expect(Math.abs(area / sumMs - 1)).toBeLessThan(1e-9)
    for (const { area, sumMs } of upstreams) {
      // With a pool an attempt's time begins when it has its connection.
      if (policies.pool === undefined) expect(Math.abs(area / sumMs - 1)).toBeLessThan(1e-9)
      else expect(area).toBeGreaterThanOrEqual(sumMs * (1 - 1e-9))
    }
    // Nothing holds more than it may.
    const { present = Number.POSITIVE_INFINITY, open = Number.POSITIVE_INFINITY } = bounds
    for (const { presentPeak } of tallies) expect(presentPeak).toBeLessThanOrEqual(present)
    expect(connections?.openPeak ?? 0).toBeLessThanOrEqual(open)
  },
)

test('one proxy: origins are busy for λ · E[S] of the time, and who comes finds λ · W on average', () => {
  const replications = Array.from({ length: 8 }, (_, replication) => {
    const { policies, workers } = accounted(plain)
    const { origins: tallies, latency, endedAtMs } = simulate(one, policies, 2, replication)
    const { found, came, area } = workers[0]!
    const there = area / endedAtMs
    expect(there).toBeCloseTo((came / endedAtMs) * latency.meanMs!, 9)
    const busyMs = tallies.reduce((sum, tally) => sum + tally.busyMs, 0)
    return { busy: busyMs / (endedAtMs * origins), foundOfThere: found / came / there }
  })
  expectTheory(intervalOf(replications.map(({ busy }) => busy)), load, 0.05)
  expectTheory(intervalOf(replications.map(({ foundOfThere }) => foundOfThere)), 1, 0.03)
})
