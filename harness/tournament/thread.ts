// A worker thread of the tournament: plays one run after the other and keeps nothing of it but its figures.

import { playVariant } from '../simulated/simulate-variant.ts'
import type { SimulationTask } from '../simulated/thread.ts'
import { answerTasks } from '../simulated/threads.ts'
import { runFigures } from './run-figures.ts'

answerTasks(async ({ plan, variant }: SimulationTask) => runFigures(await playVariant(plan, variant), plan))
