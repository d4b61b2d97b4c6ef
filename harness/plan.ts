// What `npm run scenario NAME key=value …` asks for, decoded and checked: the only place that knows the keys.
import { availableParallelism } from 'node:os'
import type { Described } from '../core/contracts.ts'
import { UsageError, unknownName } from '../core/errors.ts'
import type { ParameterTable } from '../core/parameters.ts'
import { choose, extraFolder, load, namesOf, refuseUnmet, type Seam } from '../core/registry.ts'
import type { CapacityPlan, Effort, Phase, Scenario, Variant } from '../core/scenario.ts'
import { placeFaults } from '../fault-injection/origin-plan.ts'
import { resultFolder } from './result-folder.ts'
import { refusalOf } from './simulated/model-of.ts'
import { sweptVariants } from './sweep.ts'
import { oneOf, parseWords, splitStrategies, wholeNumber } from './words.ts'

/** What each key of the command does, in the order in which help shows them. */
export const scenarioKeys = {
  target: 'what is put in the tunnel: names of targets, separated by commas',
  threading: 'who serves a connection',
  pool: 'how upstream connections are lent',
  buffering: 'when bodies are forwarded',
  balancer: 'which upstream gets a request',
  limiter: 'which clients are turned away',
  health: 'which upstreams may be picked',
  retries: 'what follows a failed attempt',
  filter: 'what is run for each request',
  maxConnections: 'client connections served at once',
  requestHeadMs: 'time a client has for a request head, ms; 0: no limit',
  responseHeadMs: 'time an origin has for the head of its answer, ms',
  linkMs: 'round trip between proxy and origins that a relay adds, ms',
  repeats: 'runs of each variant, 1 to 50',
  effort: 'quick, normal or thorough: length of the phases and number of repeats',
  seed: 'a whole number; the same seed offers the same load',
  out: 'the folder for the result; default: runs/<time>-<name>',
  extra: 'a folder with strategies of your own (docs/adding.md)',
  engine: 'live: real sockets; simulation: a virtual clock; or both',
  threads: 'threads that the simulator uses, 1 to 64; the result does not depend on it',
  strict: 'yes: undecided claims count as failure, exit status 4',
  throttle: 'ms of CPU the generator wastes between sends, to see how a bad instrument is reported',
} as const

const seams = ['threading', 'pool', 'buffering', 'balancer', 'limiter', 'health', 'retries', 'filter'] as const
const limits = { maxConnections: 1_000_000, requestHeadMs: 3_600_000, responseHeadMs: 3_600_000 } as const
const linkAtMostMs = 10_000
/** Any of these replaces the scenario's own variants. */
const variantKeys = ['target', ...seams, 'maxConnections', 'requestHeadMs', 'responseHeadMs', 'linkMs'] as const
const variantsAtMost = 50

export type Engine = 'live' | 'simulation'

export interface RunPlan {
  readonly name: string
  readonly scenario: Scenario
  readonly effort: Effort
  readonly phases: readonly Phase[]
  /** Load before the first phase; absent: the harness has its own idea. */
  readonly warmUpMs?: number
  /** The closed loop after the last phase; absent: none. */
  readonly capacity?: CapacityPlan
  readonly repeats: number
  readonly seed: number
  readonly variants: readonly Variant[]
  /** At least one, live before simulation. */
  readonly engines: readonly Engine[]
  /** Threads of the simulator. */
  readonly threads: number
  /** Absolute path of the folder for the result. */
  readonly out: string
  readonly strict: boolean
  readonly throttleMs: number
  /** Repeats this plan, the seed included. */
  readonly command: string
}

/** Decodes the words of `npm run scenario`; the first name is the scenario. @throws UsageError in one sentence. */
export async function planOf(words: readonly string[], startedAt: Date): Promise<RunPlan> {
  const { names, values } = parseWords(words, Object.keys(scenarioKeys), 'scenario')
  const [name = '', ...more] = names
  if (more.length > 0)
    throw new UsageError(`scenario: "${more[0]}" given; allowed: one scenario name and key=value words`)
  const scenario = await loadScenario(name)
  const engines = await enginesOf(name, scenario, values.engine ?? (scenario.virtual ? 'simulation' : 'live'))
  const effort = oneOf(values.effort ?? 'normal', 'effort', ['quick', 'normal', 'thorough'])
  const { repeats, ...lengths } = scenario.effort[effort]
  const seed = values.seed === undefined ? scenario.seed : wholeNumber(values.seed, 'seed', -2147483648, 2147483647)
  await checkStrategies(scenario, lengths.phases, seed)
  const extra = extraFolder()
  const given = [...words.filter(word => !/^(seed|out)=/.test(word)), ...(extra === null ? [] : [`extra=${extra}`])]
  return {
    name,
    scenario,
    effort,
    ...lengths,
    repeats: values.repeats === undefined ? repeats : wholeNumber(values.repeats, 'repeats', 1, 50),
    seed,
    variants: sweptVariants(scenario, await variantsOf(scenario, values, engines)),
    engines,
    threads: values.threads === undefined ? availableParallelism() : wholeNumber(values.threads, 'threads', 1, 64),
    out: resultFolder(values.out, startedAt, name),
    strict: oneOf(values.strict ?? 'no', 'strict', ['yes', 'no']) === 'yes',
    throttleMs: values.throttle === undefined ? 0 : wholeNumber(values.throttle, 'throttle', 0, 1000),
    command: `npm run scenario ${[...given, `seed=${seed}`].join(' ')}`,
  }
}

