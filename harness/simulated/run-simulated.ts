// Every variant of a plan in the simulator: repeats run in threads, each with a seed of its own, and are put together in
// the order of variants and repeats, so that the result does not depend on how many threads there were.
import { uniformAt } from '../../core/random.ts'
import type { Run } from '../../core/record.ts'
import type { Variant } from '../../core/scenario.ts'
import type { RunPlan } from '../plan.ts'
import { warmUpOf } from '../run-variant.ts'
import { refusalOfVariant, type SimulatedPlan } from './model-of.ts'
import type { SimulationTask } from './thread.ts'
import { inThreads } from './threads.ts'

export interface SimulatedCandidate {
  readonly variant: Variant
  /** Why it is not simulated, or null. */
  readonly skipped: string | null
}

/** The variants as they are called in the record, and which of them cannot be simulated. */
export async function simulatedCandidates({ variants, engines }: RunPlan): Promise<SimulatedCandidate[]> {
  // Beside live runs of the same name a simulated variant says that it is one.
  const named = (variant: Variant) =>
    engines.length === 1 ? variant : { ...variant, name: `${variant.name} (simulated)` }
  return Promise.all(
    variants.map(async variant => ({ variant: named(variant), skipped: await refusalOfVariant(variant) })),
  )
}

/**
 * Runs all repeats of the variants; `onRun` hears of each as it is done, in no particular order.
 * @throws UsageError when a model is refused; an error within the engine as it is.
 */
export async function runSimulated(
  plan: RunPlan,
  variants: readonly Variant[],
  onRun: (run: Run) => void,
): Promise<Run[]> {
  const tasks: SimulationTask[] = variants.flatMap(variant =>
    Array.from({ length: plan.repeats }, (_, repeat) => ({ plan: simulatedPlanOf(plan, repeat), variant, repeat })),
  )
  return inThreads(new URL('thread.ts', import.meta.url), tasks, plan.threads, onRun)
}

/** The plan of one repeat. The first has the seed of the plan, so that it meets the requests that a live run meets. */
export function simulatedPlanOf(
  plan: Pick<RunPlan, 'scenario' | 'phases' | 'warmUpMs' | 'seed'>,
  repeat: number,
): SimulatedPlan {
  const { scenario, phases, warmUpMs = warmUpOf(scenario.load), seed } = plan
  const { origins, load, faults = [], measuredPhase, virtual = { why: '' } } = scenario
  const own = repeat === 0 ? seed : Math.floor(uniformAt(seed, 'repeat', repeat) * 2 ** 31)
  return { origins, load, faults, phases, warmUpMs, measuredPhase, virtual, seed: own }
}
