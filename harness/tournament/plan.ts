// What `npm run tournament NAME … key=value …` asks for, decoded and checked: situations, players, and how long and how often.
import { availableParallelism } from 'node:os'
import type { Ms } from '../../core/contracts.ts'
import { UsageError, unknownName } from '../../core/errors.ts'
import { extraFolder, load, namesOf } from '../../core/registry.ts'
import type { Architecture, Effort, Phase, Scenario, Variant } from '../../core/scenario.ts'
import { buildSchedule } from '../../loadgen/schedule.ts'
import { checkStrategies } from '../plan.ts'
import { resultFolder } from '../result-folder.ts'
import { warmUpOf } from '../run-variant.ts'
import { refusalOf } from '../simulated/model-of.ts'
import { pointName, sweptVariants } from '../sweep.ts'
import { oneOf, parseWords, wholeNumber } from '../words.ts'
import { type Player, playersOf } from './players.ts'

export const tournamentKeys = {
  balancer: 'who plays, with parameters after a colon; absent: every balancer and the known combinations',
  effort: 'quick (a minute or so on two cores), normal (several) or thorough (an hour): length and number of runs',
  seed: 'a whole number; the same seed gives the same figures; default: 1',
  threads: 'threads, 1 to 64; the result does not depend on it',
  out: 'the folder for the result; default: runs/<time>-tournament',
  extra: 'a folder with strategies of your own (docs/adding.md)',
} as const

export interface Situation {
  readonly name: string
  /** A clause: "one origin is slow". */
  readonly when: string
  readonly scenario: Scenario
  /** The point of the sweep that is played, in words; null without a sweep. */
  readonly point: string | null
  readonly phases: readonly Phase[]
  readonly warmUpMs: Ms
  readonly repeats: number
  /** Are the keys that requests ask for its own? Then it matters who has seen which. */
  readonly isKeyed: boolean
}

export interface TournamentPlan {
  readonly situations: readonly Situation[]
  readonly players: readonly Player[]
  readonly effort: Effort
  readonly seed: number
  readonly threads: number
  /** Absolute path of the folder for the result. */
  readonly out: string
  /** Repeats this plan, the seed included. */
  readonly command: string
  /** Of the command, what the command of a single cell has as well. */
  readonly ending: string
}

/** What a run and a cell may have: requests due in the phases of one run, and in all runs of a cell together. */
interface Budget {
  readonly requestsPerRun: number
  readonly requestsPerCell: number
  readonly repeatsAtMost: number
}

const budgets: Readonly<Record<Effort, Budget>> = {
  quick: { requestsPerRun: 15_000, requestsPerCell: 75_000, repeatsAtMost: 10 },
  normal: { requestsPerRun: 50_000, requestsPerCell: 500_000, repeatsAtMost: 20 },
  thorough: { requestsPerRun: 200_000, requestsPerCell: 4_000_000, repeatsAtMost: 40 },
}
/** Fewer say nothing about spread. */
const repeatsAtLeast = 3
/** With fewer the queues of a large pool would not have come to be what they are in the long run. */
const requestsPerOrigin = 500
/** But a run is not made longer than this many times for it. */
const longerAtMost = 5
/** Where a scenario does not say: with one key from one client a hash would send everything to one origin, good or bad. */
const standardKeys = { count: 1000, exponent: 0 }
const standardClients = 1000

/** @throws UsageError in one sentence. */
export async function tournamentPlanOf(words: readonly string[], startedAt: Date): Promise<TournamentPlan> {
  const { names, values } = parseWords(words, Object.keys(tournamentKeys), 'tournament')
  const effort = oneOf(values.effort ?? 'normal', 'effort', ['quick', 'normal', 'thorough'])
  const seed = values.seed === undefined ? 1 : wholeNumber(values.seed, 'seed', -2147483648, 2147483647)
  const extra = extraFolder()
  const ending = [`effort=${effort}`, `seed=${seed}`, ...(extra === null ? [] : [`extra=${extra}`])].join(' ')
  const who = values.balancer === undefined ? [] : [`balancer=${values.balancer}`]
  return {
    situations: await situationsOf(names, effort, seed),
    players: await playersOf(values.balancer),
    effort,
    seed,
    threads: values.threads === undefined ? availableParallelism() : wholeNumber(values.threads, 'threads', 1, 64),
    out: resultFolder(values.out, startedAt, 'tournament'),
    command: ['npm run tournament', ...names, ...who, ending].join(' '),
    ending,
  }
}

