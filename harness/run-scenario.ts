// Scenario × variants × repeats → the record. Variants are interleaved (A B C, then C B A), so that a machine that grows
// slower or warmer burdens all alike; a run whose timing was disturbed is run once more while the budget lasts.
import { mkdirSync } from 'node:fs'
import { InvalidRunError } from '../core/errors.ts'
import { faultSpan } from '../core/fault-time.ts'
import { type JudgedClaim, type Run, recordSchema, recordSchemaName, type ScenarioRecord } from '../core/record.ts'
import { load } from '../core/registry.ts'
import type { FaultPlan, Phase, Variant } from '../core/scenario.ts'
import type { Children } from './children.ts'
import { judgeClaim } from './claims.ts'
import { compareVariants } from './compare-variants.ts'
import { capacityInWords, loadInWords } from './load-in-words.ts'
import { describeMachine } from './machine.ts'
import { choosePinning } from './pinning.ts'
import type { Engine, RunPlan } from './plan.ts'
import { ProgressDisplay } from './progress.ts'
import { type RunContext, runVariant, warmUpOf } from './run-variant.ts'
import { simulatedLimits } from './simulated/model-of.ts'
import { runSimulated, simulatedCandidates } from './simulated/run-simulated.ts'
import type { Target } from './target.ts'

/** Starting and stopping the processes of a run, for the estimate of the time left. */
const aroundRunMs = 1200
/** One run in ten may be repeated because its timing was disturbed. */
const runsPerRerun = 10

interface Candidate {
  readonly variant: Variant
  /** Why it is not run, or null. */
  readonly skipped: string | null
}

/** Runs everything and judges it. Never throws for an invalid run: the record says so. */
export async function runScenario(plan: RunPlan, children: Children): Promise<ScenarioRecord> {
  const startedAt = new Date()
  const pinning = choosePinning()
  const versions: Record<string, string> = {}
  const candidates: Candidate[] = []
  if (plan.engines.includes('live')) {
    for (const variant of plan.variants) candidates.push(await candidateOf(variant, versions))
  }
  const simulated = plan.engines.includes('simulation') ? await simulatedCandidates(plan) : []
  mkdirSync(plan.out, { recursive: true })
  const display = new ProgressDisplay(process.stderr, 0)
  const all = [...candidates, ...simulated]
  for (const { variant, skipped } of all) if (skipped) display.say(`  ${variant.name}: skipped, ${skipped}`)
  const variants = runnable(candidates)
  const virtual = runnable(simulated)
  const reasons: string[] = variants.length + virtual.length === 0 ? ['no variant could be run'] : []
  const runs: Run[] = []
  try {
    await runAll({ plan, pinning, children }, variants, display, run => runs.push(run))
    runs.push(...(await simulateAll(plan, virtual, display)))
  } catch (error) {
    if (!(error instanceof InvalidRunError)) throw error
    reasons.push(error.message)
  } finally {
    display.close()
  }
  const order = [...variants, ...virtual].map(variant => variant.name)
  runs.sort((a, b) => order.indexOf(a.variant) - order.indexOf(b.variant) || a.repeat - b.repeat)
  const pinned = plan.engines.includes('live') ? pinning.sentence : 'not pinned: nothing but a simulation ran'
  return recordOf(plan, startedAt, describeMachine(pinned, versions), all, runs, [
    ...reasons,
    ...runs.flatMap(accountingReasons),
  ])
}

/** Judges the runs, unless a reason makes them invalid. */
function recordOf(
  plan: RunPlan,
  startedAt: Date,
  machine: ScenarioRecord['machine'],
  candidates: readonly Candidate[],
  runs: Run[],
  reasons: string[],
): ScenarioRecord {
  const { name, scenario, command, effort, seed } = plan
  const ok = reasons.length === 0
  return recordSchema.parse({
    schema: recordSchemaName,
    scenario: name,
    question: scenario.question,
    explanation: scenario.explanation,
    limits: [...scenario.limits, ...(plan.engines.includes('simulation') ? simulatedLimits : [])],
    command,
    startedAt: startedAt.toISOString(),
    tookMs: Date.now() - startedAt.getTime(),
    effort,
    seed,
    machine,
    load: describeLoad(plan),
    ...(scenario.sweep && {
      sweep: { axis: scenario.sweep.axis, unit: scenario.sweep.unit, scale: scenario.sweep.scale ?? 'linear' },
    }),
    variants: candidates.map(({ variant: { name, target, about = '' }, skipped }) => ({
      name,
      target,
      about,
      skipped,
    })),
    valid: { ok, reasons },
    claims: ok ? plan.engines.flatMap(engine => claimsOf(plan, runs, engine)) : [],
    runs,
    comparisons: ok
      ? plan.engines.flatMap(engine => compareVariants(runsOf(runs, engine), scenario.measuredPhase))
      : [],
  } satisfies ScenarioRecord)
}

