// Who takes a connection decides who does its work, for as long as it stays: with few connections that carry much, some
// workers are full and others idle. Workers that steal from each other make one queue of many.
// Source: Cloudflare, "Why does one NGINX worker take all the load?", 2017; M/M/c by Erlang.
import { plain } from '../core/architecture.ts'
import { mean, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario, type Variant } from '../core/scenario.ts'

const workers = 16
const cpuMs = 1
const load = 0.9
const ratePerSecond = (load * workers * 1000) / cpuMs
const stealer = 'kernel, stealing'
const connectionCounts = [64, 256, 8192]

const accepting = (accept: string): Architecture => ({
  ...plain,
  threading: `processes:workers=${workers},accept=${accept}`,
})

const theoryAllowed = 0.2
const stealingAllowed = 0.1
const quickerNeeded = 4

const seriesOf = (run: Run) => run.point?.series ?? ''
const connectionsOf = (run: Run) => run.point?.at ?? 0
const meanMs = (run: Run) => run.phases[0]!.latency.meanMs ?? Number.POSITIVE_INFINITY
const lost = (run: Run) => 1 - run.phases[0]!.latency.count / run.phases[0]!.requests

/** The connections of the fullest worker, in times an equal share. */
function fullest({ counters }: Run): number {
  const taken = Array.from({ length: workers }, (_, at) => counters[`target.worker${at}.connectionsAccepted`] ?? 0)
  return Math.max(...taken) / mean(taken)
}

/** The time that a request takes with `servers` servers at one queue, M/M/c: C/(c·(1-ρ)) of waiting, C by Erlang. */
function queueMs(servers: number): number {
  const offered = load * servers
  let blocked = 1
  for (let at = 1; at <= servers; at++) blocked = (offered * blocked) / (at + offered * blocked)
  const waits = blocked / (1 - load * (1 - blocked))
  return cpuMs * (1 + waits / (servers * (1 - load)))
}

