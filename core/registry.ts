// The folder is the registry, the file name is the strategy's name. The only file of core/ that reads the disk, and so
// the only one no other core file imports: everything else here also runs in a browser.
import { readdirSync } from 'node:fs'
import type { AnyStrategy, Described, StrategySpec } from './contracts.ts'
import { UsageError, unknownName } from './errors.ts'
import { decodeParameters, type ParameterTable, type Values } from './parameters.ts'
import { randomStream } from './random.ts'

const root = new URL('../', import.meta.url)

/** Folders of strategies, by the word the command line and the configuration use for the seam. */
export const seamFolders = {
  balancer: 'proxy/balancers',
  pool: 'proxy/pools',
  buffering: 'proxy/buffering',
  limiter: 'proxy/limiters',
  health: 'proxy/health',
  retries: 'proxy/retries',
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

/** The names in a folder, sorted; tests and declarations are not strategies. */
export function namesOf(seam: Seam): string[] {
  return readdirSync(new URL(`${seamFolders[seam]}/`, root))
    .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('.d.ts'))
    .map(file => file.slice(0, -'.ts'.length))
    .sort()
}

/**
 * The default export of the file called `name`.
 * @throws UsageError naming `where` and every allowed name when there is no such file.
 */
export async function load<T>(seam: Seam, name: string, where: string): Promise<T> {
  const names = namesOf(seam)
  if (!names.includes(name)) throw unknownName(seam, name, names, where)
  const module = await import(new URL(`${seamFolders[seam]}/${name}.ts`, root).href)
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
  const { name, given } = parseSpec(spec, where)
  const strategy = await load<S>(seam, name, where)
  return { name, strategy, params: decodeParameters(strategy.params, given, `${where} ${name}`) }
}

/** Makes a policy of a chosen strategy with the random stream `stream`. */
export function make<T>(chosen: Chosen<AnyStrategy<T>>, seed: number, stream: string): T {
  return chosen.strategy.make(chosen.params as never, { rng: randomStream(seed, stream) })
}