const runsOf = (runs: readonly Run[], engine: Engine) => runs.filter(run => run.engine === engine)

/** What is claimed of the runs of one engine; beside live runs a claim says that it is about the simulator. */
function claimsOf({ scenario, engines }: RunPlan, runs: readonly Run[], engine: Engine): JudgedClaim[] {
  const claims = scenario.judge(runsOf(runs, engine)).map(judgeClaim)
  const isBeside = engine === 'simulation' && engines.length > 1
  return isBeside ? claims.map(one => ({ ...one, claim: `Simulated: ${one.claim}` })) : claims
}

const runnable = (candidates: readonly Candidate[]) =>
  candidates.filter(({ skipped }) => skipped === null).map(({ variant }) => variant)

async function simulateAll(plan: RunPlan, variants: readonly Variant[], display: ProgressDisplay): Promise<Run[]> {
  let number = 0
  return runSimulated(plan, variants, run => {
    const { variant, repeat } = run
    display.ended({ variant, repeat, number: ++number, runs: variants.length * plan.repeats }, run)
  })
}

async function candidateOf(variant: Variant, versions: Record<string, string>): Promise<Candidate> {
  const target = await load<Target>('target', variant.target, `variant ${variant.name}`)
  const found = target.find()
  if ('missing' in found) return { variant, skipped: found.missing }
  versions[variant.target] = found.version
  return { variant, skipped: target.refuses(variant.settings) }
}

/** The order of runs: forth and back. */
export function interleave(variants: readonly Variant[], repeats: number): { variant: Variant; repeat: number }[] {
  return Array.from({ length: repeats }, (_, repeat) => {
    const order = repeat % 2 === 0 ? variants : variants.toReversed()
    return order.map(variant => ({ variant, repeat }))
  }).flat()
}

async function runAll(
  context: RunContext,
  variants: readonly Variant[],
  display: ProgressDisplay,
  onRun: (run: Run) => void,
): Promise<void> {
  const { plan } = context
  const { warmUpMs = warmUpOf(plan.scenario.load), capacity } = plan
  const flatOutMs = capacity ? capacity.warmUpMs + 2 * capacity.durationMs : 0
  const phasesMs = plan.phases.reduce((sum, phase) => sum + phase.durationMs, warmUpMs + flatOutMs)
  const order = interleave(variants, plan.repeats)
  let rerunsLeft = Math.floor(order.length / runsPerRerun)
  for (const [index, { variant, repeat }] of order.entries()) {
    display.expect((order.length - index) * (phasesMs + aroundRunMs))
    const label = { variant: variant.name, repeat, number: index + 1, runs: order.length }
    const once = () => runVariant(context, variant, repeat, progress => display.show(label, progress))
    let run = await once()
    if (!run.trust.timing.ok && plan.throttleMs === 0 && rerunsLeft > 0) {
      rerunsLeft--
      display.say(`  ${variant.name}, repeat ${repeat + 1}: run again, because ${run.trust.timing.reasons.join('; ')}`)
      run = await once()
    }
    display.ended(label, run)
    onRun(run)
  }
}

function accountingReasons(run: Run): string[] {
  const { ok, reasons } = run.trust.accounting
  return ok ? [] : [`${run.variant}, repeat ${run.repeat + 1}: ${reasons.join('; ')}`]
}

function describeLoad({ scenario, phases, capacity }: RunPlan): ScenarioRecord['load'] {
  const hostile = scenario.hostile.map(({ client, phase }) => ({ client, phase }))
  const attacked = (name: string) => hostile.some(({ phase }) => phase === name)
  return {
    summary: capacity ? `${loadInWords(scenario)} ${capacityInWords(capacity)}` : loadInWords(scenario),
    hostile,
    phases: phases.map(({ name, durationMs }) => ({ name, durationMs, hostile: attacked(name) })),
    faults: faultsInTime(scenario.faults ?? [], phases),
    measuredPhase: scenario.measuredPhase,
  }
}

/** The faults with their instants from the start of the load. */
function faultsInTime(faults: readonly FaultPlan[], phases: readonly Phase[]): ScenarioRecord['load']['faults'] {
  return faults.map(plan => {
    const { fromMs, untilMs } = faultSpan(plan, phases)
    return { fault: plan.fault, origin: plan.origin, fromMs, toMs: untilMs }
  })
}
