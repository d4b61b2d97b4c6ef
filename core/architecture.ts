// What scenarios start from: the plainest proxy that keeps its connections, and the plainest load. A scenario names
// only what its question is about.
import type { Ms } from './contracts.ts'
import type { Architecture, LoadPlan, StrategySpec, Variant } from './scenario.ts'

export const plain: Architecture = {
  threading: 'single',
  pool: 'keep-alive',
  buffering: 'streaming',
  balancer: 'round-robin',
  limiter: 'none',
  health: 'always',
  retries: 'none',
  filter: 'none',
  maxConnections: 6000,
  requestHeadMs: 10_000,
}

/** Poisson arrivals, each of them a request on a connection of its own: what comes does not wait for what came before. */
export function independentRequests(ratePerSecond: number, timeoutMs: Ms): LoadPlan {
  return {
    connections: { kind: 'sessions', requests: 1, gapMs: 0 },
    profile: `poisson:ratePerSecond=${ratePerSecond}`,
    pacing: 'timer',
    timeoutMs,
    from: '127.0.0.2',
  }
}

/** Our proxy with another balancer than `base` has, called by the name of that. */
export function withBalancer(base: Architecture, balancer: StrategySpec, about: string): Variant {
  return { name: balancer, target: 'windtunnel', about, settings: { ...base, balancer } }
}
