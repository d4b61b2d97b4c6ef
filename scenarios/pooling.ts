// What a pool of upstream connections saves: a round trip per request, and the CPU of opening and closing. Loopback has
// next to no round trip, so links of known length are put between proxy and origins.
import { plain } from '../core/architecture.ts'
import { mean, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario, type Variant } from '../core/scenario.ts'

const base: Architecture = { ...plain, maxConnections: 1000 }

/** 40 clients and 2 origins never need more than 80 connections and what is kept ready: fewer than this in any run. */
const pooledPerThousandAtMost = 100
/** What a connection costs beyond its round trip is system calls in three processes; at 1 ms they show. */
const roundTripsAllowed = [0.75, 1.6] as const

const isAhead = (run: Run) => `${run.settings.pool}`.startsWith('pre-connect')
const isPooled = (run: Run) => !`${run.settings.pool}`.startsWith('per-request')
const linkMs = (run: Run) => Number(run.settings.linkMs ?? 0)
const perThousand = (run: Run) =>
  (1000 * (run.counters.originConnectionsOpened ?? 0)) / Math.max(1, run.counters.originRequests ?? 0)
const addedP50 = (run: Run) => run.phases.find(phase => phase.name === 'steady')?.added.p50Ms ?? null
const ms = (value: number) => `${value.toFixed(2)} ms`

interface Pair {
  readonly without: Run
  readonly pooled: Run
}

/** Runs with and without a pool of the same repeat, target and link. */
function pairsOf(runs: readonly Run[]): Pair[] {
  const alike = (a: Run, b: Run) => a.repeat === b.repeat && a.target === b.target && linkMs(a) === linkMs(b)
  return runs
    .filter(run => !isPooled(run))
    .flatMap(without => runs.filter(run => isPooled(run) && alike(run, without)).map(pooled => ({ without, pooled })))
}

const usesOf = (pairs: readonly Pair[]) => [...new Set(pairs.flatMap(({ without, pooled }) => [without, pooled]))]

function answered(runs: readonly Run[]): Claim {
  const onlyTimeouts = runs.every(run => run.generator.failed === (run.errors.timeout ?? 0))
  const failed = runs.some(run => run.generator.failed > 0)
  return {
    claim: 'Every request is answered.',
    // A time-out may be the doing of a machine that was busy elsewhere.
    kind: failed && onlyTimeouts ? 'timing' : 'count',
    holds: !failed,
    evidence: perVariant(runs, some => `${some.reduce((sum, run) => sum + run.generator.failed, 0)} failed`),
    uses: runs,
  }
}

function connections(runs: readonly Run[]): Claim {
  return {
    claim: `Without a pool each request opens a connection; a pool opens at most ${pooledPerThousandAtMost} per 1,000 requests.`,
    kind: 'count',
    holds: runs.every(run => (isPooled(run) ? perThousand(run) <= pooledPerThousandAtMost : perThousand(run) >= 1000)),
    evidence: `Connections per 1,000 requests: ${perVariant(runs, some => mean(some.map(perThousand)).toFixed(1))}`,
    uses: runs,
  }
}

function roundTrips(pairs: readonly Pair[]): Claim {
  const tripsOf = ({ without, pooled }: Pair) => (addedP50(without)! - addedP50(pooled)!) / linkMs(without)
  const [from, to] = roundTripsAllowed
  const links = [...new Set(pairs.map(({ without }) => linkMs(without)))]
  const at = (link: number) => pairs.filter(({ without }) => linkMs(without) === link)
  return {
    claim: 'At the median, a pool saves one round trip.',
    kind: 'timing',
    holds: links.every(link => {
      const trips = mean(at(link).map(tripsOf))
      return trips >= from && trips <= to
    }),
    evidence: `${links
      .map(link => {
        const added = (side: keyof Pair) => mean(at(link).map(pair => addedP50(pair[side])!))
        const trips = mean(at(link).map(tripsOf)).toFixed(2)
        return `Round trip ${link} ms: ${ms(added('without'))} without, ${ms(added('pooled'))} with a pool, ${trips} round trips between them`
      })
      .join('; ')}. Allowed: ${from} to ${to}.`,
    uses: usesOf(pairs),
  }
}

