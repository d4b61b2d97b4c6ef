// Retries that keep a server down after what overloaded it has passed. For ten seconds a server answers nothing and then has
// to work through all that has come meanwhile. Requests are given up after a second and repeated within a budget; the
// server does not hear of it and does the work all the same. It recovers when λ(1 + b) < μ, b being retries per request: with
// one retry each, 300 per second bear 150, and 280 bear a budget of 300 / 280 - 1 = 7.1 %, which is 20 per second.
// Source: Bronson, Aghayev, Charapko, Zhu, "Metastable failures in distributed systems", HotOS 2021, section 2.
import { expect, test } from 'vitest'
import kill from '../../fault-injection/faults/kill.ts'
import stop from '../../fault-injection/faults/stop.ts'
import exponential from '../../fault-injection/service-times/exponential.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import budgeted from '../../proxy/retries/budgeted.ts'
import { made } from '../../simulation/made.ts'
import type { Policies } from '../../simulation/model.ts'
import { simulate } from '../../simulation/simulate.ts'

const capacity = 300
const runS = 900
const outageFromS = 20
const outageS = 10

/** The share of the requests of the last minute that is answered within a second. */
function goodput(ratePerSecond: number, share: number, fault: NonNullable<Policies['faults']>[number]): number {
  const model = {
    durationMs: runS * 1000,
    warmUpMs: (runS - 60) * 1000,
    origins: { count: 1 },
    timeouts: { attemptMs: 1000, cancelsWork: false },
    faults: [{ origin: 0, fromMs: outageFromS * 1000, untilMs: (outageFromS + outageS) * 1000 }],
  }
  const { latency, measured } = simulate(
    model,
    {
      arrivals: made(poisson, { ratePerSecond }),
      service: () => made(exponential, { meanMs: 1000 / capacity }),
      balancer: made(roundRobin),
      retries: made(budgeted, { attempts: 2, share, perSecond: 0, reserve: 10, baseMs: 0 }),
      faults: [fault],
    },
    1,
  )
  return latency.count / measured
}

test.each<[number, number, 'all' | 'nothing']>([
  [145, 1, 'all'],
  [160, 1, 'nothing'],
  [200, 1, 'nothing'],
  [200, 0.2, 'all'],
  [250, 0.2, 'nothing'],
  [250, 0.1, 'all'],
  [280, 0.1, 'nothing'],
  [280, 0.05, 'all'],
  [280, 0, 'all'],
])('at %i per second with %f retries for each request %s is answered in time', (ratePerSecond, share, what) => {
  expect(ratePerSecond * (1 + share) < capacity).toBe(what === 'all')
  expect(goodput(ratePerSecond, share, made(stop))).toBe(what === 'all' ? 1 : 0)
})

// It was the burst: what is refused at once is not there afterwards.
test.each([200, 280])(
  'an outage that refuses in place of keeping does no harm to %i per second, retries and all',
  ratePerSecond => {
    expect(goodput(ratePerSecond, 1, made(kill))).toBe(1)
  },
)
