// The configuration file, decoded and checked in one place: an immutable snapshot with every default filled in and every
// strategy found. Unknown keys, wrong types and values out of range are errors that name the path, what was given and
// what is allowed.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type {
  AnyStrategy,
  Balancer,
  BufferingPolicy,
  ConnectionPool,
  Described,
  Filter,
  HealthPolicy,
  Limiter,
  RetryPolicy,
} from '../core/contracts.ts'
import { UsageError } from '../core/errors.ts'
import type { ParameterTable } from '../core/parameters.ts'
import { type Chosen, choose, refuseUnmet } from '../core/registry.ts'
import type { StrategySpec } from '../core/scenario.ts'

const ms = (standard: number) => z.number().min(0).max(86_400_000).default(standard)
const whole = (standard: number, min: number, max: number) => z.int().min(min).max(max).default(standard)
const spec = (standard: StrategySpec) => z.string().min(1).default(standard)

const limitsSchema = z.strictObject({
  /** Client connections served at once, per worker. */
  maxConnections: whole(16_384, 1, 1_000_000),
  /** Connections beyond the cap that may wait unread; any more are closed. */
  backlog: whole(511, 0, 65_535),
  maxHeadBytes: whole(16_384, 256, 65_536),
  maxHeaderCount: whole(100, 1, 1_000),
  maxTargetBytes: whole(8_192, 64, 65_536),
  maxBodyBytes: whole(1_073_741_824, 0, Number.MAX_SAFE_INTEGER),
})

/** Every timeout in milliseconds; 0 means none. */
const timeoutsSchema = z.strictObject({
  /** From accept, or from the first byte of a later request, to the end of the head. Then 408. */
  requestHeadMs: ms(10_000),
  /** Between two reads of a request body. Then 408. */
  bodyIdleMs: ms(30_000),
  /** From the end of a response to the first byte of the next request. Then the connection closes. */
  keepAliveIdleMs: ms(60_000),
  /** A client that takes no response bytes for this long is cut off. */
  writeIdleMs: ms(60_000),
  /** Opening an upstream connection. Then 504. */
  connectMs: ms(5_000),
  /** From the end of the request to the response head. Then 504. */
  responseHeadMs: ms(60_000),
  /** Between two reads of a response body. Then the response is cut off. */
  responseIdleMs: ms(60_000),
  /** After SIGTERM, how long requests in flight may finish. */
  drainMs: ms(10_000),
})

const upstreamSchema = z.strictObject({
  id: z.string().min(1),
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  weight: z.number().gt(0).max(1_000_000).default(1),
  /** The failure domain, for zone-aware balancing. */
  zone: z.string().min(1).optional(),
  /** The level of preference, 0 first. */
  priority: whole(0, 0, 127),
})

const fileSchema = z.strictObject({
  listen: z.strictObject({ host: z.string().default('127.0.0.1'), port: whole(8080, 0, 65_535) }).prefault({}),
  threading: spec('single'),
  pool: spec('keep-alive'),
  buffering: spec('streaming'),
  balancer: spec('power-of-two'),
  limiter: spec('none'),
  health: spec('always'),
  retries: spec('none'),
  filter: spec('none'),
  upstreams: z.array(upstreamSchema).min(1),
  routes: z
    .array(z.strictObject({ prefix: z.string().startsWith('/'), upstreams: z.array(z.string()).min(1) }))
    .min(1)
    .optional(),
  limits: limitsSchema.prefault({}),
  timeouts: timeoutsSchema.prefault({}),
  /** A client that has sent its request and a FIN: has it left, or does it wait for its answer? TCP cannot tell. */
  halfClosedClients: z.enum(['abort', 'serve']).default('abort'),
  accessLog: z.boolean().default(false),
  /** Where temporary files of held bodies are made; absent: where the system has its own. */
  spoolDirectory: z.string().min(1).optional(),
  /** Seed of every random stream of the proxy. */
  seed: z.int().default(1),
})

export type Limits = Readonly<z.infer<typeof limitsSchema>>
export type Timeouts = Readonly<z.infer<typeof timeoutsSchema>>

export interface UpstreamAddress {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly weight: number
  readonly zone?: string | undefined
  readonly priority: number
}

export interface RouteConfig {
  /** A request whose target starts with this takes the route; the longest prefix wins. */
  readonly prefix: string
  /** Indexes into `upstreams`. */
  readonly upstreams: readonly number[]
}

