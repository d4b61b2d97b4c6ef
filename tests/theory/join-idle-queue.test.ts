// Join-idle-queue in the simulator, held to Lu's formula. The formula takes every entry of a queue for an idle upstream, and
// is known to be some percent too low (Mitzenmacher, arXiv 1606.01833), so it is a bound on one side. In the paper an
// upstream that becomes idle joins a proxy drawn at random; ours joins the one it has just answered. Both are tried here.
// Source: Lu et al., "Join-Idle-Queue", Performance Evaluation 68(11), 2011: with r = origins per proxy and load l,
// rho / (1 - rho) = r (1 - l) and T = 1 / (1 - l (1 - rho)) in service times.
import { expect, test } from 'vitest'
import type { Balancer } from '../../core/contracts.ts'
import { randomStream } from '../../core/random.ts'
import exponential from '../../fault-injection/service-times/exponential.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import joinIdleQueue from '../../proxy/balancers/join-idle-queue.ts'
import { made } from '../../simulation/made.ts'
import type { Policies } from '../../simulation/model.ts'
import { type Interval, intervalOf, timesOf } from './interval.ts'

const origins = 500
const proxies = 50
const meanMs = 1000
const replications = 16

/** The mean time of a request in service times. */
function timeOf(load: number, balancer: () => Policies['balancer']): Interval {
  const model = {
    durationMs: 45_000,
    warmUpMs: 15_000,
    origins: { count: origins, reports: true },
    proxies: { count: proxies },
  }
  const arrivals = made(poisson, { ratePerSecond: load * origins })
  const service = () => made(exponential, { meanMs })
  const times = timesOf(model, () => ({ arrivals, service, balancer: balancer() }), replications)
  return intervalOf(times.map(time => time / meanMs))
}

/** All that this balancer learns from an end is whether somebody is idle: told to a proxy drawn at random. */
function joiningAnybody(): Policies['balancer'] {
  const everybody: Balancer[] = []
  const rng = randomStream(1, 'joins')
  return context => {
    const balancer = made(joinIdleQueue)(context)
    everybody.push(balancer)
    return {
      ...balancer,
      onDone: (upstream, outcome, now) => everybody[rng.integer(everybody.length)]!.onDone!(upstream, outcome, now),
    }
  }
}

function lu(load: number): number {
  const odds = (origins / proxies) * (1 - load)
  return 1 / (1 - load / (1 + odds))
}

test('at load 0.5: above Lu, at most 10 percent, and better than two looks that know everything', () => {
  expect(lu(0.5)).toBeCloseTo(1.0909, 4)
  const { mean, half } = timeOf(0.5, joiningAnybody)
  expect(mean - half).toBeGreaterThan(lu(0.5))
  expect(mean + half).toBeLessThan(lu(0.5) * 1.1)
  // The limit of two looks (Mitzenmacher 2001).
  expect(mean + half).toBeLessThan(1.2657)
})

test('at load 0.7: the same, and joining the proxy that was just answered is better still', () => {
  expect(lu(0.7)).toBeCloseTo(1.2121, 4)
  const drawn = timeOf(0.7, joiningAnybody)
  expect(drawn.mean - drawn.half).toBeGreaterThan(lu(0.7))
  expect(drawn.mean + drawn.half).toBeLessThan(lu(0.7) * 1.1)
  expect(drawn.mean + drawn.half).toBeLessThan(1.6145)
  const own = timeOf(0.7, () => made(joinIdleQueue))
  expect(own.mean + own.half).toBeLessThan(drawn.mean - drawn.half)
})
