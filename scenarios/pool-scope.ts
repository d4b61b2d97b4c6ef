// How many connections a proxy opens is a question of who shares its pool. Each worker's own pool sees a part of the traffic,
// so that a connection is idle for longer than it is kept; one pool for the whole proxy sees all of it.
// Source: Cloudflare, "How we built Pingora", 2022 (reuse 87.1 % to 99.92 %); the formula below is M/G/∞ with an idle time-out.
import { independentRequests, plain } from '../core/architecture.ts'
import { mean } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const originCount = 10
const ratePerSecond = 7
const idleMs = 10_000
const serviceMs = 1
const rttMs = 2
const dialRtts = 3
/** What a request takes on a connection that is open, and what opening one adds. */
const holdMs = serviceMs + rttMs
const dialMs = rttMs * dialRtts
const workers = [1, 2, 4, 8, 16]
const theoryAllowed = 0.2
const savingNeeded = 100

const base: Architecture = { ...plain, pool: `keep-alive:idleMs=${idleMs}`, balancer: 'random' }

/** A point's runs of one series, and what share of their requests opened a connection. */
interface Row {
  readonly series: string
  readonly workers: number
  readonly share: number
  readonly theory: number
  readonly tailMs: number
  readonly uses: readonly Run[]
}

/**
 * The share of requests that find no connection in a pool that sees `pools`-th of the traffic. With a requests per
 * millisecond for an origin, a holding time S and a time-out τ: nobody asked for longer than τ, e^(-aτ); or all connections
 * are in use and the next one has not been needed for longer than τ, aS·e^(-a·aS·τ). For aS far below 1.
 */
function missed(pools: number): number {
  const a = ratePerSecond / 1000 / originCount / pools
  const inUse = a * holdMs
  return Math.exp(-a * idleMs) + inUse * Math.exp(-a * inUse * idleMs)
}

function dialShare({ counters, generator }: Run): number {
  return (counters['target.upstreamDials'] ?? 0) / (generator.scheduled + (counters.warmUpRequests ?? 0))
}

function rowsOf(runs: readonly Run[], series: string): Row[] {
  return workers.flatMap(at => {
    const uses = runs.filter(({ point }) => point?.series === series && point.at === at)
    if (uses.length === 0) return []
    const tails = uses.flatMap(({ phases }) => phases[0]!.latency.p99Ms ?? [])
    return [
      {
        series,
        workers: at,
        share: mean(uses.map(dialShare)),
        theory: missed(series === 'one pool' ? 1 : at),
        tailMs: mean(tails),
        uses,
      },
    ]
  })
}

const perThousand = (share: number) => (share * 1000).toFixed(share < 0.01 ? 1 : 0)

function claim(sentence: string, rows: readonly Row[], holds: boolean, say: (row: Row) => string): Claim[] {
  if (rows.length === 0) return []
  const evidence = `${rows.map(row => `${row.series}, workers ${row.workers}: ${say(row)}`).join('; ')}.`
  return [{ claim: sentence, kind: 'count', holds, evidence, uses: rows.flatMap(({ uses }) => uses) }]
}

const isAsTheory = ({ share, theory }: Row) => Math.abs(share / theory - 1) <= theoryAllowed
const besideTheory = ({ share, theory }: Row) =>
  `${perThousand(share)} dials per 1,000 requests, theory ${perThousand(theory)}`
const hasDial = ({ tailMs }: Row) => tailMs > holdMs + dialMs / 2

function judge(runs: readonly Run[]): Claim[] {
  const each = rowsOf(runs, 'a pool each')
  const one = rowsOf(runs, 'one pool')
  const [most, fewest] = [each.at(-1), one.at(-1)]
  const gap = Math.exp((-ratePerSecond / 1000 / originCount) * idleMs)
  return [
    ...claim(
      `Pools that each see a part of the traffic open what theory says, within ${theoryAllowed * 100} %.`,
      each,
      each.every(isAsTheory),
      besideTheory,
    ),
    ...claim(
      'One pool opens as many as with a single worker, however many there are.',
      one,
      one.every(isAsTheory),
      besideTheory,
    ),
    ...(most && fewest
      ? claim(
          `Sixteen workers with a pool each open at least ${savingNeeded} times as many connections as with one pool.`,
          [most],
          most.share >= savingNeeded * fewest.share,
          () => `${perThousand(most.share)} per 1,000 requests each, ${perThousand(fewest.share)} with one pool`,
        )
      : []),
    ...claim(
      'The time to open a connection is in the 99th percentile as soon as two workers do not share, and never when all do.',
      [...each, ...one],
      each.every(row => hasDial(row) === row.workers > 1) && !one.some(hasDial),
      ({ tailMs }) => `${tailMs.toFixed(0)} ms`,
    ),
    ...claim(
      'Of what one pool opens, idle times explain less than half: the rest is for requests that come at the same time.',
      one,
      one.every(({ share }) => gap < share / 2),
      ({ share }) => `${perThousand(share)} per 1,000, ${perThousand(gap)} after an idle time`,
    ),
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]

export default defineScenario({
  question: 'Workers with a pool each, or one pool for all: how many connections are opened, and who notices?',
  explanation:
    `A proxy asks ${originCount} origins for something ${ratePerSecond} times per second in all, keeps connections for ${idleMs / 1000} seconds, and pays three round trips for a new one. ` +
    'With a pool for each worker, every pool sees only a part of the traffic, and its connections are closed before they are needed again. ' +
    'The odds of finding none are a power: shared by W workers they are those of one worker to the W-th. ' +
    'That is how a change of architecture, and no tuning, can save a hundred connections out of a hundred and one. ' +
    'Look at the dials per 1,000 requests, and at when they reach the 99th percentile.',
  seed: 25,
  virtual: {
    why: 'it takes hours of light load, and workers that share a pool of connections, which processes cannot',
    network: { rttMs, dialRtts },
  },
  sweep: {
    axis: 'workers',
    unit: '',
    scale: 'log',
    points: workers.map(at => ({ at, virtual: { proxies: { workers: at } } })),
  },
  origins: { count: originCount, service: `fixed:ms=${serviceMs}`, responseBytes: 512 },
  load: independentRequests(ratePerSecond, 5000),
  hostile: [],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, phases: phases(20_000_000) },
    normal: { repeats: 3, phases: phases(20_000_000) },
    thorough: { repeats: 10, phases: phases(20_000_000) },
  },
  base,
  variants: [
    {
      name: 'a pool each',
      target: 'windtunnel',
      about: 'Each worker keeps connections for itself, as NGINX does.',
      settings: base,
    },
    {
      name: 'one pool',
      target: 'windtunnel',
      about: 'All workers lend from one pool, as the threads of Pingora do.',
      settings: base,
      virtual: { proxies: { poolScope: 'proxy' } },
    },
  ],
  limits: [
    'All origins are asked equally often. Where some are asked seldom, even one pool opens connections for them.',
    'A pool that is shared costs a lock or a message each time. Neither is modelled.',
    'Nothing limits how many connections are kept, or how many requests one may carry.',
  ],
  judge,
})
