// One origin in eight fails now and then: never often enough in a row to be noticed by who counts that, and plain to see for
// who looks at shares.
import { plain } from '../core/architecture.ts'
import { kindWhen, mean, perVariant, sum } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const base: Architecture = { ...plain, balancer: 'round-robin' }
const originCount = 8
const bad = 5
const failShare = 0.2
const inARow = 'outlier-ejection:consecutive=5,baseEjectionMs=60000'
const bySuccess = 'success-rate:intervalMs=500,volume=20,baseEjectionMs=60000'
const byShare = 'rolling-breaker:windowMs=1000,errorShare=0.1,volume=20,openMs=1000'
/** Of the failures that a proxy which looks at nothing passes on. */
const caughtShare = 0.5

const healthOf = (run: Run) => `${run.settings.health}`.split(':')[0]!
const isBlind = (run: Run) => healthOf(run) === 'always'
const counts = (run: Run) => ['outlier-ejection', 'circuit-breaker'].includes(healthOf(run))
const compares = (run: Run) => ['success-rate', 'rolling-breaker'].includes(healthOf(run))

const failures = (run: Run) => run.phases.reduce((total, phase) => total + (phase.errors['bad-status'] ?? 0), 0)
const attempts = (run: Run) => run.counters[`origin.o${bad}.measuredRequests`] ?? 0

const say = (some: readonly Run[]) =>
  `${sum(some.map(failures))} failures, ${mean(some.map(attempts)).toFixed(0)} requests to the origin that fails`

function claim(sentence: string, uses: readonly Run[], holds: boolean): Claim[] {
  if (uses.length === 0) return []
  return [{ claim: sentence, kind: kindWhen(holds), holds, evidence: perVariant(uses, say), uses }]
}

function judge(runs: readonly Run[]): Claim[] {
  const blind = runs.filter(isBlind)
  const counting = runs.filter(counts)
  const comparing = runs.filter(compares)
  if (blind.length === 0) return []
  const passedOn = mean(blind.map(failures))
  const breakers = comparing.filter(run => healthOf(run) === 'rolling-breaker')
  const ejecting = comparing.filter(run => healthOf(run) === 'success-rate')
  return [
    ...(counting.length > 0
      ? claim(
          'Who counts failures in a row passes on nearly all of them, as if it did not look.',
          [...blind, ...counting],
          passedOn > 0 && counting.every(run => failures(run) >= 0.8 * passedOn),
        )
      : []),
    ...(comparing.length > 0
      ? claim(
          `Who looks at shares spares its users at least ${caughtShare * 100} % of them.`,
          [...blind, ...comparing],
          comparing.every(run => failures(run) <= (1 - caughtShare) * passedOn),
        )
      : []),
    ...(breakers.length > 0 && ejecting.length > 0
      ? claim(
          'A breaker goes on asking, one request at a time, and lets the origin back in when that one succeeds; an ejection waits.',
          [...breakers, ...ejecting],
          mean(breakers.map(attempts)) > mean(ejecting.map(attempts)),
        )
      : []),
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]

export default defineScenario({
  question: 'Who notices an origin that fails one request in five?',
  explanation:
    `One of ${originCount} origins answers ${failShare * 100} of 100 requests with 500 and the rest as it should. ` +
    'Five failures in a row, which is what most proxies look for, come by chance once in three thousand requests, so it stays. ' +
    'Compared with its neighbours it stands out after a few dozen: its share of successes lies far below the mean. ' +
    'A breaker that looks at the share of failures sees it too, and keeps trying it. ' +
    'Look at the failures that reach users, and at how many requests the bad origin still gets.',
  seed: 3,
  origins: { count: originCount, service: 'fixed:ms=2', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 50 },
    profile: 'poisson:ratePerSecond=500',
    pacing: 'timer',
    timeoutMs: 2000,
    from: '127.0.0.2',
  },
  hostile: [],
  faults: [{ fault: `status:code=500,share=${failShare}`, origin: bad, phase: 'load' }],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, phases: phases(4000) },
    normal: { repeats: 3, phases: phases(6000) },
    thorough: { repeats: 5, phases: phases(20_000) },
  },
  base,
  variants: [
    { name: 'blind', target: 'windtunnel', about: 'Looks at nothing.', settings: base },
    {
      name: 'in-a-row',
      target: 'windtunnel',
      about: 'Five failures in a row.',
      settings: { ...base, health: inARow },
    },
    {
      name: 'success-rate',
      target: 'windtunnel',
      about: 'Far below the mean of all.',
      settings: { ...base, health: bySuccess },
    },
    {
      name: 'rolling-breaker',
      target: 'windtunnel',
      about: 'A tenth of the last second failed.',
      settings: { ...base, health: byShare },
    },
  ],
  limits: [
    'Failures are answers with status 500; an origin that is slow instead of wrong is another question.',
    'With few origins the mean is no measure: Envoy compares only from five on.',
  ],
  judge,
})