/** The scenarios that are situations and can be simulated, by name. */
export async function situationScenarios(): Promise<ReadonlyMap<string, Scenario & { readonly situation: string }>> {
  const found = new Map<string, Scenario & { readonly situation: string }>()
  for (const name of namesOf('scenario')) {
    const scenario = await load<Scenario>('scenario', name, 'tournament')
    const { situation } = scenario
    if (situation !== undefined && (await refusalOf(scenario)) === null) found.set(name, { ...scenario, situation })
  }
  return found
}

async function situationsOf(given: readonly string[], effort: Effort, seed: number): Promise<Situation[]> {
  const all = await situationScenarios()
  const unknown = given.find(name => !all.has(name))
  if (unknown !== undefined) throw unknownName('situation', unknown, [...all.keys()], 'tournament')
  const twice = given.find((name, index) => given.indexOf(name) !== index)
  if (twice !== undefined) throw new UsageError(`tournament: situation ${twice} given twice; allowed: once`)
  const names = given.length === 0 ? [...all.keys()] : given
  return Promise.all(names.map(name => situationOf(name, all.get(name)!, effort, seed)))
}

/** `scenario` as it is played: with many keys and clients, at one point, and with lengths that fit the effort. */
async function situationOf(
  name: string,
  scenario: Scenario & { readonly situation: string },
  effort: Effort,
  seed: number,
): Promise<Situation> {
  const { load: honest, virtual, sweep, situation: when } = scenario
  const played: Scenario = {
    ...scenario,
    load: { ...honest, keys: honest.keys ?? standardKeys },
    virtual: { why: '', ...virtual, clients: virtual?.clients ?? standardClients },
  }
  const { point } = variantAt(played, played.base)
  const atPoint = {
    ...played,
    load: { ...played.load, profile: point?.profile ?? honest.profile },
    origins: { ...played.origins, ...point?.origins },
  }
  await checkStrategies(played, scenario.effort.quick.phases, seed)
  const lengths = await lengthsOf(atPoint, budgets[effort], seed)
  const isKeyed = honest.keys !== undefined
  return {
    name,
    when,
    scenario: played,
    point: sweep && point ? pointName(sweep, point.at) : null,
    ...lengths,
    isKeyed,
  }
}

/** One of ours with these settings: of a scenario with a sweep, at the point the tournament plays. */
export function variantAt(scenario: Scenario, settings: Architecture): Variant {
  const variants = sweptVariants(scenario, [{ name: settings.balancer, target: 'windtunnel', settings }])
  const at = scenario.sweep?.tournamentAt
  const found = at === undefined ? variants[variants.length >> 1] : variants.find(({ point }) => point?.at === at)
  if (!found) throw new UsageError(`sweep: tournamentAt ${at} given, which is no point; allowed: one of the points`)
  return found
}

/**
 * A single phase without a fault is as long as the budget says, because nothing in it has an instant of its own. Anything else
 * is played as its author timed it: by the longest of its efforts that fits the budget.
 */
async function lengthsOf(
  { effort, faults = [], load: honest, origins }: Scenario,
  { requestsPerRun, requestsPerCell, repeatsAtMost }: Budget,
  seed: number,
): Promise<Pick<Situation, 'phases' | 'warmUpMs' | 'repeats'>> {
  const lengthMs = (phases: readonly Phase[]) => phases.reduce((sum, phase) => sum + phase.durationMs, 0)
  const quickMs = lengthMs(effort.quick.phases)
  const { size } = await buildSchedule(honest, quickMs, seed)
  const perMs = Math.max(1, size) / quickMs
  const enough = Math.max(requestsPerRun, Math.min(requestsPerOrigin * origins.count, longerAtMost * requestsPerRun))
  const [phase, ...more] = effort.quick.phases
  const isSteady = more.length === 0 && faults.length === 0
  const fitting = [effort.thorough, effort.normal].find(({ phases }) => lengthMs(phases) * perMs <= enough)
  const { phases: timed, warmUpMs = warmUpOf(honest) } = fitting ?? effort.quick
  const phases = isSteady ? [{ ...phase!, durationMs: Math.ceil(enough / perMs) }] : timed
  const repeats = Math.round(requestsPerCell / (lengthMs(phases) * perMs))
  return {
    phases,
    warmUpMs: isSteady ? Math.min(warmUpMs, lengthMs(phases)) : warmUpMs,
    repeats: Math.min(repeatsAtMost, Math.max(repeatsAtLeast, repeats)),
  }
}
