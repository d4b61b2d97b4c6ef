// The experiments of the lesson on pooling: the proxy's own connection pools, in the simulator, in the page.
import { type ConnectionPool, DIAL, type Ms } from '../../core/contracts.ts'
import slow from '../../fault-injection/faults/slow.ts'
import exponential from '../../fault-injection/service-times/exponential.ts'
import fixed from '../../fault-injection/service-times/fixed.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import kernel from '../../proxy/accept/kernel.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import capped from '../../proxy/pools/capped.ts'
import keepAlive from '../../proxy/pools/keep-alive.ts'
import perRequest from '../../proxy/pools/per-request.ts'
import { made } from '../../simulation/made.ts'
import type { Make, Model, Policies } from '../../simulation/model.ts'
import { type Result, simulate } from '../../simulation/simulate.ts'

/** More idle connections than any run here has. */
const maxIdle = 65_535
const unlimited = made(keepAlive, { maxIdle })
const unlimitedSlots = { count: 1, slots: Number.POSITIVE_INFINITY } as const

export const pools = {
  'new each time': made(perRequest),
  kept: unlimited,
  'kept, at most 32': made(capped, { max: 32 }),
} as const
export type PoolName = keyof typeof pools
export const names = Object.keys(pools) as PoolName[]

/** Round trips until a new connection is open. */
export const handshakes = { tcp: 1, tls13: 2, tls12: 3 } as const
export type Handshake = keyof typeof handshakes

function run(model: Model, policies: Partial<Policies> & Pick<Policies, 'arrivals' | 'service' | 'pool'>): Result {
  return simulate(model, { balancer: made(roundRobin), ...policies }, 1)
}

const share = (part: number, whole: number) => part / Math.max(1, whole)

/** What a request pays: an origin `rttMs` away and back that works for 5 ms on average, 200 requests per second. */
export function priceOf(pool: PoolName, rttMs: Ms, handshake: Handshake) {
  const { latency, connections, counts } = run(
    {
      durationMs: 60_000,
      warmUpMs: 2000,
      origins: unlimitedSlots,
      network: { rttMs, dialRtts: handshakes[handshake] },
    },
    {
      arrivals: made(poisson, { ratePerSecond: 200 }),
      service: () => made(exponential, { meanMs: 5 }),
      pool: pools[pool],
    },
  )
  return {
    meanMs: latency.meanMs ?? 0,
    p99Ms: latency.quantileMs(0.99) ?? 0,
    perThousand: 1000 * share(connections!.dials, counts.requests),
  }
}

/** Adds up how long how many connections were lent. Only for pools that make nobody wait; nothing breaks in these runs. */
class LentTime {
  private readonly ms: number[] = []
  private lent = 0
  private sinceMs: Ms
  private readonly endMs: Ms

  constructor(fromMs: Ms, endMs: Ms) {
    this.sinceMs = fromMs
    this.endMs = endMs
  }

  watch(make: Make<ConnectionPool>): Make<ConnectionPool> {
    return context => {
      const pool = make(context)
      return {
        ...pool,
        acquire: (upstream, ticket, first, now) => {
          const answer = pool.acquire(upstream, ticket, first, now)
          if (answer >= 0 || answer === DIAL) this.change(1, now)
          return answer
        },
        release: (upstream, connection, reusable, now) => {
          this.change(-1, now)
          return pool.release(upstream, connection, reusable, now)
        },
      }
    }
  }

  /** The share of the time in which exactly so many were lent, by their number. */
  shares(): number[] {
    this.change(0, this.endMs)
    const all = this.ms.reduce((sum, one) => sum + (one ?? 0), 0)
    return Array.from(this.ms, one => (one ?? 0) / all)
  }

  private change(by: number, now: Ms): void {
    const until = Math.min(now, this.endMs)
    if (until > this.sinceMs) {
      this.ms[this.lent] = (this.ms[this.lent] ?? 0) + until - this.sinceMs
      this.sinceMs = until
    }
    this.lent += by
  }
}

