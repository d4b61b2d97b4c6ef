// One large origin and three small ones, with weights that say so: what happens to those who do not read them?
import { plain } from '../core/architecture.ts'
import { perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const base: Architecture = { ...plain, balancer: 'weighted-round-robin' }

const weights = [5, 1, 1, 1]
const totalWeight = weights.reduce((sum, weight) => sum + weight, 0)
/** In turn the shares are exact to the request; drawn they are off by chance. */
const turnTolerance = 0.01
const drawTolerance = 0.05
/** Where several are idle the load per weight is 0 for all of them, and the weights have no say. */
const loadTolerance = 0.15
const queueTimesNeeded = 2

const balancerOf = (run: Run) => `${run.settings.balancer}`.split(':')[0]!

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** The share of the measured requests that each origin was sent. */
function sharesOf(run: Run): number[] {
  const counts = weights.map((_, index) => run.counters[`origin.o${index}.measuredRequests`] ?? 0)
  const all = counts.reduce((sum, count) => sum + count, 0)
  return counts.map(count => (all === 0 ? 0 : count / all))
}

/** The most requests that were at one small origin at once, those waiting for a slot included. */
const crowd = (run: Run) => Math.max(...[1, 2, 3].map(index => run.counters[`origin.o${index}.inFlightPeak`] ?? 0))

function sharesClaim(claim: string, runs: readonly Run[], expected: readonly number[], tolerance: number): Claim[] {
  if (runs.length === 0) return []
  const near = (run: Run) => sharesOf(run).every((share, index) => Math.abs(share - expected[index]!) <= tolerance)
  return [
    {
      claim,
      kind: 'count',
      holds: runs.every(near),
      evidence: perVariant(
        runs,
        some => `the large origin got ${percent(sharesOf(some[0]!)[0]!)}, small ones ${small(some[0]!)}`,
      ),
      uses: runs,
    },
  ]
}

const small = (run: Run) =>
  sharesOf(run)
    .slice(1)
    .map(share => percent(share))
    .join(', ')

function queues(blind: readonly Run[], turn: readonly Run[]): Claim[] {
  if (blind.length === 0 || turn.length === 0) return []
  const uses = [...blind, ...turn]
  const holds = Math.min(...blind.map(crowd)) >= queueTimesNeeded * Math.max(...turn.map(crowd))
  return [
    {
      claim: `Blind to weights, a small origin has at least ${queueTimesNeeded} times as many requests at once.`,
      // A queue that did not grow may be missing because the load came late.
      kind: holds ? 'count' : 'timing',
      holds,
      evidence: perVariant(uses, some => `up to ${Math.max(...some.map(crowd))} at a small origin with two slots`),
      uses,
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  const of = (...names: string[]) => runs.filter(run => names.includes(balancerOf(run)))
  const byWeight = weights.map(weight => weight / totalWeight)
  const loads = of('least-request', 'power-of-two')
  return [
    ...sharesClaim(
      'Round robin gives the large origin no more than a small one.',
      of('round-robin'),
      weights.map(() => 1 / weights.length),
      turnTolerance,
    ),
    ...sharesClaim(
      'Weighted round robin gives each origin its share.',
      of('weighted-round-robin'),
      byWeight,
      turnTolerance,
    ),
    ...sharesClaim('A weighted draw gives each its share, but for chance.', of('random'), byWeight, drawTolerance),
    ...sharesClaim('Load per weight comes near the shares by itself.', loads, byWeight, loadTolerance),
    ...queues(of('round-robin'), of('weighted-round-robin')),
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]

export default defineScenario({
  question: 'One origin is five times as large as the others: who overloads the small ones?',
  situation: 'origins differ in size, and weights say so',
  explanation:
    'The large origin has ten slots of 20 ms and serves up to 500 requests per second, each of the three small ones has two and serves 100. ' +
    'The load of 520 per second is two thirds of what all can do together. ' +
    'By turn, each small origin is sent 130 and its queue grows, while the large one is bored; in proportion to weights all are equally busy. ' +
    'Look at the shares, then at how many requests stood at a small origin at once. A draw follows the weights on average only, and chance makes queues of its own.',
  seed: 12,
  origins: {
    count: weights.length,
    service: 'exponential:meanMs=20',
    slots: 2,
    responseBytes: 512,
    each: { 0: { slots: 10, weight: weights[0]! } },
  },
  load: {
    connections: { kind: 'keep-alive', count: 800 },
    profile: 'poisson:ratePerSecond=520',
    pacing: 'timer',
    timeoutMs: 5000,
    from: '127.0.0.2',
  },
  hostile: [],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, phases: phases(2500) },
    normal: { repeats: 3, phases: phases(5000) },
    thorough: { repeats: 10, phases: phases(10_000) },
  },
  base,
  variants: [
    {
      name: 'round-robin',
      target: 'windtunnel',
      about: 'In turn, whatever the weights.',
      settings: { ...base, balancer: 'round-robin' },
    },
    { name: 'weighted', target: 'windtunnel', about: 'In turn by weight, smoothly.', settings: base },
    {
      name: 'random',
      target: 'windtunnel',
      about: 'Drawn by weight.',
      settings: { ...base, balancer: 'random' },
    },
    {
      name: 'least-request',
      target: 'windtunnel',
      about: 'Fewest in flight per weight.',
      settings: { ...base, balancer: 'least-request' },
    },
    { name: 'nginx weighted', target: 'nginx', about: 'NGINX in turn by weight.', settings: base },
    { name: 'haproxy weighted', target: 'haproxy', about: 'HAProxy in turn by weight.', settings: base },
  ],
  limits: [
    'Weights are given and right. Weights that are wrong make a weighted balancer as bad as a blind one.',
    'The queue that grows by turn is as long as the run lasted.',
    'NGINX and HAProxy know weights only: their variants show the same shares by other means.',
  ],
  judge,
})
