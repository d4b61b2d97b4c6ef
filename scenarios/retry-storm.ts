// Origins that fail half of their requests for a while, and three answers to that: no retries, retries without a limit,
// retries within a budget. What a retry gains for one request it takes from all: the origins do more work when they can
// do least.
import { plain } from '../core/architecture.ts'
import { kindWhen, mean, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { defineScenario } from '../core/scenario.ts'

const base = plain
/** Three attempts whatever it costs: the budget is larger than any run can spend. */
const unlimited = 'budgeted:share=10,perSecond=1000,reserve=1000000'
const budgetShare = 0.2
const budgeted = `budgeted:share=${budgetShare},perSecond=1`
const stormAmplification = 1.5
/** The share of the budget, and what time and the reserve of the calm phase add to it. */
const budgetAmplification = 1 + budgetShare + 0.15

const isUnlimited = (run: Run) => run.settings.retries === unlimited
const isBudgeted = (run: Run) => `${run.settings.retries}`.startsWith('budgeted') && !isUnlimited(run)
const hasNone = (run: Run) => run.settings.retries === 'none'

const brownOut = (run: Run) => run.phases.find(phase => phase.name === 'brown-out')!

/** Attempts that reached origins per request of the brown-out; outside of it nothing fails and nothing is retried. */
function amplification(run: Run): number {
  const asked = run.generator.scheduled + (run.counters.warmUpRequests ?? 0)
  return 1 + ((run.counters.originRequests ?? 0) - asked) / brownOut(run).requests
}

function answeredShare(run: Run): number {
  const { requests, errors } = brownOut(run)
  return 1 - Object.values(errors).reduce((sum, count) => sum + count, 0) / requests
}

const say = (some: readonly Run[]) =>
  `${mean(some.map(amplification)).toFixed(2)} attempts per request, ${(mean(some.map(answeredShare)) * 100).toFixed(0)} % answered`

function claim(sentence: string, runs: readonly Run[], holds: boolean): Claim[] {
  return runs.length === 0
    ? []
    : [{ claim: sentence, kind: kindWhen(holds), holds, evidence: perVariant(runs, say), uses: runs }]
}

function judge(runs: readonly Run[]): Claim[] {
  const none = runs.filter(hasNone)
  const storm = runs.filter(isUnlimited)
  const budget = runs.filter(isBudgeted)
  const both = [...none, ...budget]
  return [
    ...claim(
      'Without retries no request reaches an origin twice.',
      none,
      none.every(run => amplification(run) <= 1),
    ),
    ...claim(
      `Retries without a limit make origins that fail do at least ${stormAmplification} times the work.`,
      storm,
      storm.every(run => amplification(run) >= stormAmplification),
    ),
    ...claim(
      `A budget of ${budgetShare * 100} % keeps it below ${budgetAmplification.toFixed(2)} times.`,
      budget,
      budget.every(run => amplification(run) <= budgetAmplification),
    ),
    ...(none.length > 0 && budget.length > 0
      ? claim(
          'Within its budget a proxy still answers more than one that never retries.',
          both,
          mean(budget.map(answeredShare)) > mean(none.map(answeredShare)),
        )
      : []),
  ]
}

const phases = (calm: number, fault: number, recovery: number) => [
  { name: 'calm', durationMs: calm },
  { name: 'brown-out', durationMs: fault },
  { name: 'recovery', durationMs: recovery },
]

export default defineScenario({
  question: 'What do retries cost when origins begin to fail?',
  explanation:
    'For a while every origin answers half of its requests with 503. A proxy that tries again hides most of these failures from its users. ' +
    'But every retry is one more request for origins that are in trouble already, and when they fail because they have too much to do, retries keep them down. ' +
    'A budget lets each request earn a fraction of a retry: it hides the rare failure and cannot become a storm. ' +
    'Look at the attempts per request beside the share that is answered.',
  seed: 1,
  origins: { count: 4, service: 'fixed:ms=2', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 50 },
    profile: 'poisson:ratePerSecond=400',
    pacing: 'timer',
    timeoutMs: 2000,
    from: '127.0.0.2',
  },
  hostile: [],
  faults: [0, 1, 2, 3].map(origin => ({ fault: 'status:code=503,share=0.5', origin, phase: 'brown-out' })),
  measuredPhase: 'brown-out',
  effort: {
    quick: { repeats: 1, phases: phases(800, 3000, 800) },
    normal: { repeats: 3, phases: phases(1500, 5000, 1500) },
    thorough: { repeats: 5, phases: phases(4000, 15_000, 4000) },
  },
  base,
  variants: [
    { name: 'no-retries', target: 'windtunnel', about: 'A failure is told to the client.', settings: base },
    {
      name: 'unlimited',
      target: 'windtunnel',
      about: 'Three attempts, whatever it costs.',
      settings: { ...base, retries: unlimited },
    },
    {
      name: 'budgeted',
      target: 'windtunnel',
      about: 'Three attempts, while retries stay below a fifth of all requests.',
      settings: { ...base, retries: budgeted },
    },
  ],
  limits: [
    'The origins fail by themselves here and not because of the load: how retries keep overloaded origins down is not shown.',
    'One tier of proxies; with several, each that retries multiplies what the one before it sends.',
  ],
  judge,
})
