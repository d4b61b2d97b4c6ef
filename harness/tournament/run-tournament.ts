// Situations × players × repeats → the result of a tournament. Runs are played in threads and put together in the order of
// situations, players and repeats, so that nothing depends on the number of threads.
import type { Cell, Tournament, TournamentRun } from '../../core/tournament.ts'
import { tournamentSchema, tournamentSchemaName } from '../../core/tournament.ts'
import { describeMachine } from '../machine.ts'
import { simulatedLimits } from '../simulated/model-of.ts'
import { simulatedPlanOf } from '../simulated/run-simulated.ts'
import { inThreads } from '../simulated/threads.ts'
import { type Situation, type TournamentPlan, variantAt } from './plan.ts'
import type { Player } from './players.ts'
import { standings, thresholds } from './standings.ts'
import type { TournamentTask } from './thread.ts'
import { TournamentProgress } from './tournament-progress.ts'

const limits = [
  ...simulatedLimits,
  'Every balancer has its default parameters; with others it may do better. Nobody retries, and no health policy takes an origin out, unless the situation says so.',
  'Where a situation says nothing of keys and clients, requests ask evenly for 1,000 keys and come from 1,000 addresses.',
  'An interval is right 19 times in 20: among some hundred comparisons a few say “better” by chance.',
  'The best of a situation is named by the same runs that it is judged by, which flatters it a little.',
]

/** Plays all runs; `stream` hears how far it is. @throws UsageError, and InvalidRunError when accounts do not add up. */
export async function runTournament(plan: TournamentPlan, stream: NodeJS.WriteStream): Promise<Tournament> {
  const startedAt = new Date()
  const tasks = plan.situations.flatMap(situation =>
    plan.players.flatMap(player => tasksOf(situation, player, plan.seed)),
  )
  const perSituation = plan.situations.map(({ name, repeats }) => [name, repeats * plan.players.length] as const)
  const progress = new TournamentProgress(stream, new Map(perSituation))
  let runs: TournamentRun[]
  try {
    runs = await inThreads(new URL('thread.ts', import.meta.url), tasks, plan.threads, (_, { situation }) =>
      progress.ended(situation),
    )
  } finally {
    progress.close()
  }
  return resultOf(plan, startedAt, runs)
}

function tasksOf(situation: Situation, player: Player, seed: number): TournamentTask[] {
  const { name, scenario, phases, warmUpMs, repeats, isKeyed } = situation
  const variant = variantAt(scenario, { ...scenario.base, balancer: player.name })
  return Array.from({ length: repeats }, (_, repeat) => ({
    situation: name,
    isKeyed,
    plan: simulatedPlanOf({ scenario, phases, warmUpMs, seed }, repeat),
    variant,
    repeat,
  }))
}

function resultOf(plan: TournamentPlan, startedAt: Date, runs: readonly TournamentRun[]): Tournament {
  const { situations, players, command, effort, seed } = plan
  const { cpu, cores, kernel, node, commit, dirty } = describeMachine('', {})
  let next = 0
  const played = situations.map(situation => {
    const ofPlayers = players.map(() => runs.slice(next, (next += situation.repeats)))
    return { situation, ofPlayers, ...standings(ofPlayers) }
  })
  return tournamentSchema.parse({
    schema: tournamentSchemaName,
    command,
    startedAt: startedAt.toISOString(),
    tookMs: Date.now() - startedAt.getTime(),
    effort,
    seed,
    machine: { cpu, cores, kernel, node, commit, dirty },
    thresholds,
    situations: played.map(({ situation, best }) => describe(situation, players[best]!)),
    players: players.map(({ name, about }) => ({ name, about })),
    cells: played.flatMap(({ situation, ofPlayers, judged }) =>
      players.map(
        (player, at): Cell => ({
          situation: situation.name,
          player: player.name,
          command: `npm run tournament ${situation.name} balancer=${player.name} ${plan.ending}`,
          runs: ofPlayers[at]!,
          ...judged[at]!,
        }),
      ),
    ),
    limits,
  } satisfies Tournament)
}

function describe(
  { name, when, scenario, point, phases, warmUpMs, repeats }: Situation,
  best: Player,
): Tournament['situations'][number] {
  const { question, measuredPhase } = scenario
  return { name, when, question, point, phases: [...phases], warmUpMs, measuredPhase, repeats, best: best.name }
}
