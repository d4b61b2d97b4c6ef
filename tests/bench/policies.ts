// What each strategy costs: one pick of every balancer over few, some and many upstreams, one acquire and release of
// every pool. The folders are the list, so a new strategy is measured without being named here.
import {
  type AnyStrategy,
  type Balancer,
  CLOSE,
  type ConnectionPool,
  DIAL,
  type PolicyRequest,
  type Upstream,
} from '../../core/contracts.ts'
import { choose, make, namesOf } from '../../core/registry.ts'
import { type BenchTask, sink } from './task.ts'

const sizes = [10, 100, 10_000]
/** Clients and targets that take turns, for balancers that hash. */
const clients = 64
const idleConnections = 8
/** Time goes on by this much per operation, so that what decays or refills does. */
const stepMs = 0.1
const untried: readonly Upstream[] = []
/** What origins say of themselves: loads and latencies in no order, as they are. */
const reports = Array.from({ length: 251 }, (_, i) => ({
  inFlight: (i * 7) % 5,
  latencyMs: 1 + ((i * 97) % 251) / 50,
  utilisation: 0.5,
  ratePerSecond: 100,
  errorsPerSecond: 0,
}))
/** What combinators are measured around, so that their own cost shows beside that of a plain pick. */
const within = 'power-of-two'

/** Upstreams of unequal load: what least-loaded rules look at is not all zero. */
function upstreamsOf(n: number): Upstream[] {
  return Array.from({ length: n }, (_, index) => ({ index, id: `o${index}`, weight: 1, inFlight: (index * 7) % 5 }))
}

function requests(): PolicyRequest[] {
  return Array.from({ length: clients }, (_, i) => ({
    method: 'GET',
    target: `/items/${i}`,
    client: `192.0.2.${i}`,
    header: name => (name === 'host' ? 'windtunnel.xyz' : undefined),
  }))
}

async function picking(name: string, n: number): Promise<BenchTask> {
  const balancer = make(await choose<AnyStrategy<Balancer>>('balancer', name), 1, 'balancer')
  const asked = requests()
  let now = 0
  balancer.onEligible(upstreamsOf(n), 1, now)
  const probes = probesOf(balancer)
  return {
    group: 'pick',
    name: `${name}, ${n}`,
    ...(probes && { note: 'less its probes' }),
    run(times) {
      for (let i = 0; i < times; i++) {
        sink.value += balancer.pick(asked[i % clients]!, untried, (now += stepMs))?.index ?? 0
        probes?.(now)
      }
    },
    ...(probes && {
      besides(times) {
        for (let i = 0; i < times; i++) probes((now += stepMs))
      },
    }),
  }
}

/** Sends the probes that belong to one request, and hands in their answers; absent for balancers that send none. */
function probesOf({ probing }: Balancer): ((now: number) => void) | undefined {
  if (probing === undefined) return undefined
  let answered = 0
  return now => {
    for (const upstream of probing.due(now)) probing.onProbe(upstream, reports[answered++ % reports.length]!, now)
  }
}

/** The probes of one request by themselves. */
async function probing(name: string): Promise<BenchTask[]> {
  const balancer = make(await choose<AnyStrategy<Balancer>>('balancer', name), 1, 'balancer')
  const probes = probesOf(balancer)
  let now = 0
  balancer.onEligible(upstreamsOf(100), 1, now)
  if (probes === undefined) return []
  return [
    {
      group: 'probe',
      name: `${name}, 100`,
      note: 'all probes of a request',
      run(times) {
        for (let i = 0; i < times; i++) probes((now += stepMs))
      },
    },
  ]
}

async function lending(name: string): Promise<BenchTask> {
  const pool = make(await choose<AnyStrategy<ConnectionPool>>('pool', name), 1, 'pool')
  const upstream = upstreamsOf(1)[0]!
  /** Numbers of connections that are not open. */
  const free = Array.from({ length: idleConnections * 2 }, (_, id) => id)
  let now = 0
  const acquire = () => {
    const answer = pool.acquire(upstream, 1, false, now)
    if (answer >= 0) return answer
    if (answer !== DIAL) throw new Error(`pool ${name} lends nothing although nobody else asks`)
    const id = free.pop()!
    pool.onDialed(upstream, id, now)
    return id
  }
  const release = (id: number) => {
    if (pool.release(upstream, id, true, now) !== CLOSE) return
    pool.onClosed(upstream, id, now)
    free.push(id)
  }
  Array.from({ length: idleConnections }, acquire).forEach(release)
  return {
    group: 'lend',
    name: `acquire and release, ${name}`,
    run(times) {
      for (let i = 0; i < times; i++) {
        now += stepMs
        const id = acquire()
        sink.value += id
        release(id)
      }
    },
  }
}

/** A task for each balancer and number of upstreams, and one for each pool. */
export async function policyTasks(): Promise<BenchTask[]> {
  const tasks: BenchTask[] = []
  for (const name of namesOf('balancer')) for (const n of sizes) tasks.push(await picking(name, n))
  for (const name of namesOf('balancer')) tasks.push(...(await probing(name)))
  for (const name of namesOf('combinator')) tasks.push(await picking(`${name}+${within}`, 100))
  for (const name of namesOf('pool')) tasks.push(await lending(name))
  return tasks
}
