// An origin that fails at once looks like the fastest of all: who is drawn to it?
import { plain } from '../core/architecture.ts'
import { perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { defineScenario } from '../core/scenario.ts'

const base = plain

/** A quarter of the origins, to the request; the ends of the phase fall where they fall. */
const blindLoss = { from: 0.24, to: 0.26 }
const drawnLossNeeded = 1 / 3
const penalisedLossAllowed = 0.03
/** Two intervals of the series. */
const boundaryMs = 400

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

const phaseOf = (run: Run, name: string) => run.phases.find(phase => phase.name === name)!
/** The share of the users during the fault who were answered with an error. */
function lossOf(run: Run): number {
  const { errors, requests } = phaseOf(run, 'fault')
  return (errors['bad-status'] ?? 0) / Math.max(1, requests)
}

const isBlind = (run: Run) => run.settings.balancer === 'round-robin'
const isPenalised = (run: Run) =>
  /^(peak-ewma|failure-penalty)/.test(`${run.settings.balancer}`) && !/failureMs=0\b/.test(`${run.settings.balancer}`)
const isDrawn = (run: Run) =>
  /^(least-request|power-of-two|peak-ewma)/.test(`${run.settings.balancer}`) && !isPenalised(run)

function lossClaim(claim: string, runs: readonly Run[], holds: (loss: number, run: Run) => boolean): Claim[] {
  if (runs.length === 0) return []
  const losses = perVariant(runs, some => `${some.map(run => percent(lossOf(run))).join(', ')} answered with an error`)
  return [{ claim, kind: 'count', holds: runs.every(run => holds(lossOf(run), run)), evidence: losses, uses: runs }]
}

/** Requests due in the calm, and how many of them failed; those due at its very end may meet the fault. */
function calmCounts(run: Run): { offered: number; failed: number } {
  const column = (name: string, index: number) => run.series.columns[name]?.values[index] ?? 0
  const untilMs = phaseOf(run, 'calm').toMs - boundaryMs
  const indexes = run.series.atMs.flatMap((atMs, index) => (atMs < untilMs ? [index] : []))
  const seconds = run.series.intervalMs / 1000
  const sum = (name: string) => Math.round(indexes.reduce((total, index) => total + column(name, index) * seconds, 0))
  return { offered: sum('offered'), failed: sum('offered') - sum('completed') }
}

function calm(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  const counts = runs.map(calmCounts)
  const holds = counts.every(({ offered, failed }) => offered > 0 && failed === 0)
  return [
    {
      claim: 'Before the fault nobody fails.',
      // A request that was sent late may have met the fault.
      kind: holds ? 'count' : 'timing',
      holds,
      evidence: perVariant(runs, some => {
        const sum = (name: 'offered' | 'failed') => some.reduce((total, run) => total + calmCounts(run)[name], 0)
        return `${sum('failed')} of ${sum('offered')} failed`
      }),
      uses: runs,
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  return [
    ...calm(runs),
    ...lossClaim(
      'By turn, a broken origin in four costs a quarter of all answers.',
      runs.filter(isBlind),
      loss => loss >= blindLoss.from && loss <= blindLoss.to,
    ),
    ...lossClaim(
      'Whoever prefers the idle or the quick is drawn to it and loses more than a third.',
      runs.filter(isDrawn),
      loss => loss > drawnLossNeeded,
    ),
    ...lossClaim(
      `When a failure counts as a slow answer or as one still under way, at most ${(penalisedLossAllowed * 100).toFixed(0)} % are lost.`,
      runs.filter(isPenalised),
      // Somebody must have met the fault, though the one request that did may have been due just before it.
      (loss, run) => (run.errors['bad-status'] ?? 0) > 0 && loss <= penalisedLossAllowed,
    ),
  ]
}

const phases = (calmMs: number, faultMs: number) => [
  { name: 'calm', durationMs: calmMs },
  { name: 'fault', durationMs: faultMs },
]

export default defineScenario({
  question: 'An origin answers 500 at once, and so looks like the fastest: who sends everything there?',
  situation: 'an origin fails at once and so looks quick',
  explanation:
    'Four origins take 20 ms, until one of them starts to answer every request with an error within a fraction of a millisecond. ' +
    'It never has a request in flight for long and never takes long, so that by both measures it is the best origin there is. ' +
    'A balancer that is blind to load sends it a quarter; one that looks at load sends it far more, and more the busier the others are: it is a black hole. ' +
    'The way out is to let a failure count as a slow answer, or to take the origin out by a health policy. Look at the share of users who got an error.',
  seed: 14,
  origins: { count: 4, service: 'exponential:meanMs=20', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 200 },
    profile: 'poisson:ratePerSecond=400',
    pacing: 'timer',
    timeoutMs: 2000,
    from: '127.0.0.2',
  },
  hostile: [],
  faults: [{ fault: 'status:code=500', origin: 0, phase: 'fault' }],
  measuredPhase: 'fault',
  effort: {
    quick: { repeats: 1, phases: phases(1000, 2500) },
    normal: { repeats: 3, phases: phases(1500, 4000) },
    thorough: { repeats: 10, phases: phases(2000, 8000) },
  },
  base,
  variants: [
    { name: 'round-robin', target: 'windtunnel', about: 'Each origin in turn.', settings: base },
    {
      name: 'least-request',
      target: 'windtunnel',
      about: 'The least busy of all.',
      settings: { ...base, balancer: 'least-request' },
    },
    {
      name: 'peak-ewma blind',
      target: 'windtunnel',
      about: 'The quicker of two, with a failure as quick as it was.',
      settings: { ...base, balancer: 'peak-ewma:failureMs=0' },
    },
    {
      name: 'peak-ewma',
      target: 'windtunnel',
      about: 'The quicker of two, with a failure counted as slow.',
      settings: { ...base, balancer: 'peak-ewma' },
    },
    {
      name: 'penalised least-request',
      target: 'windtunnel',
      about: 'The least busy of all, with a failure counted as in flight for five seconds.',
      settings: { ...base, balancer: 'failure-penalty+least-request' },
    },
    {
      name: 'nginx least_conn',
      target: 'nginx',
      about: 'NGINX by fewest connections; an answered 500 is no failure to it.',
      settings: { ...base, balancer: 'least-request' },
    },
  ],
  limits: [
    'No health policy and no retries: what is seen is the balancer alone.',
    'The origin fails every request. One that fails some of them draws in fewer, and is harder to tell.',
    'The share that is lost depends on how busy the healthy origins are: an idle origin is as attractive as a broken one.',
  ],
  judge,
})