/** How many connections of a pool without a limit are in use, counted by a watch over the pool itself. */
export function connectionsInUse(ratePerSecond: number, workMs: Ms) {
  const durationMs = (40_000 / ratePerSecond) * 1000
  const warmUpMs = durationMs / 20
  const time = new LentTime(warmUpMs, durationMs)
  const { latency } = run(
    { durationMs, warmUpMs, origins: unlimitedSlots },
    {
      arrivals: made(poisson, { ratePerSecond }),
      service: () => made(exponential, { meanMs: workMs }),
      pool: time.watch(unlimited),
    },
  )
  const shares = time.shares()
  const mean = shares.reduce((sum, part, n) => sum + n * part, 0)
  let enough = 0
  for (let beyond = 1 - shares[0]!; beyond > 0.01; beyond -= shares[enough]!) enough++
  return {
    shares,
    mean,
    /** Requests that were answered in the measured time, 1/s, and how long each took: the two factors of the law. */
    ratePerSecond: (1000 * latency.count) / (durationMs - warmUpMs),
    timeMs: latency.meanMs ?? 0,
    /** The least number that is exceeded for at most a hundredth of the time. */
    enough,
  }
}

/** The situation of `npm run scenario pool-size`: at most `max` connections, 32 may wait, half a second long. */
export function withPoolOf(max: number, ratePerSecond: number, workMs: Ms, durationMs: Ms) {
  const { latency, connections, counts, errors, measured } = run(
    { durationMs, warmUpMs: durationMs / 10, origins: unlimitedSlots },
    {
      arrivals: made(poisson, { ratePerSecond }),
      service: () => made(fixed, { ms: workMs }),
      pool: made(capped, { max, maxWaiting: 32, waitMs: 500 }),
    },
  )
  return {
    max,
    meanMs: latency.meanMs ?? 0,
    p50Ms: latency.quantileMs(0.5) ?? 0,
    p99Ms: latency.quantileMs(0.99) ?? 0,
    waitedShare: share(connections!.waits, counts.requests),
    failedShare: share(errors['bad-status'] + errors.timeout, measured),
  }
}

/** Pool sizes around the average in use, at most sixteen of them. */
export function sizesAround(average: number): number[] {
  const from = Math.max(1, Math.floor(average / 2))
  const step = Math.max(1, Math.round((2.5 * average - from) / 15))
  return Array.from({ length: 16 }, (_, at) => from + at * step).filter(size => size <= 2.5 * average + step)
}

/** An origin that works on 16 requests at once and is five times slower between these two instants. */
export const slowFromMs = 10_000
export const slowUntilMs = 15_000
const overloadMs = 40_000

export const limits = {
  'no limit': unlimited,
  'at most 16': made(capped, { max: 16, maxWaiting: 64, waitMs: 1000 }),
} as const
export type LimitName = keyof typeof limits
export const limitNames = Object.keys(limits) as LimitName[]

/** 400 requests per second; each that is at the origin when another comes slows that one by `crowdingMs`. */
export function throughASlowSpell(limit: LimitName, crowdingMs: Ms) {
  const { series, connections, measured, latency } = run(
    {
      durationMs: overloadMs,
      origins: { count: 1, slots: 16, contentionMs: crowdingMs },
      timeouts: { clientMs: 1000 },
      faults: [{ origin: 0, fromMs: slowFromMs, untilMs: slowUntilMs }],
      seriesMs: 1000,
    },
    {
      arrivals: made(poisson, { ratePerSecond: 400 }),
      service: () => made(fixed, { ms: 20 }),
      pool: limits[limit],
      faults: [made(slow, { factor: 5 })],
    },
  )
  const { ok, failed } = series!
  const last = (column: Float64Array) => column.slice(-10).reduce((sum, one) => sum + one, 0)
  return {
    answered: Array.from(ok, (count, second) => ({ second, count })),
    openPeak: connections!.openPeak,
    opened: connections!.dials,
    answeredShare: share(latency.count, measured),
    /** In the last ten seconds, long after the origin has recovered. */
    inTheEnd: share(last(ok), last(ok) + last(failed)),
  }
}

/** What the origin of the runs below gets, 1/s, and how long it works on each, ms. */
export const quietRate = 2
export const quietWorkMs = 50

/** Connections per request when `workers` share one pool, or have one each, and idle ones are closed after `idleMs`. */
export function opensPerRequest(workers: number, scope: 'worker' | 'proxy', idleMs: Ms): number {
  const { connections, counts } = run(
    { durationMs: 20_000_000, origins: unlimitedSlots, proxies: { workers, poolScope: scope } },
    {
      arrivals: made(poisson, { ratePerSecond: quietRate }),
      service: () => made(exponential, { meanMs: quietWorkMs }),
      accept: made(kernel),
      pool: made(keepAlive, { maxIdle, idleMs }),
    },
  )
  return share(connections!.dials, counts.requests)
}