function cpu(pairs: readonly Pair[]): Claim {
  const ratio = mean(pairs.map(({ without, pooled }) => without.cpu.usPerRequest! / pooled.cpu.usPerRequest!))
  const runs = usesOf(pairs)
  return {
    claim: 'Opening a connection for each request costs the proxy more CPU than keeping some.',
    // A neighbour on the core makes the runs it meets dearer.
    kind: ratio > 1 ? 'count' : 'timing',
    holds: ratio > 1,
    evidence: `CPU per request: ${perVariant(runs, some => `${mean(some.map(run => run.cpu.usPerRequest!)).toFixed(0)} µs`)} ${ratio.toFixed(2)} times without a pool.`,
    uses: runs,
  }
}

/** Connections that a request asked for and waited for, of all that were opened. */
const waitedFor = (run: Run) =>
  (run.counters['target.upstreamDials'] ?? 0) - (run.counters['target.upstreamSpareDials'] ?? 0)

function ahead(early: readonly Run[], late: readonly Run[]): Claim {
  return {
    claim:
      'With connections opened ahead of demand fewer requests wait for one to open than with a pool that opens on demand.',
    kind: 'count',
    holds: Math.max(...early.map(waitedFor)) < Math.min(...late.map(waitedFor)),
    evidence: perVariant([...early, ...late], some => `${mean(some.map(waitedFor)).toFixed(0)} requests waited`),
    uses: [...early, ...late],
  }
}

function judge(runs: readonly Run[]): Claim[] {
  const early = runs.filter(isAhead)
  const besideEarly = (run: Run) => early.some(one => one.target === run.target && linkMs(one) === linkMs(run))
  const onDemand = runs.filter(run => isPooled(run) && !isAhead(run) && besideEarly(run))
  const pairs = pairsOf(runs)
  const far = pairs.filter(
    ({ without, pooled }) => linkMs(without) > 0 && addedP50(without) !== null && addedP50(pooled) !== null,
  )
  const costed = pairs.filter(({ without, pooled }) => without.cpu.usPerRequest && pooled.cpu.usPerRequest)
  return [
    ...(runs.length > 0 ? [answered(runs), connections(runs)] : []),
    ...(far.length > 0 ? [roundTrips(far)] : []),
    ...(costed.length > 0 ? [cpu(costed)] : []),
    ...(early.length > 0 && onDemand.length > 0 ? [ahead(early, onDemand)] : []),
  ]
}

const steady = (durationMs: number) => [{ name: 'steady', durationMs }]

const about: Record<string, string> = {
  'per-request': 'A connection for each request',
  'keep-alive': 'Connections are kept and lent again',
  'pre-connect': 'Two dozen idle connections are kept ready for each origin',
}

function variantOf(pool: string, link: number): Variant {
  const name = pool.split(':')[0]!
  return {
    name: `${name} ${link} ms`,
    target: 'windtunnel',
    about: `${about[name]}; origins are ${link} ms away and back.`,
    settings: { ...base, pool },
    linkMs: link,
  }
}

export default defineScenario({
  question: 'What does a pool of upstream connections save?',
  explanation:
    'A proxy that opens a connection for every request waits for a round trip before it can send anything, and so does its client. ' +
    'On one machine a round trip takes microseconds and the price hides; here a link between proxy and origins takes 0, 1 or 10 milliseconds there and back. ' +
    'Half of that delays each direction, in every variant, so an answer takes one round trip in any case. ' +
    'Look at the latency added at the median: without a pool it should be one more round trip. Then at connections per 1,000 requests, and at the CPU that opening and closing them costs. ' +
    'A pool that opens connections on demand still makes a few requests wait, those that come when all are lent; one that keeps some ready does not.',
  seed: 1,
  origins: { count: 2, service: 'fixed:ms=0', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 40 },
    profile: 'poisson:ratePerSecond=500',
    pacing: 'spin',
    timeoutMs: 2000,
    from: '127.0.0.2',
  },
  hostile: [],
  measuredPhase: 'steady',
  effort: {
    quick: { repeats: 1, warmUpMs: 1000, phases: steady(2200) },
    normal: { repeats: 3, phases: steady(4000) },
    thorough: { repeats: 10, phases: steady(8000) },
  },
  base,
  variants: [
    ...[0, 1, 10].flatMap(link => [variantOf('per-request', link), variantOf('keep-alive', link)]),
    variantOf('pre-connect:ready=24', 10),
  ],
  limits: [
    'The link is a relay in the process of the generator and the origins. It delays what is sent on a new connection by the round trip that connecting would take, so a proxy believes itself connected sooner than it would be over a network; the sum is the same.',
    'The delay is constant: no loss, no jitter, and no slow start, which a new connection would also pay for a large body.',
    'No TLS: with it a new connection costs one or two round trips more, and far more CPU.',
  ],
  judge,
})
