// An origin dies in three ways, each at another origin of the four: it is killed, it refuses, it stops. How long until a
// proxy knows, and what do users pay for the knowledge?
import { plain } from '../core/architecture.ts'
import { kindWhen, median, perVariant, sum } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario, type Phase } from '../core/scenario.ts'

/** Connections are used ten times, so that a refusal is met soon; an origin that says nothing for 300 ms has failed. */
const answerWithinMs = 300
const base: Architecture = { ...plain, pool: 'keep-alive:maxRequests=10', responseHeadMs: answerWithinMs }

const checks = 'active-http:intervalMs=200,timeoutMs=100,fall=2,rise=2'
const ejection = 'outlier-ejection:consecutive=5,baseEjectionMs=500,maxEjectionMs=500'
const breaker = 'circuit-breaker:failures=5,openMs=500'
/** Two spare attempts, of which a proxy may make one for every second request: enough for a dead origin in four. */
const retries = 'budgeted:share=0.5,reserve=100,baseMs=1'

const fates = ['kill', 'refuse', 'stop'] as const
type Way = (typeof fates)[number]

/** Two checks 200 ms apart and their time-out, or a time-out and five failures; and something for a busy machine. */
const foundWithinMs = 700
/** Where nobody notices, failures go on to the end; at 100 requests per second the last is due a moment before it. */
const endMs = 150
const blindLoss = { from: 0.2, to: 0.3 }
const retriedLossAllowed = 0.01

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const phaseOf = (run: Run, name: string) => run.phases.find(phase => phase.name === name)!
const failed = (run: Run, way: Way) => run.counters[`fault.${way}.failed`] ?? 0
const foundMs = (run: Run, way: Way) => run.counters[`fault.${way}.foundMs`] ?? 0
const lengthMs = (run: Run, way: Way) => phaseOf(run, way).toMs - phaseOf(run, way).fromMs
const lossOf = (run: Run, way: Way) => failed(run, way) / Math.max(1, phaseOf(run, way).requests)

const healthOf = (run: Run) => `${run.settings.health}`
const isOurs = (run: Run) => run.target === 'windtunnel'
const retriesAnything = (run: Run) => run.settings.retries !== 'none'
/** A pool that keeps its connections for ever does not meet a refusal. */
const dialsAgain = (run: Run) => /maxRequests=|per-request/.test(`${run.settings.pool}`)
const isBlind = (run: Run) => healthOf(run) === 'always' && !retriesAnything(run) && dialsAgain(run)
const watches = (run: Run) => healthOf(run) !== 'always' && !retriesAnything(run)
const plainOf = (runs: readonly Run[], name: string) =>
  runs.filter(run => isOurs(run) && healthOf(run).startsWith(name) && !retriesAnything(run))

const lost = (runs: readonly Run[]) =>
  perVariant(runs, some => fates.map(way => `${way} ${median(some.map(run => failed(run, way)))}`).join(', '))

function blind(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  // Whoever asked a stopped origin shortly before it went on still had an answer in time.
  const spared = (way: Way) => endMs + (way === 'stop' ? answerWithinMs : 0)
  const isUnnoticed = (run: Run, way: Way) => foundMs(run, way) >= lengthMs(run, way) - spared(way)
  const { from, to } = blindLoss
  const costsAQuarter = (run: Run) => lossOf(run, 'kill') >= from && lossOf(run, 'kill') <= to
  return [
    {
      claim: 'With no health policy nobody ever notices, and a killed origin in four costs a quarter of all answers.',
      kind: 'count',
      holds: runs.every(run => costsAQuarter(run) && fates.every(way => isUnnoticed(run, way))),
      evidence: perVariant(runs, some =>
        fates.map(way => `${way} ${percent(median(some.map(run => lossOf(run, way))))} lost`).join(', '),
      ),
      uses: runs,
    },
  ]
}

function found(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  const holds = runs.every(run => fates.every(way => foundMs(run, way) <= foundWithinMs))
  return [
    {
      claim: `Whoever asks or watches has found each dead origin within ${foundWithinMs} ms.`,
      kind: kindWhen(holds),
      holds,
      evidence: `Time until nobody failed any more: ${perVariant(runs, some =>
        fates.map(way => `${way} ${median(some.map(run => foundMs(run, way))).toFixed(0)} ms`).join(', '),
      )}`,
      uses: runs,
    },
  ]
}

/** `fewer` lose fewer users to the killed origin than `more`, at the median of the repeats. */
function cheaper(claim: string, fewer: readonly Run[], more: readonly Run[]): Claim[] {
  if (fewer.length === 0 || more.length === 0) return []
  const uses = [...fewer, ...more]
  const lostTo = (runs: readonly Run[]) => median(runs.map(run => failed(run, 'kill')))
  const holds = lostTo(fewer) < lostTo(more)
  const evidence = `Lost to the kill: ${perVariant(uses, some => `${lostTo(some)} requests`)}`
  return [{ claim, kind: kindWhen(holds), holds, evidence, uses }]
}

