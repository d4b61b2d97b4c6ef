// The folder is the registry, the file name is the strategy's name. The only file of core/ that reads the disk, and so
// the only one no other core file imports: everything else here also runs in a browser. One more folder, laid out like
// this repository, may hold strategies of a user's own (docs/adding.md).
import { existsSync, readdirSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { combination, partsOf } from './combination.ts'
import type { AnyCombinator, AnyStrategy, Balancer, Described, Place } from './contracts.ts'
import { UsageError, unknownName } from './errors.ts'
import { decodeParameters, type ParameterTable, type Values } from './parameters.ts'
import { randomStream } from './random.ts'
import type { StrategySpec } from './scenario.ts'

const root = new URL('../', import.meta.url)

/** Folders of strategies, by the word the command line and the configuration use for the seam. */
export const seamFolders = {
  balancer: 'proxy/balancers',
  combinator: 'proxy/combinators',
  pool: 'proxy/pools',
  buffering: 'proxy/buffering',
  limiter: 'proxy/limiters',
  health: 'proxy/health',
  retries: 'proxy/retries',
  filter: 'proxy/filters',
  threading: 'proxy/threading',
  accept: 'proxy/accept',
  profile: 'loadgen/profiles',
  hostile: 'loadgen/hostile',
  service: 'fault-injection/service-times',
  fault: 'fault-injection/faults',
  target: 'harness/targets',
  scenario: 'scenarios',
} as const

export type Seam = keyof typeof seamFolders

/**
 * The folder of a user's own strategies, or null. It is named by the environment, which every process that a command starts
 * inherits: proxy, workers and generator then know the same names.
 * @throws UsageError when it is not there, or holds no folder of any seam.
 */
export function extraFolder(): string | null {
  const given = process.env.WINDTUNNEL_EXTRA
  if (given === undefined || given === '') return null
  const folder = resolve(given)
  if (Object.values(seamFolders).some(seam => existsSync(`${folder}/${seam}`))) return folder
  const allowed = Object.values(seamFolders).join(', ')
  throw new UsageError(`extra=${given} given, a folder without strategies; allowed: one that holds any of ${allowed}`)
}

/** Where the strategies of a seam are, by name, sorted; tests and declarations are none. @throws UsageError: `extraFolder`. */
function filesOf(seam: Seam): ReadonlyMap<string, URL> {
  const extra = extraFolder()
  const files = new Map<string, URL>()
  for (const from of extra === null ? [root] : [root, pathToFileURL(`${extra}/`)]) {
    const folder = new URL(`${seamFolders[seam]}/`, from)
    if (from !== root && !existsSync(folder)) continue
    for (const file of readdirSync(folder)) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts') || file.endsWith('.d.ts')) continue
      const name = file.slice(0, -'.ts'.length)
      if (files.has(name)) {
        throw new UsageError(`extra=${extra}: ${seamFolders[seam]}/${file} is a name of ours; allowed: another name`)
      }
      files.set(name, new URL(file, folder))
    }
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The names of a seam, sorted. @throws UsageError as `extraFolder` does, and when a name there is taken here. */
export function namesOf(seam: Seam): string[] {
  return [...filesOf(seam).keys()]
}

/** Is this strategy from the user's own folder? */
export function isExtra(seam: Seam, name: string): boolean {
  return !filesOf(seam).get(name)?.href.startsWith(root.href)
}

/** The user's own folders whose imports are being helped. */
const overlaid = new Set<string>()

/**
 * A file in the extra folder imports as if it lay in the repository: what is not there is taken from here. So the same file
 * serves in both places.
 */
function overlay(extra: string): void {
  if (overlaid.has(extra)) return
  overlaid.add(extra)
  const from = pathToFileURL(`${extra}/`).href
  registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.startsWith('.') || !context.parentURL?.startsWith(from)) return next(specifier, context)
      const there = new URL(specifier, context.parentURL)
      const here = new URL(there.href.slice(from.length), root)
      return next(!existsSync(there) && there.href.startsWith(from) ? here.href : there.href, context)
    },
  })
}

