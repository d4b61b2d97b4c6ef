// What is simulated to see how fast the simulator is: the smallest model there is, a large one, and a fleet of proxies with all
// that costs memory for each of their million pairs of proxy and origin.
import exponential from '../../fault-injection/service-times/exponential.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import peakEwma from '../../proxy/balancers/peak-ewma.ts'
import powerOfTwo from '../../proxy/balancers/power-of-two.ts'
import random from '../../proxy/balancers/random.ts'
import circuitBreaker from '../../proxy/health/circuit-breaker.ts'
import { made } from '../../simulation/made.ts'
import type { Model, Policies } from '../../simulation/model.ts'

export interface SimulationCase {
  readonly name: string
  readonly model: Model
  readonly policies: Policies
}

const meanMs = 10
const law = made(exponential, { meanMs })

/** Poisson arrivals that keep the origins busy for `utilisation` of the time, at exponential service times. */
function loaded(origins: number, utilisation: number): Pick<Policies, 'arrivals' | 'service'> {
  return {
    arrivals: made(poisson, { ratePerSecond: (origins * utilisation * 1000) / meanMs }),
    service: () => law,
  }
}

const size = '100 proxies × 10,000 origins'
const fleet: Model = {
  durationMs: 2_000,
  origins: { count: 10_000 },
  proxies: { count: 100 },
  network: { rttMs: 1 },
  timeouts: { clientMs: 1000, attemptMs: 500 },
}
const fleetPolicies: Policies = {
  ...loaded(10_000, 0.8),
  balancer: made(peakEwma),
  health: made(circuitBreaker),
}

/** Each of four to ten million events, beside which setting up is a few per cent, at the load at which queues matter. */
export const simulationCases: readonly SimulationCase[] = [
  {
    name: 'M/M/1',
    model: { durationMs: 24_000_000, origins: { count: 1 } },
    policies: { ...loaded(1, 0.9), balancer: made(random) },
  },
  {
    name: 'power-of-two, 1 proxy × 10,000 origins',
    model: { durationMs: 2_400, origins: { count: 10_000 } },
    policies: { ...loaded(10_000, 0.9), balancer: made(powerOfTwo) },
  },
  { name: `peak-ewma, breakers, timeouts, network, ${size}`, model: fleet, policies: fleetPolicies },
  {
    name: `the same and CPU of the proxies, ${size}`,
    model: { ...fleet, proxies: { ...fleet.proxies, requestCpuMs: 0.02, answerCpuMs: 0.02 } },
    policies: fleetPolicies,
  },
]
