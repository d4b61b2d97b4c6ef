// So many idle connections, for all origins together or for each of them: the same total, and not the same use.
import { plain } from '../core/architecture.ts'
import { kindWhen, mean, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const base: Architecture = { ...plain, balancer: 'ring-hash' }

const origins = 8
const perOrigin = 3
const total = origins * perOrigin
const shared = `global:maxIdle=${total}`
const divided = `keep-alive:maxIdle=${perOrigin}`
/** What the busy origin is given at once, with room for chance. */
const most = 6
const bounded = `capped:max=${most}`

/** A budget that goes where the traffic is opens at most half of what a divided one opens. */
const sharedOpensAtMost = 1 / 2

const isShared = (run: Run) => `${run.settings.pool}`.startsWith('global')
const isDivided = (run: Run) => run.settings.pool === divided
const isBounded = (run: Run) => run.settings.pool === bounded
const opened = (run: Run) => run.counters.originConnectionsOpened ?? 0
const perThousand = (run: Run) => (1000 * opened(run)) / Math.max(1, run.counters.originRequests ?? 0)
const openPeak = (run: Run) => run.counters.originConnectionsOpenPeak ?? 0
const inFlightPeak = (run: Run) => run.counters.originInFlightPeak ?? 0
const waits = (run: Run) => run.counters['target.upstreamWaits'] ?? 0

function fewer(some: readonly Run[], others: readonly Run[]): Claim[] {
  if (some.length === 0 || others.length === 0) return []
  const uses = [...some, ...others]
  return [
    {
      claim: 'The same number of idle connections, shared by all origins, opens at most half as many new ones.',
      kind: 'count',
      holds: mean(some.map(perThousand)) <= sharedOpensAtMost * mean(others.map(perThousand)),
      evidence: `Connections per 1,000 requests: ${perVariant(uses, runs => mean(runs.map(perThousand)).toFixed(1))}`,
      uses,
    },
  ]
}

function keepsToItsBudget(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  // Idle ones and those in use; one more may be closing while another opens.
  const allowed = (run: Run) => total + inFlightPeak(run) + 4
  return [
    {
      claim: `A shared budget is kept: never more than ${total} connections beside those in use.`,
      kind: 'count',
      holds: runs.every(run => openPeak(run) <= allowed(run)),
      evidence: perVariant(
        runs,
        some =>
          `${Math.max(...some.map(openPeak))} open at once, ${Math.max(...some.map(inFlightPeak))} requests at once`,
      ),
      uses: runs,
    },
  ]
}

function waiting(runs: readonly Run[], others: readonly Run[]): Claim[] {
  if (runs.length === 0 || others.length === 0) return []
  const uses = [...runs, ...others]
  const holds =
    runs.every(run => waits(run) > 0 && openPeak(run) <= most * origins) &&
    others.filter(run => run.target === 'windtunnel').every(run => waits(run) === 0)
  return [
    {
      claim: `A cap on connections instead of idle ones opens no more than ${most} to any origin, and lets requests wait.`,
      kind: kindWhen(holds),
      holds,
      evidence: perVariant(
        uses,
        some => `${Math.max(...some.map(openPeak))} open at once, ${mean(some.map(waits)).toFixed(0)} requests waited`,
      ),
      uses,
    },
  ]
}

function answered(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  const holds = runs.every(run => run.generator.failed === 0)
  const evidence = perVariant(runs, some => `${some.reduce((sum, run) => sum + run.generator.failed, 0)} failed`)
  return [{ claim: 'Every request is answered.', kind: kindWhen(holds), holds, evidence, uses: runs }]
}

function judge(runs: readonly Run[]): Claim[] {
  const ours = runs.filter(run => run.target === 'windtunnel')
  return [
    ...answered(runs),
    ...fewer(runs.filter(isShared), ours.filter(isDivided)),
    ...keepsToItsBudget(runs.filter(isShared)),
    ...waiting(
      ours.filter(isBounded),
      ours.filter(run => !isBounded(run)),
    ),
  ]
}

const busy = (durationMs: number) => [{ name: 'busy', durationMs }]

export default defineScenario({
  question: 'A budget of idle connections: one for all origins, or a part for each?',
  explanation:
    'Each key belongs to one of eight origins, and a few keys are asked for far more often than the rest, so that one origin is busy and most are not. ' +
    'A pool that keeps three idle connections for each origin throws away what the busy one needs a moment later, and opens it again. ' +
    'A pool that keeps twenty-four for all of them lets the busy origin have what the others leave. ' +
    'A cap is something else: six connections for each origin, busy or idle, and no more, so that requests wait in the proxy. ' +
    'Look at the connections opened per 1,000 requests, at the most that were open at once, and at who waited.',
  seed: 23,
  origins: { count: origins, service: 'exponential:meanMs=15', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 100 },
    profile: 'poisson:ratePerSecond=400',
    pacing: 'timer',
    timeoutMs: 3000,
    from: '127.0.0.2',
    keys: { count: 200, exponent: 2 },
  },
  hostile: [],
  measuredPhase: 'busy',
  effort: {
    quick: { repeats: 1, phases: busy(4000) },
    normal: { repeats: 3, phases: busy(6000) },
    thorough: { repeats: 10, phases: busy(15_000) },
  },
  base,
  variants: [
    {
      name: 'for each',
      target: 'windtunnel',
      about: `Three idle connections are kept for each of ${origins} origins.`,
      settings: { ...base, pool: divided },
    },
    {
      name: 'for all',
      target: 'windtunnel',
      about: `${total} idle connections are kept over all origins.`,
      settings: { ...base, pool: shared },
    },
    {
      name: 'capped',
      target: 'windtunnel',
      about: `At most ${most} connections to each origin; the rest waits.`,
      settings: { ...base, pool: bounded },
    },
    {
      name: 'nginx',
      target: 'nginx',
      about: 'NGINX counts its idle connections over all origins as well.',
      settings: { ...base, pool: shared },
    },
  ],
  limits: [
    'One worker: with several, each has a budget of its own, and what one has idle another cannot use.',
    'Opening a connection costs little on loopback; how much more it costs at a distance is what `pooling` shows.',
  ],
  judge,
})
