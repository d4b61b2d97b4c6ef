// The case that made latency-aware balancing known: one of eleven backends becomes slow, and how many requests it takes with
// it depends on how long a slow request is seen to be slow. Each figure has a closed form.
// Source: Buoyant, "Beyond round robin: load balancing for latency", 2016, with Finagle's balancers.
import { independentRequests, plain } from '../core/architecture.ts'
import { mean, perVariant } from '../core/evidence.ts'
import { LatencyHistogram } from '../core/histogram.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const originCount = 11
const usualMs = 167
const slowMs = 2000
const patienceMs = 1000
const penaltyMs = 5000
/** The part of all phases in which one is slow. */
const slowShare = 0.5
/** In points of a hundred. */
const closeEnough = 0.08

const base: Architecture = { ...plain, balancer: 'round-robin' }
const timed: Architecture = { ...base, responseHeadMs: patienceMs }

const isTimed = (run: Run) => run.settings.responseHeadMs === patienceMs
const of = (runs: readonly Run[], balancer: string, isLimited = false) =>
  runs.filter(run => run.settings.balancer === balancer && isTimed(run) === isLimited)

/** The share of all requests that had their answer within a second. */
function answeredInTime(run: Run): number {
  const { latency, generator } = run
  return LatencyHistogram.decode(latency.histogram).countUpTo(patienceMs) / generator.scheduled
}

/** In turn, the slow one gets as much as each other. */
const inTurn = 1 - slowShare / originCount

/**
 * A balancer keeps all equally full, and a request counts at the slow one for `heldMs`: that gets one request where each other
 * gets heldMs / usualMs.
 */
function equallyFull(heldMs: number): number {
  return 1 - slowShare / (((originCount - 1) * heldMs) / usualMs + 1)
}

const percent = (share: number) => `${(share * 100).toFixed(2)} %`

function near(runs: readonly Run[], law: number, claim: string): Claim[] {
  if (runs.length === 0) return []
  const seen = mean(runs.map(answeredInTime))
  return [
    {
      claim,
      kind: 'count',
      holds: Math.abs(seen - law) * 100 <= closeEnough,
      evidence: `${percent(seen)} were answered within a second; theory says ${percent(law)}.`,
      uses: runs,
    },
  ]
}

function better(better: readonly Run[], worse: readonly Run[], claim: string): Claim[] {
  if (better.length === 0 || worse.length === 0) return []
  const uses = [...worse, ...better]
  return [
    {
      claim,
      kind: 'count',
      holds: Math.min(...better.map(answeredInTime)) > Math.max(...worse.map(answeredInTime)),
      evidence: perVariant(uses, some => percent(mean(some.map(answeredInTime)))),
      uses,
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  const full = of(runs, 'least-request')
  return [
    ...near(
      of(runs, 'round-robin'),
      inTurn,
      'In turn, one request in eleven waits for the slow one for as long as it is slow.',
    ),
    ...near(full, equallyFull(slowMs), 'Counting requests, a slow request keeps others away for as long as it takes.'),
    ...near(
      of(runs, 'least-request', true),
      equallyFull(patienceMs),
      'A time-out that frees the place of a slow request after half the time sends twice as many there.',
    ),
    ...near(
      of(runs, `failure-penalty:penaltyMs=${penaltyMs}+least-request`, true),
      equallyFull(patienceMs + penaltyMs),
      'A time-out that counts as in flight for five seconds more sends a sixth of that.',
    ),
    ...better(
      of(runs, 'peak-ewma'),
      [...full, ...of(runs, 'power-of-two')],
      'Measuring time loses fewer than counting requests, although it draws only two.',
    ),
  ]
}

const phases = [
  { name: 'before', durationMs: 15_000 },
  { name: 'slow', durationMs: 30_000 },
  { name: 'after', durationMs: 15_000 },
]
const variant = (name: string, settings: Architecture, about: string) => ({
  name,
  target: 'windtunnel',
  about,
  settings,
})

export default defineScenario({
  question: 'One backend takes two seconds instead of a sixth of one: how many requests does it take with it?',
  situation: 'one origin becomes slow for a while',
  explanation:
    `Eleven backends answer in about ${usualMs} ms, and for half of the time one of them takes ${slowMs / 1000} seconds. Whoever waits longer than one second is lost. ` +
    'A balancer that takes turns loses what it sends there, one in eleven. One that counts requests in flight sees the slow one fill up and sends it little: as little as a slow request is long. ' +
    'One that measures time needs a single slow answer to stay away. ' +
    'Look at what a time-out in the proxy does to the balancer that counts: it empties the slow one, so that it looks free.',
  seed: 27,
  virtual: { why: 'its figures are those of a published experiment on eleven machines' },
  origins: { count: originCount, service: `normal:meanMs=${usualMs},deviation=0.03`, responseBytes: 512 },
  load: independentRequests(1000, 10_000),
  hostile: [],
  faults: [{ fault: `slow:factor=0,addMs=${slowMs}`, origin: 4, phase: 'slow' }],
  measuredPhase: 'slow',
  effort: {
    quick: { repeats: 1, phases },
    normal: { repeats: 5, phases },
    thorough: { repeats: 30, phases },
  },
  base,
  variants: [
    variant('round-robin', base, 'Each in turn.'),
    variant('least-request', { ...base, balancer: 'least-request' }, 'The one with the fewest requests in flight.'),
    variant(
      'power-of-two',
      { ...base, balancer: 'power-of-two' },
      'The one of two drawn with fewer requests in flight.',
    ),
    variant('peak-ewma', { ...base, balancer: 'peak-ewma' }, 'The quicker of two drawn, times its requests in flight.'),
    variant(
      'least-request, time-out',
      { ...timed, balancer: 'least-request' },
      'The fewest in flight; the proxy gives an origin one second.',
    ),
    variant(
      'failure-penalty+least-request, time-out',
      { ...timed, balancer: `failure-penalty:penaltyMs=${penaltyMs}+least-request` },
      'The same, and what the proxy gave up counts as in flight for five seconds more.',
    ),
  ],
  limits: [
    'The origins serve any number of requests at once: the slow one does not get slower by what it is sent.',
    'The published figures are 95 % in turn, 99 % by least loaded and 99.9 % by peak EWMA, of a replay of production traffic.',
  ],
  judge,
})
