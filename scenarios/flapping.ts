// An origin that crashes, is started again by its supervisor, and crashes again. Whoever believes it quickly fails its users
// quickly; whoever does not believe it does without its work.
import { independentRequests, plain } from '../core/architecture.ts'
import { mean, perVariant, phaseOf, sum } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario, type FaultPlan } from '../core/scenario.ts'

const originCount = 6
const flapping = 0
const flaps = 12
const awayShare = 0.4
const faults: readonly FaultPlan[] = Array.from({ length: flaps }, (_, flap) => ({
  fault: 'kill',
  origin: flapping,
  phase: 'flapping',
  during: [flap / flaps, (flap + awayShare) / flaps],
}))

const base: Architecture = { ...plain, balancer: 'round-robin' }
const failedOf = (runs: readonly Run[]) => mean(runs.map(run => sum(Object.values(phaseOf(run, 'flapping').errors))))
/** What the flapping origin got of its even share while it flapped; it is there for six tenths of the time. */
const usedOf = (runs: readonly Run[]) =>
  mean(
    runs.map(
      run => (run.counters[`origin.o${flapping}.measuredRequests`]! * originCount) / phaseOf(run, 'flapping').requests,
    ),
  )
const rebuildsOf = (runs: readonly Run[]) => mean(runs.map(run => run.counters['target.tableRebuilds']!))
const percent = (share: number) => `${(share * 100).toFixed(0)} %`
const said = (runs: readonly Run[]) =>
  perVariant(
    runs,
    some =>
      `${failedOf(some).toFixed(0)} failed, ${percent(usedOf(some))} of its share used, ${rebuildsOf(some).toFixed(0)} tables rebuilt`,
  )

const riseOf = (run: Run) => Number(/rise=(\d+)/.exec(`${run.settings.health}`)?.[1] ?? 2)
const named = (runs: readonly Run[], health: string) =>
  runs.filter(run => `${run.settings.health}`.split(':')[0] === health)

/** One claim on two kinds of runs, when there are both. */
function between(
  one: readonly Run[],
  other: readonly Run[],
  claim: string,
  isSo: (one: readonly Run[], other: readonly Run[]) => boolean,
): Claim[] {
  if (one.length === 0 || other.length === 0) return []
  const uses = [...one, ...other]
  return [{ claim, kind: 'count', holds: isSo(one, other), evidence: said(uses), uses }]
}

function judge(runs: readonly Run[]): Claim[] {
  const [blind, asking, ejecting, breaking] = ['always', 'active-http', 'outlier-ejection', 'circuit-breaker'].map(
    health => named(runs, health),
  )
  const [quick, slow] = [asking!.filter(run => riseOf(run) <= 2), asking!.filter(run => riseOf(run) > 2)]
  return [
    ...between(
      quick,
      blind!,
      'Checks that believe quickly still fail users at every fall: a quarter or more of what nobody’s looking costs.',
      (one, other) => failedOf(one) >= failedOf(other) / 4 && failedOf(one) < failedOf(other),
    ),
    ...between(
      slow,
      quick,
      'Asking for a longer row of good checks fails a fifth or less of the users, and does without nearly all that the origin could do.',
      (one, other) => failedOf(one) <= failedOf(other) / 5 && usedOf(one) < 0.1 && usedOf(other) > 0.4,
    ),
    ...between(
      ejecting!,
      quick,
      'Ejections that grow stop believing by themselves: fewer fail, and the origin is used less from fall to fall.',
      (one, other) => failedOf(one) <= failedOf(other) / 5 && usedOf(one) < usedOf(other) / 2,
    ),
    ...between(
      breaking!,
      quick,
      'A breaker risks one request at a time: it fails a tenth or less of the users and still uses more of the origin.',
      (one, other) => failedOf(one) <= failedOf(other) / 10 && usedOf(one) > usedOf(other),
    ),
    ...between(
      slow,
      breaking!,
      'Whoever believes rebuilds tables: a breaker at least twice for each fall, a long row of checks hardly ever.',
      (one, other) => rebuildsOf(one) <= 4 && rebuildsOf(other) >= 2 * flaps,
    ),
  ]
}

const phases = [
  { name: 'calm', durationMs: 5000 },
  { name: 'flapping', durationMs: 60_000 },
  { name: 'healed', durationMs: 30_000 },
]
const variant = (name: string, about: string, health: string) => ({
  name,
  target: 'windtunnel',
  about,
  settings: { ...base, health },
})

export default defineScenario({
  question: 'An origin goes up and down: who believes it, and what does that cost?',
  explanation:
    'One origin of six crashes, is started again by its supervisor, and crashes again: two seconds away, three seconds there, for a minute. While it is there it works perfectly. ' +
    'Whoever takes it back soon has the use of it, and fails some users at the next fall. Whoever waits until it has been well for long fails nobody and loses a sixth of the capacity, though the origin could do most of its work. ' +
    'Between the two are those that learn: ejections that grow, and breakers that try with one request. ' +
    'Look at failures and at the share of its work that the origin was given, together.',
  seed: 43,
  virtual: { why: 'its origin flaps for longer than a live run takes', network: { rttMs: 1 } },
  origins: { count: originCount, service: 'exponential:meanMs=10', slots: 4, responseBytes: 512 },
  load: independentRequests(1200, 2000),
  hostile: [],
  faults,
  measuredPhase: 'flapping',
  effort: {
    quick: { repeats: 1, warmUpMs: 1000, phases },
    normal: { repeats: 5, warmUpMs: 1000, phases },
    thorough: { repeats: 20, warmUpMs: 1000, phases },
  },
  base,
  variants: [
    variant('always', 'What is configured is used.', 'always'),
    variant(
      'quick to believe',
      'Asked twice a second: down after two failed checks, up after one that passed.',
      'active-http:intervalMs=500,timeoutMs=200,fall=2,rise=1',
    ),
    variant(
      'slow to believe',
      'The same, but up only after twelve passed checks in a row.',
      'active-http:intervalMs=500,timeoutMs=200,fall=2,rise=12',
    ),
    variant(
      'growing ejections',
      'Out after five failures in a row: two seconds at first, two more each time.',
      'outlier-ejection:consecutive=5,baseEjectionMs=2000,maxEjectionMs=20000',
    ),
    variant(
      'circuit breaker',
      'Out after five failures in a row; every second one request tries it.',
      'circuit-breaker:failures=5,openMs=1000',
    ),
  ],
  limits: [
    'One proxy watches. Of many, each learns by itself, and each needs failures of its own.',
    'A rebuilt table costs nothing here. With ring hashing over thousands of origins it costs milliseconds, and keys move each time.',
  ],
  judge,
})