/** A decoded configuration. */
export interface ProxyConfig {
  readonly listen: { readonly host: string; readonly port: number }
  /** Launched by threading.ts, which knows its type: a threading model is launched with a whole configuration. */
  readonly threading: Chosen<Described & { readonly params: ParameterTable }>
  readonly pool: Chosen<AnyStrategy<ConnectionPool>>
  readonly buffering: Chosen<AnyStrategy<BufferingPolicy>>
  readonly balancer: Chosen<AnyStrategy<Balancer>>
  readonly limiter: Chosen<AnyStrategy<Limiter>>
  readonly health: Chosen<AnyStrategy<HealthPolicy>>
  readonly retries: Chosen<AnyStrategy<RetryPolicy>>
  readonly filter: Chosen<AnyStrategy<Filter>>
  readonly upstreams: readonly UpstreamAddress[]
  readonly routes: readonly RouteConfig[]
  readonly limits: Limits
  readonly timeouts: Timeouts
  readonly halfClosedClients: 'abort' | 'serve'
  readonly accessLog: boolean
  readonly spoolDirectory?: string | undefined
  readonly seed: number
}

/** Reads and decodes a configuration file. @throws UsageError when it cannot be read, is no JSON or is not valid. */
export async function readConfig(path: string): Promise<ProxyConfig> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`config=${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${path}: not JSON: ${(error as Error).message}`)
  }
  return decodeConfig(value, path)
}

/** Decodes a configuration; `where` names its source in errors. @throws UsageError for the first thing that is wrong. */
export async function decodeConfig(value: unknown, where: string): Promise<ProxyConfig> {
  const parsed = fileSchema.safeParse(value, { reportInput: true })
  if (!parsed.success) throw new UsageError(`${where}: ${describeIssue(parsed.error.issues[0]!)}`)
  const file = parsed.data
  const indexOf = new Map(file.upstreams.map((upstream, index) => [upstream.id, index]))
  if (indexOf.size < file.upstreams.length) throw new UsageError(`${where}: upstreams: two have the same id`)
  const routes = file.routes ?? [{ prefix: '/', upstreams: [...indexOf.keys()] }]
  return {
    ...file,
    threading: await choose('threading', file.threading, `${where}: threading`),
    pool: await choose('pool', file.pool, `${where}: pool`),
    buffering: await choose('buffering', file.buffering, `${where}: buffering`),
    balancer: await chooseBalancer(file.balancer, `${where}: balancer`),
    limiter: await choose('limiter', file.limiter, `${where}: limiter`),
    health: await choose('health', file.health, `${where}: health`),
    retries: await choose('retries', file.retries, `${where}: retries`),
    filter: await choose('filter', file.filter, `${where}: filter`),
    routes: routes
      .map((route, at) => ({
        prefix: route.prefix,
        upstreams: route.upstreams.map(id => {
          const index = indexOf.get(id)
          if (index !== undefined) return index
          const allowed = [...indexOf.keys()].join(', ')
          throw new UsageError(`${where}: routes[${at}].upstreams: unknown upstream "${id}"; allowed: ${allowed}`)
        }),
      }))
      .sort((a, b) => b.prefix.length - a.prefix.length),
  }
}

/** A balancer that this proxy can run: it sends no probes and reads no load reports. */
async function chooseBalancer(spec: StrategySpec, where: string): Promise<Chosen<AnyStrategy<Balancer>>> {
  const chosen = await choose<AnyStrategy<Balancer>>('balancer', spec, where)
  refuseUnmet(chosen.strategy, spec, where)
  return chosen
}

/** "limits.maxHeadBytes: 12 given; allowed: at least 256". */
function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  const at = path === '' ? 'the file' : path.replace(/^\./, '')
  if (issue.code === 'unrecognized_keys')
    return `${at}: unknown key ${issue.keys.map(key => `"${key}"`).join(', ')}; ${allowedKeys(issue.path)}`
  const given = issue.input === undefined ? 'nothing' : JSON.stringify(issue.input)
  return `${at}: ${given} given; ${issue.message.replace(/^Invalid input: |^Too (small|big): /, 'allowed: ')}`
}

/** The keys that the object at `path` may have, found in the schema itself. */
function allowedKeys(path: readonly PropertyKey[]): string {
  let schema: unknown = fileSchema
  for (const part of path) schema = typeof part === 'number' ? unwrapped(schema).element : unwrapped(schema).shape[part]
  return `allowed: ${Object.keys(unwrapped(schema).shape).join(', ')}`
}

function unwrapped(schema: unknown): { shape: Record<PropertyKey, unknown>; element: unknown } {
  let inner = schema as { unwrap?: () => unknown; element?: unknown; shape?: unknown }
  while (inner.unwrap && inner.element === undefined) inner = inner.unwrap() as typeof inner
  return inner as { shape: Record<PropertyKey, unknown>; element: unknown }
}
