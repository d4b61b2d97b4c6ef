// One worker of one proxy: its own policies and its own idea of the upstreams. Workers know nothing of each other, unless
// the model lets them share a pool or a view.
import type { Balancer, Filter, HealthPolicy, Limiter, Place, RetryPolicy, Upstream } from '../core/contracts.ts'
import { HealthKeeper } from './health-keeper.ts'
import { type Borrower, type ConnectionTable, Lending } from './lending.ts'
import type { Policies } from './model.ts'
import type { Network } from './network.ts'
import { upstreamMaker } from './simulated-upstream.ts'
import type { World } from './world.ts'

export interface Worker {
  readonly index: number
  readonly proxy: number
  readonly upstreams: readonly Upstream[]
  readonly balancer: Balancer
  readonly limiter: Limiter
  readonly retries: RetryPolicy
  readonly filter: Filter
  readonly health: HealthKeeper
  /** Does anybody want to hear how attempts end? */
  readonly hearsOutcomes: boolean
  /** Null when connections are not modelled. */
  readonly lending: Lending | null
  /** Requests it has admitted and not yet answered. */
  inFlight: number
  /** Requests it has begun to serve, all of the run. */
  requests: number
}

/** What a worker did, all of the run. */
export interface WorkerTally {
  readonly requests: number
  /** Connections it took from clients. */
  readonly connections: number
  /** CPU time used, ms; 0 when it is not modelled. */
  readonly busyMs: number
}

const always: HealthPolicy = { onMembers() {}, eligible: () => true, nextChangeAt: () => Number.POSITIVE_INFINITY }

/** All workers: those of the first proxy, then those of the second, and so on. */
export function makeWorkers(
  world: World,
  policies: Policies,
  network: Network,
  table: ConnectionTable,
  borrower: Borrower,
): Worker[] {
  const {
    count = 1,
    workers = 1,
    zones = [''],
    poolScope = 'worker',
    view = { kind: 'own' },
  } = world.model.proxies ?? {}
  const makeUpstreams = upstreamMaker(world)
  /** When `view` is shared all workers count together. */
  const shared = view.kind === 'shared' ? makeUpstreams() : null
  if (view.kind === 'shared' && view.refreshMs > 0) world.hidden = new Int32Array(world.model.origins.count)
  const all: Worker[] = []
  const lendings: Lending[] = []
  for (let index = 0; index < count * workers; index++) {
    const proxy = Math.floor(index / workers)
    const zone = zones[proxy % zones.length]!
    const place: Place = {
      index,
      count: count * workers,
      ...(zone === '' ? {} : { zone, zoneShare: zones.filter(one => one === zone).length / zones.length }),
    }
    const name = `p${proxy}/w${index % workers}`
    const first = poolScope === 'proxy' ? proxy * workers : index
    if (policies.pool && first === index) {
      const pool = policies.pool({ rng: world.stream(`pool/${name}`), place })
      lendings[index] = new Lending(index, pool, world, table, borrower)
    }
    const upstreams = shared ?? makeUpstreams()
    all.push(
      makeWorker(world, policies, network, { index, proxy, name, place, upstreams, lending: lendings[first] ?? null }),
    )
  }
  return all
}

interface Seat {
  readonly index: number
  readonly proxy: number
  readonly name: string
  readonly place: Place
  readonly upstreams: Upstream[]
  readonly lending: Lending | null
}

function makeWorker(world: World, policies: Policies, network: Network, seat: Seat): Worker {
  const { index, proxy, name, place, upstreams, lending } = seat
  const context = (purpose: string) => ({ rng: world.stream(`${purpose}/${name}`), place })
  const balancer = policies.balancer(context('balancer'))
  const health = policies.health?.(context('health')) ?? always
  const retries = policies.retries?.(context('retries')) ?? {}
  const limiter = policies.limiter?.(context('limiter')) ?? {}
  const filter = policies.filter?.(context('filter')) ?? {}
  const hears = [balancer.onDone, health.onDone, retries.onDone, retries.retryIn]
  return {
    index,
    proxy,
    upstreams,
    balancer,
    limiter,
    retries,
    filter,
    health: new HealthKeeper(
      index,
      health,
      balancer,
      upstreams,
      world,
      origin => network.dialMs(index, origin) + network.oneWayMs(index, origin),
    ),
    hearsOutcomes: hears.some(hook => hook !== undefined),
    lending,
    inFlight: 0,
    requests: 0,
  }
}