/**
 * The default export of the file called `name`.
 * @throws UsageError naming `where` and every allowed name when there is no such file.
 */
export async function load<T>(seam: Seam, name: string, where: string): Promise<T> {
  const files = filesOf(seam)
  const file = files.get(name)
  if (!file) throw unknownName(seam, name, [...files.keys()], where)
  const extra = extraFolder()
  if (extra !== null) overlay(extra)
  const module = await import(file.href)
  return module.default as T
}

/** A strategy with its decoded parameters, ready to be made (once per worker, each with its own random stream). */
export interface Chosen<S> {
  readonly name: string
  readonly strategy: S
  readonly params: Values<ParameterTable>
}

/** Splits `peak-ewma:decayMs=5000` into a name and parameters. @throws UsageError when a part has no `=`. */
export function parseSpec(spec: StrategySpec, where: string): { name: string; given: Record<string, string> } {
  const [name = '', ...rest] = spec.split(':')
  const given: Record<string, string> = {}
  for (const part of rest.join(':').split(',')) {
    if (part === '') continue
    const at = part.indexOf('=')
    if (at < 1) throw new UsageError(`${where}: "${part}" given; allowed: name=value after the colon of "${spec}"`)
    given[part.slice(0, at)] = part.slice(at + 1)
  }
  return { name, given }
}

/** Finds a strategy by its spec and decodes its parameters. @throws UsageError for an unknown name, parameter or value. */
export async function choose<S extends Described & { readonly params: ParameterTable }>(
  seam: Seam,
  spec: StrategySpec,
  where: string = seam,
): Promise<Chosen<S>> {
  if (seam === 'balancer') return (await chooseBalancer(spec, where)) as unknown as Chosen<S>
  return chooseOne<S>(seam, spec, where)
}

async function chooseOne<S extends Described & { readonly params: ParameterTable }>(
  seam: Seam,
  spec: StrategySpec,
  where: string,
): Promise<Chosen<S>> {
  const { name, given } = parseSpec(spec, where)
  const strategy = await load<S>(seam, name, where)
  return { name, strategy, params: decodeParameters(strategy.params, given, `${where} ${name}`) }
}

/** A balancer, or one within combinators, which then is a strategy without parameters of its own. */
async function chooseBalancer(spec: StrategySpec, where: string): Promise<Chosen<AnyStrategy<Balancer>>> {
  const parts = partsOf(spec)
  const last = parts.pop()!
  const { name } = parseSpec(last, where)
  if (namesOf('combinator').includes(name)) {
    throw new UsageError(
      `${where}: "${spec}" ends with the combinator ${name}; allowed: a balancer behind it, ${name}+…`,
    )
  }
  let chosen = await chooseOne<AnyStrategy<Balancer>>('balancer', last, where)
  for (const part of parts.reverse()) {
    const outer = await chooseOne<AnyCombinator>('combinator', part, where)
    chosen = { name: `${outer.name}+${chosen.name}`, strategy: combination(outer, chosen), params: {} }
  }
  return chosen
}

/** @throws UsageError when a strategy needs what only the simulator has. */
export function refuseUnmet({ needs = [] }: Described, spec: StrategySpec, where: string): void {
  if (needs.length === 0) return
  throw new UsageError(
    `${where}: "${spec}" needs ${needs[0]}, which only the simulator has; allowed: engine=simulation`,
  )
}

/** Makes a policy of a chosen strategy with the random stream `stream`, for the proxy at `place` when there are several. */
export function make<T>(chosen: Chosen<AnyStrategy<T>>, seed: number, stream: string, place?: Place): T {
  const rng = randomStream(seed, stream)
  return chosen.strategy.make(chosen.params as never, place === undefined ? { rng } : { rng, place })
}
