// A worker thread of the simulator: takes one run after the other.
import type { Variant } from '../../core/scenario.ts'
import type { SimulatedPlan } from './model-of.ts'
import { simulateVariant } from './simulate-variant.ts'
import { answerTasks } from './threads.ts'

export interface SimulationTask {
  readonly plan: SimulatedPlan
  readonly variant: Variant
  readonly repeat: number
}

answerTasks(({ plan, variant, repeat }: SimulationTask) => simulateVariant(plan, variant, repeat))
