// A deploy: every origin is stopped and started again, one after another, without telling anybody first.
import { independentRequests, plain } from '../core/architecture.ts'
import { failedShare, perVariant, sum } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario, type FaultPlan } from '../core/scenario.ts'

const originCount = 10
/** Of its tenth of the deploy, an origin is away for half. */
const awayShare = 0.5
const faults: readonly FaultPlan[] = Array.from({ length: originCount }, (_, origin) => ({
  fault: 'kill',
  origin,
  phase: 'deploy',
  during: [origin / originCount, (origin + awayShare) / originCount],
}))

const base: Architecture = { ...plain, balancer: 'round-robin' }
const checks = 'active-http:intervalMs=500,timeoutMs=200,fall=2,rise=2'
const ejection = 'outlier-ejection:consecutive=3,baseEjectionMs=1000,maxEjectionMs=1000'
const retries = 'budgeted:baseMs=1'

/** One origin in ten is away for half of the time. */
const blindLoss = awayShare / originCount
const lossAllowed = 0.0005

const percent = (share: number) => `${(share * 100).toFixed(2)} %`
const retriesOf = (runs: readonly Run[]) => sum(runs.map(run => run.counters['target.retries'] ?? 0))
const named = (runs: readonly Run[], health: string, retries: string) =>
  runs.filter(run => `${run.settings.health}`.startsWith(health) && `${run.settings.retries}`.startsWith(retries))
const lossIn = (runs: readonly Run[]) => failedShare(runs, 'deploy')
const lost = (runs: readonly Run[]) => perVariant(runs, some => percent(lossIn(some)))

function blind(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  return [
    {
      claim: `Whoever does not look loses what the origins that are away would have served: ${percent(blindLoss)} of the deploy, within a fifth.`,
      kind: 'count',
      holds: runs.every(run => Math.abs(lossIn([run]) / blindLoss - 1) < 0.2),
      evidence: lost(runs),
      uses: runs,
    },
  ]
}

/** `better` loses at most this share of what `worse` loses. */
function cheaper(better: readonly Run[], worse: readonly Run[], share: number, claim: string): Claim[] {
  if (better.length === 0 || worse.length === 0) return []
  const uses = [...worse, ...better]
  return [{ claim, kind: 'count', holds: lossIn(better) <= share * lossIn(worse), evidence: lost(uses), uses }]
}

function retried(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  return [
    {
      claim: `A second attempt elsewhere hides the whole deploy: at most ${percent(lossAllowed)} fail.`,
      kind: 'count',
      holds: runs.every(run => lossIn([run]) <= lossAllowed),
      evidence: perVariant(runs, some => `${percent(lossIn(some))} failed, ${retriesOf(some)} retries`),
      uses: runs,
    },
  ]
}

function sparing(both: readonly Run[], alone: readonly Run[]): Claim[] {
  if (both.length === 0 || alone.length === 0) return []
  const uses = [...alone, ...both]
  return [
    {
      claim: 'Whoever also watches needs less than a fifth of the retries, and leaves the budget to those who need it.',
      kind: 'count',
      holds: retriesOf(both) / both.length < retriesOf(alone) / alone.length / 5,
      evidence: perVariant(uses, some => `${(retriesOf(some) / some.length).toFixed(0)} retries`),
      uses,
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  const [nothing, asking, ejecting] = ['always', 'active', 'outlier'].map(health => named(runs, health, 'none'))
  const [alone, both] = ['always', 'outlier'].map(health => named(runs, health, 'budgeted'))
  return [
    ...blind(nothing!),
    ...cheaper(
      asking!,
      nothing!,
      0.5,
      'Checks save at least half of that; the rest is the time they take to be sure, once for each origin.',
    ),
    ...cheaper(
      ejecting!,
      asking!,
      0.5,
      'Watching the traffic is surer sooner: it loses less than half of what checks lose.',
    ),
    ...retried([...alone!, ...both!]),
    ...sparing(both!, alone!),
  ]
}

const phases = [
  { name: 'before', durationMs: 5000 },
  { name: 'deploy', durationMs: 40_000 },
  { name: 'after', durationMs: 5000 },
]
const variant = (name: string, about: string, more: Partial<Architecture>) => ({
  name,
  target: 'windtunnel',
  about,
  settings: { ...base, ...more },
})

export default defineScenario({
  question: 'Every origin is restarted in turn: who fails, and what does it take that nobody does?',
  explanation:
    'A deploy restarts ten origins one after the other, and each is away for two seconds. Nobody tells the proxy beforehand: connections are reset, and new ones refused. ' +
    'Somebody has to find out ten times over, and each time a few users may pay for it. ' +
    'Checks cost nobody anything and take their time; watching the traffic takes a few failures; a second attempt makes a failure somebody else’s business. ' +
    'Look at how many users failed in all, and at how many second attempts that took.',
  seed: 37,
  virtual: { why: 'its deploy takes longer than a live run', proxies: { count: 4 }, network: { rttMs: 1 } },
  origins: { count: originCount, service: 'exponential:meanMs=10', slots: 4, responseBytes: 512 },
  load: independentRequests(2000, 2000),
  hostile: [],
  faults,
  measuredPhase: 'deploy',
  effort: {
    quick: { repeats: 1, warmUpMs: 1000, phases },
    normal: { repeats: 5, warmUpMs: 1000, phases },
    thorough: { repeats: 20, warmUpMs: 1000, phases },
  },
  base,
  variants: [
    variant('nothing', 'What is configured is used.', {}),
    variant('active checks', 'Every origin is asked twice a second; two failed checks and it is out.', {
      health: checks,
    }),
    variant('outlier ejection', 'Three failures in a row, and it is left out for a second.', { health: ejection }),
    variant('retries', 'What fails is tried again elsewhere, within a budget.', { retries }),
    variant('ejection + retries', 'Both.', { health: ejection, retries }),
  ],
  limits: [
    'The origins are killed. One that is drained, finishing what it has and refusing what is new, or that is taken out of the proxy’s configuration before, loses nothing under any of these.',
    'A retry is safe for requests that may be made twice; all are here.',
  ],
  judge,
})
