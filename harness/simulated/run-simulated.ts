// Every variant of a plan in the simulator: repeats run in threads, each with a seed of its own, and are put together in
// the order of variants and repeats, so that the result does not depend on how many threads there were.
import { Worker } from 'node:worker_threads'
import { UsageError } from '../../core/errors.ts'
import { uniformAt } from '../../core/random.ts'
import type { Run } from '../../core/record.ts'
import type { Variant } from '../../core/scenario.ts'
import type { RunPlan } from '../plan.ts'
import { warmUpOf } from '../run-variant.ts'
import { refusalOfVariant, type SimulatedPlan } from './model-of.ts'
import type { SimulationAnswer, SimulationTask } from './thread.ts'

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
  const tasks = variants.flatMap(variant =>
    Array.from({ length: plan.repeats }, (_, repeat) => ({ plan: simulatedPlanOf(plan, repeat), variant, repeat })),
  )
  const runs = new Array<Run>(tasks.length)
  const threads = Array.from({ length: Math.min(plan.threads, tasks.length) }, () => new SimulationThread())
  let next = 0
  try {
    await Promise.all(
      threads.map(async thread => {
        while (next < tasks.length) {
          const index = next++
          const run = await thread.do(tasks[index]!)
          runs[index] = run
          onRun(run)
        }
      }),
    )
  } finally {
    await Promise.all(threads.map(thread => thread.stop()))
  }
  return runs
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

class SimulationThread {
  private readonly worker = new Worker(new URL('thread.ts', import.meta.url))

  do(task: SimulationTask): Promise<Run> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        this.worker.off('message', onMessage)
        this.worker.off('error', onError)
        act()
      }
      const onMessage = (answer: SimulationAnswer) =>
        settle(() => ('run' in answer ? resolve(answer.run) : reject(errorOf(answer))))
      const onError = (error: Error) => settle(() => reject(error))
      this.worker.on('message', onMessage)
      this.worker.on('error', onError)
      this.worker.postMessage(task)
    })
  }

  async stop(): Promise<void> {
    await this.worker.terminate()
  }
}

function errorOf({ failed, usage, stack }: Extract<SimulationAnswer, { failed: string }>): Error {
  if (usage) return new UsageError(failed)
  const error = new Error(failed)
  error.stack = stack
  return error
}
