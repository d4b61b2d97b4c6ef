// Who plays: every balancer there is, with its defaults, and the combinations that proxies are known for.
import { partsOf } from '../../core/combination.ts'
import type { AnyCombinator, AnyStrategy, Balancer } from '../../core/contracts.ts'
import { UsageError } from '../../core/errors.ts'
import { choose, namesOf } from '../../core/registry.ts'
import type { StrategySpec } from '../../core/scenario.ts'
import { splitStrategies } from '../words.ts'

/** What is put around a balancer in practice, with its standard parameters. */
const combinations: readonly StrategySpec[] = [
  // An error counts as load: Finagle, linkerd.
  'failure-penalty+least-request',
  'failure-penalty+power-of-two',
  // Consistent hashing with bounded loads: HAProxy's hash-balance-factor, Envoy.
  'bounded-load+ring-hash',
  'bounded-load+maglev',
  // HAProxy's slowstart, Envoy's slow_start_config.
  'slow-start+least-request',
  'slow-start+weighted-round-robin',
  // Near before far, and failover: Envoy.
  'zone-aware+power-of-two',
  'priority+least-request',
  // A few connections of each client process rather than all: Google's subsetting, gRPC.
  'subset+power-of-two',
  // HAProxy's stick tables, cookies of many.
  'sticky+power-of-two',
]

export interface Player {
  readonly name: StrategySpec
  readonly about: string
}

/**
 * The players that `balancer=` names, in its order; all of them when it is absent.
 * @throws UsageError for an unknown strategy or parameter, and for one given twice.
 */
export async function playersOf(given: string | undefined): Promise<Player[]> {
  const names = given === undefined ? [...namesOf('balancer'), ...combinations] : splitStrategies(given)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new UsageError(`tournament: balancer ${twice} given twice; allowed: once`)
  return Promise.all(names.map(async name => ({ name, about: await aboutOf(name) })))
}

/** The sentence of the balancer, or of the outermost combinator around it. @throws UsageError when it cannot be made. */
async function aboutOf(spec: StrategySpec): Promise<string> {
  const where = 'tournament: balancer'
  const { strategy } = await choose<AnyStrategy<Balancer>>('balancer', spec, where)
  const [outermost, ...inner] = partsOf(spec)
  if (inner.length === 0) return strategy.about
  return (await choose<AnyCombinator>('combinator', outermost!, where)).strategy.about
}