const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} ms`
/** Over all points. */
const range = (some: readonly Run[]) => `${ms(Math.min(...some.map(meanMs)))} to ${ms(Math.max(...some.map(meanMs)))}`
const bySeries = (runs: readonly Run[]) => runs.map(run => ({ ...run, variant: seriesOf(run) }))
/** Is the mean of each series, over all its points, what the law says? */
const isNear = (runs: readonly Run[], lawMs: number, allowed: number) =>
  Object.values(Object.groupBy(runs, seriesOf)).every(some => Math.abs(mean(some!.map(meanMs)) / lawMs - 1) <= allowed)
const percent = (share: number) => `${(share * 100).toFixed(0)} %`

function claim(sentence: string, uses: readonly Run[], holds: boolean, evidence: string): Claim[] {
  return uses.length === 0 ? [] : [{ claim: sentence, kind: 'count', holds, evidence, uses }]
}

function judge(runs: readonly Run[]): Claim[] {
  const hashed = runs.filter(run => seriesOf(run) === 'kernel')
  const few = hashed.filter(run => connectionsOf(run) <= 256)
  const counted = runs.filter(run => !seriesOf(run).startsWith('kernel'))
  const stealing = runs.filter(run => seriesOf(run) === stealer)
  const [fewest, most] = [Math.min(...connectionCounts), Math.max(...connectionCounts)].map(count =>
    hashed.filter(run => connectionsOf(run) === count),
  ) as [Run[], Run[]]
  const excess = (some: readonly Run[]) => mean(some.map(fullest)) - 1
  const share = (some: readonly Run[]) =>
    `the fullest worker has ${mean(some.map(fullest)).toFixed(2)} times an equal share`
  const theory = (servers: number) => (some: readonly Run[]) =>
    `${ms(mean(some.map(meanMs)))} (${range(some)}), theory ${ms(queueMs(servers))}`
  return [
    ...claim(
      'A hash of few connections gives one worker more than it can do, while the proxy as a whole has room.',
      few,
      few.every(run => fullest(run) * load > 1 && meanMs(run) >= 2 * queueMs(1)),
      perVariant(
        few,
        some => `${share(some)}, ${ms(mean(some.map(meanMs)))}, ${percent(mean(some.map(lost)))} of the requests lost`,
      ),
    ),
    ...(fewest.length > 0 && most.length > 0
      ? claim(
          'Of many connections the same hash makes nearly equal shares.',
          [...fewest, ...most],
          excess(most) < excess(fewest) / 4,
          perVariant([...fewest, ...most], share),
        )
      : []),
    ...claim(
      `Equal shares make each worker a queue of its own: within ${percent(theoryAllowed)} of M/M/1.`,
      counted,
      counted.every(run => fullest(run) < 1.01) && isNear(counted, queueMs(1), theoryAllowed),
      perVariant(bySeries(counted), theory(1)),
    ),
    ...claim(
      `Workers that steal are one queue with ${workers} servers, whoever took the connection: within ${percent(stealingAllowed)} of M/M/c.`,
      stealing,
      isNear(stealing, queueMs(workers), stealingAllowed),
      perVariant(bySeries(stealing), theory(workers)),
    ),
    ...(stealing.length > 0
      ? claim(
          `Stealing from an uneven start beats equal shares, by a factor of at least ${quickerNeeded}.`,
          counted,
          counted.every(run => meanMs(run) >= quickerNeeded * Math.max(...stealing.map(meanMs))),
          perVariant(
            bySeries(counted),
            some => `${range(some)}, stealing at most ${ms(Math.max(...stealing.map(meanMs)))}`,
          ),
        )
      : []),
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]
const variant = (accept: string, about: string): Variant => ({
  name: accept,
  target: 'windtunnel',
  about,
  settings: accepting(accept),
})

export default defineScenario({
  question:
    'Sixteen workers, few connections that carry much or many that carry little: is one worker full while others are idle?',
  explanation:
    `A proxy with ${workers} workers is busy for nine tenths of its time, and its clients speak HTTP/2: a connection carries any number of requests, and all of them go to the worker that took it. ` +
    'A hash spreads connections by chance, and with few of them chance is uneven: one worker gets more than it can do. Taking turns makes shares equal, but every worker still is a queue of its own. ' +
    'A request that waits at one worker while another has nothing to do is what a shared queue, or stealing, avoids. ' +
    'Look at how far apart equal shares and one queue are, although both are perfectly even.',
  seed: 26,
  virtual: {
    why: 'no worker of Node can take a request from another, and it has sixteen cores',
    proxies: { requestCpuMs: cpuMs, requestCpu: 'exponential' },
  },
  sweep: {
    axis: 'connections',
    unit: '',
    scale: 'log',
    points: connectionCounts.map(at => ({ at, virtual: { multiplexed: at } })),
  },
  origins: { count: 1, service: 'fixed:ms=0', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: connectionCounts[0]! },
    profile: `poisson:ratePerSecond=${ratePerSecond}`,
    pacing: 'timer',
    timeoutMs: 1000,
    from: '127.0.0.2',
  },
  hostile: [],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, warmUpMs: 500, phases: phases(6000) },
    normal: { repeats: 3, warmUpMs: 1000, phases: phases(15_000) },
    thorough: { repeats: 10, warmUpMs: 2000, phases: phases(60_000) },
  },
  base: accepting('kernel'),
  variants: [
    variant('kernel', 'The kernel hashes each connection to a worker.'),
    variant('round-robin', 'Connections go to the workers in turn.'),
    variant('least-connections', 'The worker with the fewest connections takes the next.'),
    variant('two-index', 'The better of two workers takes the next.'),
    {
      ...variant('kernel', 'As the kernel hashes them, but an idle worker takes what waits at the fullest.'),
      name: stealer,
      virtual: { proxies: { stealing: true } },
    },
  ],
  limits: [
    'Processes and threads of Node cannot steal work from each other, so this is what an event loop of another kind would gain (Go, Tokio). Live, accept-fairness shows who takes connections.',
    'Stealing costs nothing here. A real one pays with a lock, and with a cache that knows nothing of the request.',
    'All connections carry equally much. Where they do not, even equal numbers of them are unequal shares.',
  ],
  judge,
})
