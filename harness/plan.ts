// What `npm run scenario NAME key=value …` asks for, decoded and checked: the only place that knows the keys.
import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CapacityPlan, Described, Effort, Phase, Scenario, Variant } from '../core/contracts.ts'
import { UsageError, unknownName } from '../core/errors.ts'
import type { ParameterTable } from '../core/parameters.ts'
import { choose, load, namesOf, type Seam } from '../core/registry.ts'
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
  maxConnections: 'client connections served at once',
  requestHeadMs: 'time a client has for a request head, ms; 0: no limit',
  linkMs: 'round trip between proxy and origins that a relay adds, ms',
  repeats: 'runs of each variant, 1 to 50',
  effort: 'quick, normal or thorough: length of the phases and number of repeats',
  seed: 'a whole number; the same seed offers the same load',
  out: 'the folder for the result; default: runs/<time>-<name>',
  engine: 'live: real sockets',
  strict: 'yes: undecided claims count as failure, exit status 4',
  throttle: 'ms of CPU the generator wastes between sends, to see how a bad instrument is reported',
} as const

const seams = ['threading', 'pool', 'buffering', 'balancer', 'limiter', 'health', 'retries'] as const
const limits = { maxConnections: 1_000_000, requestHeadMs: 3_600_000 } as const
const linkAtMostMs = 10_000
/** Any of these replaces the scenario's own variants. */
const variantKeys = ['target', ...seams, 'maxConnections', 'requestHeadMs', 'linkMs'] as const
const variantsAtMost = 50

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
  if (values.engine === 'simulation')
    throw new UsageError('engine=simulation given, which does not exist yet; allowed: live')
  oneOf(values.engine ?? 'live', 'engine', ['live'])
  const effort = oneOf(values.effort ?? 'normal', 'effort', ['quick', 'normal', 'thorough'])
  const { repeats, ...lengths } = scenario.effort[effort]
  const seed = values.seed === undefined ? scenario.seed : wholeNumber(values.seed, 'seed', -2147483648, 2147483647)
  const stamp = startedAt.toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '')
  const given = words.filter(word => !/^(seed|out)=/.test(word))
  return {
    name,
    scenario,
    effort,
    ...lengths,
    repeats: values.repeats === undefined ? repeats : wholeNumber(values.repeats, 'repeats', 1, 50),
    seed,
    variants: await variantsOf(scenario, values),
    out: outputFolder(values.out, `${stamp}-${name}`),
    strict: oneOf(values.strict ?? 'no', 'strict', ['yes', 'no']) === 'yes',
    throttleMs: values.throttle === undefined ? 0 : wholeNumber(values.throttle, 'throttle', 0, 1000),
    command: `npm run scenario ${[...given, `seed=${seed}`].join(' ')}`,
  }
}

/** The scenario called `name`. @throws UsageError naming all scenarios. */
export async function loadScenario(name: string): Promise<Scenario> {
  return load<Scenario>('scenario', name, 'scenario')
}

function outputFolder(out: string | undefined, standard: string): string {
  if (out === '') throw new UsageError('out= given; allowed: a folder')
  if (out !== undefined) return isAbsolute(out) ? out : resolve(out)
  return fileURLToPath(new URL(`../runs/${standard}`, import.meta.url))
}

/** The scenario's own variants, or the cross product of the lists given. Every name and parameter is checked. */
export async function variantsOf(
  scenario: Scenario,
  values: Readonly<Record<string, string>>,
): Promise<readonly Variant[]> {
  const given = variantKeys.filter(key => values[key] !== undefined)
  if (given.length === 0) return scenario.variants
  let variants: Choice[] = [{ target: 'windtunnel', settings: scenario.base, words: [] }]
  for (const key of given) {
    const choices = splitStrategies(values[key]!)
    for (const choice of choices) await checkChoice(key, choice)
    variants = variants.flatMap(variant => choices.map(choice => withChoice(variant, key, choice)))
  }
  if (variants.length > variantsAtMost) {
    throw new UsageError(`scenario: ${variants.length} variants given; allowed: at most ${variantsAtMost}`)
  }
  const named = variants.map(({ words, ...variant }) => ({ name: [variant.target, ...words].join(' '), ...variant }))
  const twice = named.find(({ name }, index) => named.findIndex(other => other.name === name) !== index)
  if (twice) throw new UsageError(`scenario: the variant "${twice.name}" is given twice; allowed: once`)
  return named
}

type Key = (typeof variantKeys)[number]

type Choice = Omit<Variant, 'name' | 'about'> & { readonly words: readonly string[] }

function withChoice(variant: Choice, key: Key, choice: string): Choice {
  if (key === 'target') return { ...variant, target: choice }
  const words = [...variant.words, `${key}=${choice}`]
  if (key === 'linkMs') return { ...variant, linkMs: Number(choice), words }
  const value = key in limits ? Number(choice) : choice
  return { ...variant, settings: { ...variant.settings, [key]: value }, words }
}

async function checkChoice(key: Key, choice: string): Promise<void> {
  if (key === 'maxConnections') wholeNumber(choice, key, 1, limits[key])
  else if (key === 'requestHeadMs') wholeNumber(choice, key, 0, limits[key])
  else if (key === 'linkMs') wholeNumber(choice, key, 0, linkAtMostMs)
  else if (key !== 'target')
    await choose<Described & { params: ParameterTable }>(key satisfies Seam, choice, 'scenario')
  else if (!namesOf('target').includes(choice)) throw unknownName('target', choice, namesOf('target'), 'scenario')
}
