// Plays a scenario in the simulator, in this thread, from its data: a test turns a knob of the data and sees a claim fail.
import type { Run } from '../core/record.ts'
import type { Scenario } from '../core/scenario.ts'
import { simulatedPlanOf } from '../harness/simulated/run-simulated.ts'
import { simulateVariant } from '../harness/simulated/simulate-variant.ts'
import { sweptVariants } from '../harness/sweep.ts'

/** The first repeat of every variant of ours, with the lengths of `effort=quick`. */
export async function play(scenario: Scenario): Promise<Run[]> {
  const plan = simulatedPlanOf({ scenario, seed: scenario.seed, ...scenario.effort.quick }, 0)
  const ours = sweptVariants(scenario, scenario.variants).filter(variant => variant.target === 'windtunnel')
  const runs: Run[] = []
  for (const variant of ours) runs.push(await simulateVariant(plan, variant, 0))
  return runs
}

/** What the scenario claims of itself when it is played: true, false or, where it says so itself, undecided. */
export async function holdsWhenPlayed(scenario: Scenario): Promise<boolean[]> {
  return scenario.judge(await play(scenario)).map(claim => claim.holds)
}

/** The scenario with a quick effort of this share of its length: enough where what is turned shows at once. */
export function shortened(scenario: Scenario, share: number): Scenario {
  const { phases, warmUpMs = 0, ...quick } = scenario.effort.quick
  const shorter = phases.map(phase => ({ ...phase, durationMs: phase.durationMs * share }))
  return {
    ...scenario,
    effort: { ...scenario.effort, quick: { ...quick, warmUpMs: warmUpMs * share, phases: shorter } },
  }
}
