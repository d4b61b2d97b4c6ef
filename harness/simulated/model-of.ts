// From a scenario and a variant to what the simulator takes, or to a sentence why it cannot be simulated.
import type {
  AcceptPolicy,
  AnyStrategy,
  Balancer,
  ConnectionPool,
  Fault,
  Filter,
  HealthPolicy,
  Limiter,
  Ms,
  RetryPolicy,
  ServiceTime,
} from '../../core/contracts.ts'
import { faultSpan } from '../../core/fault-time.ts'
import { type Chosen, choose, type Seam } from '../../core/registry.ts'
import type { FaultPlan, LoadPlan, OriginPlan, Phase, Scenario, Variant } from '../../core/scenario.ts'
import type { VirtualPlan } from '../../core/virtual.ts'
import { checkOrigins, traitsOf } from '../../fault-injection/origin-plan.ts'
import { buildSchedule, type Schedule } from '../../loadgen/schedule.ts'
import type { Make, Model, OriginModel, Policies, RequestsModel } from '../../simulation/model.ts'
import { mergedPlan } from '../sweep.ts'

/** What a simulated run needs to know of its scenario: plain data, fit for a message. */
export interface SimulatedPlan {
  readonly origins: OriginPlan
  readonly load: LoadPlan
  readonly faults: readonly FaultPlan[]
  readonly phases: readonly Phase[]
  readonly warmUpMs: Ms
  readonly measuredPhase: string
  readonly virtual: VirtualPlan
  readonly seed: number
}

export interface Simulated {
  readonly model: Model
  readonly policies: Policies
  readonly schedule: Schedule
}

/** What no simulated run has, in full sentences for the report. */
export const simulatedLimits = [
  'Simulated: a proxy that takes no time of its own and loses nothing, on a network that is a constant round trip.',
  'Simulated: there are no bytes, and so no buffering, no slow readers and no size of a response; CPU and memory are not modelled.',
]

/** The proxy's own time-outs when nothing else is said (proxy/config.ts). */
const connectMs = 5_000
const responseHeadMs = 60_000

/** Why the scenario cannot be simulated, as a clause; null when it can. */
export async function refusalOf({
  hostile,
  faults = [],
  load,
  origins,
  effort,
  variants,
}: Scenario): Promise<string | null> {
  if (hostile.length > 0) return 'its hostile clients hold connections, which are not modelled'
  if (Object.values(effort).some(({ capacity }) => capacity)) return 'it measures what a core can do'
  if (load.connections.kind === 'sessions' && load.connections.requests > 1) {
    return 'its sessions are of several requests'
  }
  if (load.postShare !== undefined) return 'it tells POSTs from GETs, and methods are not modelled'
  if ([load, ...variants].some(({ request }) => request !== undefined)) {
    return 'its requests ask for particular answers, and how a body comes is not modelled'
  }
  const idle = [origins, ...Object.values(origins.each ?? {})].some(({ idleMs }) => idleMs !== undefined)
  if (idle) return 'its origins close idle connections, and that race is not modelled'
  for (const { fault } of faults) {
    const { name, strategy } = await choose<AnyStrategy<Fault> & { simulated?: true | string }>('fault', fault)
    if (strategy.simulated !== true)
      return `its fault ${name} is not simulated: ${strategy.simulated ?? 'nobody has tried'}`
  }
  return null
}

/** Why this variant cannot be simulated, as a clause; null when it can. */
export async function refusalOfVariant({ target, settings }: Variant): Promise<string | null> {
  if (target !== 'windtunnel') return 'the simulator knows our own proxy only'
  const { threading, limiter } = settings
  const model = threading.split(':')[0]!
  if (!['single', 'processes', 'threads'].includes(model)) return `threading ${model} is not modelled`
  const { strategy, params, name } = await choose<AnyStrategy<Limiter>>('limiter', limiter)
  const made = strategy.make(params as never, { rng: { uniform: () => 0, integer: () => 0, exponential: () => 0 } })
  return made.onConnect ? `limiter ${name} counts connections, which are not modelled` : null
}

/** The plan with what the variant, and then its point of a sweep, has in its place. */
function ownPlan(plan: SimulatedPlan, { virtual: own = {}, point }: Variant): SimulatedPlan {
  const { profile = plan.load.profile, origins = {}, virtual = {} } = point ?? {}
  return {
    ...plan,
    load: { ...plan.load, profile },
    origins: { ...plan.origins, ...origins },
    virtual: mergedPlan(mergedPlan(plan.virtual, own), virtual),
  }
}

