// How many upstream connections are enough? Little's law says how many are in use on average; a pool with fewer cannot
// carry the load, one with twice as many hardly ever makes anybody wait.
import { plain } from '../core/architecture.ts'
import { mean, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const ratePerSecond = 400
const serviceMs = 20
/** L = λ · W: requests at the origin on average. */
const inUse = (ratePerSecond * serviceMs) / 1000
const sizes = [4, 6, 8, 12, 16, 32]

const base: Architecture = { ...plain, pool: 'capped:max=32,maxWaiting=32,waitMs=500', maxConnections: 1000 }

/** A timer of the origin may fire a little early as another clock sees it. */
const ceilingSlack = 1.05
const reachedShare = 0.8
const waitedShareAllowed = 0.03
const slowerAtLeast = 2

const sizeOf = ({ settings: { pool } }: Run) =>
  `${pool}`.startsWith('capped') ? Number(/max=(\d+)/.exec(`${pool}`)?.[1] ?? 64) : Number.POSITIVE_INFINITY
const steadyOf = (run: Run) => run.phases.find(phase => phase.name === 'steady')!
const completed = (run: Run) => steadyOf(run).throughput.completedPerSecond
const failedShare = (run: Run) => run.generator.failed / Math.max(1, run.generator.scheduled)
const waitedShare = (run: Run) =>
  (run.counters['target.upstreamWaits'] ?? 0) / Math.max(1, run.counters['target.requests'] ?? 0)
const ceiling = (run: Run) => (1000 * sizeOf(run)) / serviceMs
const isTooSmall = (run: Run) => sizeOf(run) <= 0.9 * inUse
const isRoomy = (run: Run) => sizeOf(run) >= 2 * inUse
const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const perSecond = (runs: readonly Run[]) => `${mean(runs.map(completed)).toFixed(0)}/s`

function capped(runs: readonly Run[]): Claim {
  const peak = (run: Run) => Math.max(run.counters.originConnectionsOpenPeak ?? 0, run.counters.originInFlightPeak ?? 0)
  return {
    claim: 'The origin never sees more connections or requests at once than the pool allows.',
    kind: 'count',
    holds: runs.every(run => peak(run) <= sizeOf(run)),
    evidence: perVariant(runs, some => `${Math.max(...some.map(peak))} at most`),
    uses: runs,
  }
}

function tooSmall(runs: readonly Run[]): Claim {
  const neverMore = runs.every(run => completed(run) <= ceiling(run) * ceilingSlack)
  const holds = neverMore && runs.every(run => completed(run) >= ceiling(run) * reachedShare)
  return {
    claim: `A pool smaller than L = λ · W = ${inUse} carries max / W requests per second and no more.`,
    // A busy machine makes W longer and the throughput lower, never higher.
    kind: holds || !neverMore ? 'count' : 'timing',
    holds,
    evidence: perVariant(runs, some => `${perSecond(some)} of ${ceiling(some[0]!).toFixed(0)}/s possible`),
    uses: runs,
  }
}

function roomy(runs: readonly Run[]): Claim {
  const holds = runs.every(run => run.generator.failed === 0 && waitedShare(run) <= waitedShareAllowed)
  return {
    claim: `From 2 · L = ${2 * inUse} connections on, every request is answered and at most ${percent(waitedShareAllowed)} wait for a connection.`,
    // On a machine that stops for a moment, arrivals pile up that the schedule had kept apart.
    kind: holds ? 'count' : 'timing',
    holds,
    evidence: perVariant(
      runs,
      some => `${percent(mean(some.map(waitedShare)))} waited, ${percent(mean(some.map(failedShare)))} failed`,
    ),
    uses: runs,
  }
}

function knee(small: readonly Run[], large: readonly Run[], all: readonly Run[]): Claim {
  const p50 = (run: Run) => steadyOf(run).latency.p50Ms ?? 0
  const roomyP50 = mean(large.map(p50))
  return {
    claim: `Below L requests queue: the median answer takes at least ${slowerAtLeast} times as long as with room, and some are refused.`,
    kind: 'timing',
    holds: small.every(run => p50(run) >= slowerAtLeast * roomyP50 && failedShare(run) > 0),
    evidence: perVariant(
      all,
      some =>
        `${mean(some.map(p50)).toFixed(0)} ms, ${perSecond(some)}, ${percent(mean(some.map(waitedShare)))} waited, ${percent(mean(some.map(failedShare)))} refused`,
    ),
    uses: [...small, ...large],
  }
}

function judge(runs: readonly Run[]): Claim[] {
  const bounded = runs.filter(run => Number.isFinite(sizeOf(run)))
  const small = runs.filter(isTooSmall)
  const large = runs.filter(isRoomy)
  return [
    ...(bounded.length > 0 ? [capped(bounded)] : []),
    ...(small.length > 0 ? [tooSmall(small)] : []),
    ...(large.length > 0 ? [roomy(large)] : []),
    ...(small.length > 0 && large.length > 0 ? [knee(small, large, runs)] : []),
  ]
}

const steady = (durationMs: number) => [{ name: 'steady', durationMs }]

export default defineScenario({
  question: 'How many upstream connections does a proxy need?',
  explanation:
    `Requests come at ${ratePerSecond} per second at random instants and each keeps a connection to the one origin for ${serviceMs} ms. ` +
    `Little's law says that λ · W = ${inUse} are then in use on average, however the instants fall. ` +
    'A pool below that number is a bottleneck: it carries its size divided by W, the rest queues in the proxy and is refused when the queue is full. ' +
    'A pool of just that size has no slack, and its queue grows for as long as the load lasts. ' +
    'Look for the knee: where does waiting begin, and how much room beyond the average does chance need?',
  seed: 1,
  origins: { count: 1, service: `fixed:ms=${serviceMs}`, responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 100 },
    profile: `poisson:ratePerSecond=${ratePerSecond}`,
    pacing: 'timer',
    timeoutMs: 1000,
    from: '127.0.0.2',
  },
  hostile: [],
  measuredPhase: 'steady',
  effort: {
    quick: { repeats: 1, phases: steady(2500) },
    normal: { repeats: 3, phases: steady(5000) },
    thorough: { repeats: 10, phases: steady(15_000) },
  },
  base,
  variants: sizes.map(max => ({
    name: `max ${max}`,
    target: 'windtunnel',
    about: `At most ${max} connections; ${max / inUse} times the average in use.`,
    settings: { ...base, pool: `capped:max=${max},maxWaiting=32,waitMs=500` },
  })),
  limits: [
    'One origin and one worker: with more of either, each has a pool of its own, and each needs its own room for chance.',
    'The service time is constant and the origin serves any number at once; one that slows down under load moves the knee.',
    'An origin’s timer is up to a millisecond late, so W is a little longer than its name says and L a little larger.',
  ],
  judge,
})