function retried(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  const holds = runs.every(run => fates.every(way => lossOf(run, way) <= retriedLossAllowed))
  return [
    {
      claim: `A second attempt elsewhere hides all three: at most ${percent(retriedLossAllowed)} fail.`,
      kind: kindWhen(holds),
      holds,
      evidence: `Failed requests: ${lost(runs)}`,
      uses: runs,
    },
  ]
}

function calm(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  // What was under way when the first origin was killed is part of that fault's price.
  const failedOf = (run: Run) => run.generator.failed - sum(fates.map(way => failed(run, way)))
  const holds = runs.every(run => failedOf(run) <= 0)
  return [
    {
      claim: 'While all origins live, nobody fails.',
      kind: kindWhen(holds),
      holds,
      evidence: perVariant(runs, some => `${Math.max(0, ...some.map(failedOf))} failed`),
      uses: runs,
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  const [asking, ejecting, breaking] = [checks, ejection, breaker].map(spec => plainOf(runs, spec.split(':')[0]!))
  return [
    ...calm(runs),
    ...blind(runs.filter(isBlind)),
    ...found(runs.filter(watches)),
    ...cheaper(
      'A killed origin is found by its failures sooner than by asking at intervals: fewer users pay.',
      ejecting!,
      asking!,
    ),
    ...cheaper(
      'To see whether a killed origin lives again, a breaker risks one request; an ejection that ends risks all that come.',
      breaking!,
      ejecting!,
    ),
    ...retried(runs.filter(run => isOurs(run) && retriesAnything(run))),
  ]
}

/**
 * Gaps between the faults let connections and counts settle; each fault has an origin of its own all the same. Whoever asks a
 * stopped origin towards the end still has an answer in time, so that stopping lasts that much longer.
 */
function phases(faultMs: number, gapMs: number): Phase[] {
  const named = (name: string, durationMs: number) => ({ name, durationMs })
  return [
    named('calm', 2 * gapMs),
    named('kill', faultMs),
    named('calm again', gapMs),
    named('refuse', faultMs),
    named('calm once more', gapMs),
    named('stop', faultMs + answerWithinMs),
    named('healed', 2 * gapMs),
  ]
}

export default defineScenario({
  question: 'An origin dies: how long until the proxy knows, and who pays for finding out?',
  explanation:
    'Four origins share the load, and one after another three of them die: one is killed (connections are reset, new ones refused), one refuses new connections but serves the old, one stops and says nothing at all. ' +
    'Failing is a kindness: a reset tells the proxy at once, while a stopped origin is found only by a time-out, here 300 ms, and every request sent to it meanwhile hangs that long. ' +
    'Active checks find a dead origin without a user having to fail for it, but only at their own pace. ' +
    'Watching the traffic finds it after a few failures in a row, each of them a user’s. ' +
    'Somebody must then try whether it lives again: a breaker sends one request, an ejection that simply ends sends all of them. ' +
    'Look at the number of users who failed in each phase, and at how long it went on.',
  seed: 31,
  origins: { count: 4, service: 'fixed:ms=5', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 200 },
    profile: 'poisson:ratePerSecond=400',
    pacing: 'timer',
    timeoutMs: 2000,
    from: '127.0.0.2',
  },
  hostile: [],
  faults: fates.map((fault, origin) => ({ fault, origin, phase: fault })),
  measuredPhase: 'kill',
  effort: {
    quick: { repeats: 1, warmUpMs: 500, phases: phases(1000, 150) },
    normal: { repeats: 3, phases: phases(1600, 500) },
    thorough: { repeats: 5, phases: phases(4000, 1000) },
  },
  base,
  variants: [
    { name: 'always', target: 'windtunnel', about: 'No health policy: what is configured is used.', settings: base },
    {
      name: 'active checks',
      target: 'windtunnel',
      about: 'Every origin is asked every 200 ms; two failed checks and it is out.',
      settings: { ...base, health: checks },
    },
    {
      name: 'outlier ejection',
      target: 'windtunnel',
      about: 'Five failures in a row, and it is left out for half a second.',
      settings: { ...base, health: ejection },
    },
    {
      name: 'circuit breaker',
      target: 'windtunnel',
      about: 'The same, but then one request goes ahead of all others.',
      settings: { ...base, health: breaker },
    },
    {
      name: 'ejection + retries',
      target: 'windtunnel',
      about: 'What fails is tried again elsewhere.',
      settings: { ...base, health: ejection, retries },
    },
    {
      name: 'nginx max_fails',
      target: 'nginx',
      about: 'NGINX: five failures within a second, and it is left out for a second.',
      settings: { ...base, health: 'outlier-ejection:consecutive=5,baseEjectionMs=1000,maxEjectionMs=1000' },
    },
  ],
  limits: [
    'The origins share one process, so that death and stopping are acted out: resets, a closed port, a process that reads and writes nothing. The kernel’s own limits on a stopped process, such as a full accept queue, are not reached.',
    'On loopback a refusal takes microseconds. A machine that is gone refuses nothing: connecting to it hangs, as with an origin that stops.',
    'NGINX counts failures within fail_timeout and not in a row, knows whole seconds only, and lets one request through when the time is over, like a breaker.',
    'A fault is taken for found when nobody fails for a quarter of a second.',
  ],
  judge,
})