/** The kept connections of the clients: those of the load, or so many that carry any number of requests at once. */
function connectionsOf({ connections }: LoadPlan, { multiplexed }: VirtualPlan): RequestsModel {
  if (multiplexed !== undefined) return { connections: multiplexed, multiplexed: true }
  return { connections: connections.kind === 'keep-alive' ? connections.count : 0 }
}

/** The model of one variant. @throws UsageError when a strategy, a trait or a phase is unknown. */
export async function modelOf(scenarioPlan: SimulatedPlan, variant: Variant): Promise<Simulated> {
  const plan = ownPlan(scenarioPlan, variant)
  const { origins, load, phases, warmUpMs, seed, virtual } = plan
  const durationMs = phases.reduce((sum, phase) => sum + phase.durationMs, warmUpMs)
  const schedule = await buildSchedule(load, durationMs, seed)
  const rttMs = variant.linkMs ?? origins.linkMs ?? 0
  const { workers, accept } = await workersOf(variant)
  const balancer = await choose<AnyStrategy<Balancer>>('balancer', variant.settings.balancer)
  checkOrigins(origins)
  const model: Model = {
    durationMs,
    warmUpMs,
    origins: {
      count: origins.count,
      each: Object.fromEntries(
        Array.from({ length: origins.count }, (_, index) => [index, originModel(origins, index)]),
      ),
      reports: (balancer.strategy.needs ?? []).length > 0,
    },
    proxies: { workers, ...virtual.proxies },
    network: { rttMs, ...virtual.network },
    timeouts: {
      clientMs: load.timeoutMs,
      connectMs,
      attemptMs: variant.settings.responseHeadMs ?? responseHeadMs,
      cancelsWork: virtual.cancelsWork ?? true,
    },
    requests: {
      ...connectionsOf(load, virtual),
      demand: virtual.demand ?? 'origin',
      clients: virtual.clients ?? 1,
      ...(load.keys && { keys: load.keys }),
    },
    faults: plan.faults.map(fault => {
      const { fromMs, untilMs } = faultSpan(fault, phases)
      return { origin: fault.origin, fromMs: fromMs + warmUpMs, untilMs: untilMs + warmUpMs }
    }),
  }
  return { model, schedule, policies: await policiesOf(plan, variant, schedule, balancer, accept) }
}

async function policiesOf(
  { origins, faults }: SimulatedPlan,
  { settings }: Variant,
  schedule: Schedule,
  balancer: Chosen<AnyStrategy<Balancer>>,
  accept: Make<AcceptPolicy>,
): Promise<Policies> {
  const specs = Array.from({ length: origins.count }, (_, index) => traitsOf(origins, index).service)
  const laws = new Map<string, Make<ServiceTime>>()
  for (const spec of specs) if (!laws.has(spec)) laws.set(spec, await makeOf<ServiceTime>('service', spec))
  const { filter } = settings
  return {
    arrivals: { dueMs: schedule.dueMs, keys: schedule.keys },
    service: index => laws.get(specs[index]!)!,
    balancer: makerOf(balancer),
    health: await makeOf<HealthPolicy>('health', settings.health),
    retries: await makeOf<RetryPolicy>('retries', settings.retries),
    limiter: await makeOf<Limiter>('limiter', settings.limiter),
    pool: await makeOf<ConnectionPool>('pool', settings.pool),
    ...(filter === 'none' ? {} : { filter: await makeOf<Filter>('filter', filter) }),
    accept,
    faults: await Promise.all(faults.map(({ fault }) => makeOf<Fault>('fault', fault))),
  }
}

/** How many workers there are, and who takes a connection. */
async function workersOf({ settings }: Variant): Promise<{ workers: number; accept: Make<AcceptPolicy> }> {
  const { name, params } = await choose<AnyStrategy<unknown>>('threading', settings.threading)
  const { workers = 1, accept = 'kernel' } = params as { workers?: number; accept?: string }
  return { workers: name === 'single' ? 1 : workers, accept: await makeOf<AcceptPolicy>('accept', accept) }
}

async function makeOf<T>(seam: Seam, spec: string): Promise<Make<T>> {
  return makerOf(await choose<AnyStrategy<T>>(seam, spec))
}

function makerOf<T>({ strategy, params }: Chosen<AnyStrategy<T>>): Make<T> {
  return context => strategy.make(params as never, context)
}

function originModel(origins: OriginPlan, index: number): OriginModel {
  const { slots = Number.POSITIVE_INFINITY, weight = 1, virtual = {} } = traitsOf(origins, index)
  return { ...virtual, slots, weight }
}