/**
 * The strategies of a scenario that the rig will make, so that a name or parameter it does not know ends the command before
 * anything is started. @throws UsageError.
 */
export async function checkStrategies(scenario: Scenario, phases: readonly Phase[], seed: number): Promise<void> {
  const { origins, load, hostile, faults = [] } = scenario
  await placeFaults(faults, phases, origins.count, seed)
  for (const { client } of hostile) await choose('hostile', client, 'hostile')
  await choose('profile', load.profile, 'load profile')
  const points = scenario.sweep?.points ?? []
  for (const { profile } of points)
    if (profile !== undefined) await choose('profile', profile, 'load profile of a point')
  const plans = [origins, ...points.flatMap(point => point.origins ?? [])]
  for (const { service } of plans.flatMap(plan => [plan, ...Object.values(plan.each ?? {})])) {
    if (service !== undefined) await choose('service', service, 'origin service time')
  }
}

/** The engines asked for. @throws UsageError when the scenario cannot be simulated, and says why. */
async function enginesOf(name: string, scenario: Scenario, given: string): Promise<Engine[]> {
  const asked = given.split(',').map(word => oneOf(word, 'engine', ['live', 'simulation']))
  if (scenario.virtual && asked.includes('live')) {
    throw new UsageError(
      `engine=${given} given, but ${name} has no live run: ${scenario.virtual.why}; allowed: simulation`,
    )
  }
  const refusal = asked.includes('simulation') ? await refusalOf(scenario) : null
  if (refusal !== null) {
    throw new UsageError(`engine=${given} given, but ${name} cannot be simulated: ${refusal}; allowed: live`)
  }
  return (['live', 'simulation'] as const).filter(engine => asked.includes(engine))
}

/** The scenario called `name`. @throws UsageError naming all scenarios. */
export async function loadScenario(name: string): Promise<Scenario> {
  return load<Scenario>('scenario', name, 'scenario')
}

/** The scenario's own variants, or the cross product of the lists given. Every name and parameter is checked. */
export async function variantsOf(
  scenario: Scenario,
  values: Readonly<Record<string, string>>,
  engines: readonly Engine[] = ['live'],
): Promise<readonly Variant[]> {
  const given = variantKeys.filter(key => values[key] !== undefined)
  if (given.length === 0) return scenario.variants
  let variants: Choice[] = [{ target: 'windtunnel', settings: scenario.base, words: [] }]
  for (const key of given) {
    const choices = splitStrategies(values[key]!)
    for (const choice of choices) await checkChoice(key, choice, engines)
    variants = variants.flatMap(variant => choices.map(choice => withChoice(variant, key, choice)))
  }
  if (variants.length > variantsAtMost) {
    throw new UsageError(`scenario: ${variants.length} variants given; allowed: at most ${variantsAtMost}`)
  }
  // Of one list of strategies each is called by its own name: a report of twenty balancers has to be read.
  const prefix = given.length === 1 && isSeam(given[0]!) ? `${given[0]}=` : ''
  const named = variants.map(({ words, ...variant }) => ({ name: words.join(' ').slice(prefix.length), ...variant }))
  const twice = named.find(({ name }, index) => named.findIndex(other => other.name === name) !== index)
  if (twice) throw new UsageError(`scenario: the variant "${twice.name}" is given twice; allowed: once`)
  return named
}

type Key = (typeof variantKeys)[number]

const isSeam = (key: Key) => key !== 'target' && key !== 'linkMs' && !(key in limits)

type Choice = Omit<Variant, 'name' | 'about'> & { readonly words: readonly string[] }

function withChoice(variant: Choice, key: Key, choice: string): Choice {
  if (key === 'target') return { ...variant, target: choice, words: [...variant.words, choice] }
  const words = [...variant.words, `${key}=${choice}`]
  if (key === 'linkMs') return { ...variant, linkMs: Number(choice), words }
  const value = key in limits ? Number(choice) : choice
  return { ...variant, settings: { ...variant.settings, [key]: value }, words }
}

async function checkChoice(key: Key, choice: string, engines: readonly Engine[]): Promise<void> {
  if (key === 'maxConnections') wholeNumber(choice, key, 1, limits[key])
  else if (key === 'requestHeadMs') wholeNumber(choice, key, 0, limits[key])
  else if (key === 'responseHeadMs') wholeNumber(choice, key, 1, limits[key])
  else if (key === 'linkMs') wholeNumber(choice, key, 0, linkAtMostMs)
  else if (key !== 'target') {
    const { strategy } = await choose<Described & { params: ParameterTable }>(key satisfies Seam, choice, 'scenario')
    if (engines.includes('live')) refuseUnmet(strategy, choice, `scenario: ${key}`)
  } else if (!namesOf('target').includes(choice)) throw unknownName('target', choice, namesOf('target'), 'scenario')
}
