// A worker thread of the simulator: takes one run after the other. What a run finds depends on its plan alone, not on the
// thread, nor on what the thread did before.
import { parentPort } from 'node:worker_threads'
import { UsageError } from '../../core/errors.ts'
import type { Run } from '../../core/record.ts'
import type { Variant } from '../../core/scenario.ts'
import type { SimulatedPlan } from './model-of.ts'
import { simulateVariant } from './simulate-variant.ts'

export interface SimulationTask {
  readonly plan: SimulatedPlan
  readonly variant: Variant
  readonly repeat: number
}

export type SimulationAnswer =
  | { readonly run: Run }
  | { readonly failed: string; readonly usage: boolean; readonly stack: string }

parentPort?.on('message', async ({ plan, variant, repeat }: SimulationTask) => {
  parentPort!.postMessage(await answerTo(plan, variant, repeat))
})

async function answerTo(plan: SimulatedPlan, variant: Variant, repeat: number): Promise<SimulationAnswer> {
  try {
    return { run: await simulateVariant(plan, variant, repeat) }
  } catch (error) {
    const { message, stack = message } = error as Error
    return { failed: message, usage: error instanceof UsageError, stack }
  }
}
