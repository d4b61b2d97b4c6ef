// A worker thread of the tournament: plays one run after the other and keeps nothing of it but its figures.
import { playVariant } from '../simulated/simulate-variant.ts'
import type { SimulationTask } from '../simulated/thread.ts'
import { answerTasks } from '../simulated/threads.ts'
import { runFigures } from './run-figures.ts'

export interface TournamentTask extends SimulationTask {
  readonly situation: string
  /** Has the situation keys of its own? */
  readonly isKeyed: boolean
}

answerTasks(async ({ plan, variant, isKeyed }: TournamentTask) => {
  const played = await playVariant(plan, variant)
  return runFigures({ ...played, keys: isKeyed ? played.schedule.keys : null }, plan)
})
