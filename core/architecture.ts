// The architecture that scenarios start from: the plainest proxy that keeps its connections. A scenario names only what
// its question is about.
import type { Architecture } from './scenario.ts'

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
