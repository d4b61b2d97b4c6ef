// What many proxies that count only their own requests cannot see: twenty proxies before a hundred origins, every other of
// which takes three times as long. Each proxy has hardly more than one request under way at a time, so its own counts say
// next to nothing, and even turns give half of the origins more than they can do. What origins report does better.
// Weights from reports have an exact answer: in proportion to what an origin can do, a third and one, so a half and 1.5.
import { expect, test } from 'vitest'
import exponential from '../../fault-injection/service-times/exponential.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import joinIdleQueue from '../../proxy/balancers/join-idle-queue.ts'
import orcaWeights from '../../proxy/balancers/orca-weights.ts'
import powerOfTwo from '../../proxy/balancers/power-of-two.ts'
import prequal from '../../proxy/balancers/prequal.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import { made } from '../../simulation/made.ts'
import type { Model, Policies } from '../../simulation/model.ts'
import { simulate } from '../../simulation/simulate.ts'

const model: Model = {
  durationMs: 8000,
  warmUpMs: 4000,
  origins: { count: 100, reports: true },
  proxies: { count: 20 },
  network: { rttMs: 0.5 },
}

/** The mean time in ms, and the share of the slow origins in times an even share; all of 6667 per second can be served. */
function play(balancer: Policies['balancer'], ratePerSecond = 4500): { meanMs: number; slowShare: number } {
  const service = (origin: number) => made(exponential, { meanMs: origin % 2 === 0 ? 30 : 10 })
  const arrivals = made(poisson, { ratePerSecond })
  const { latency, origins } = simulate(model, { arrivals, service, balancer }, 1)
  const all = origins.reduce((sum, { arrivals }) => sum + arrivals, 0)
  const slow = origins.reduce((sum, { arrivals }, i) => sum + (i % 2 === 0 ? arrivals : 0), 0)
  return { meanMs: latency.sumMs / latency.count, slowShare: (2 * slow) / all }
}

test('weights from reports are in proportion to what an origin can do', () => {
  const { slowShare } = play(made(orcaWeights, { blackoutMs: 200, updateMs: 100 }))
  // Even turns until the first reports count.
  expect(slowShare).toBeGreaterThan(0.5)
  expect(slowShare).toBeLessThan(0.6)
  expect(play(made(roundRobin)).slowShare).toBeCloseTo(1, 1)
})

test('who uses reports is at least twice as quick as two looks at own counts', () => {
  const own = play(made(powerOfTwo)).meanMs
  for (const balancer of [made(orcaWeights, { blackoutMs: 200, updateMs: 100 }), made(prequal), made(joinIdleQueue)]) {
    expect(play(balancer).meanMs).toBeLessThan(own / 2)
  }
  // And one that is blind is worse still: its slow origins have more than they can do.
  expect(play(made(roundRobin)).meanMs).toBeGreaterThan(2 * own)
})
