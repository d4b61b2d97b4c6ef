// The quiet case: nothing fails and nobody attacks. What does a proxy cost per request and per idle connection?
import { plain } from '../core/architecture.ts'
import { mean, median, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const base: Architecture = { ...plain, balancer: 'power-of-two' }

const cpuRatioAllowed = 1.4
const idleBytesAllowed = 5 * 1024
const addedP50AllowedMs = 1

const isOurs = (run: Run) => run.target === 'windtunnel'
const addedP50 = (run: Run) => run.phases.find(phase => phase.name === 'steady')?.added.p50Ms ?? null

/** A time-out may be the instrument's doing, so that "no failures" rests on timing when time-outs are all that failed. */
const kindOfFailures = (runs: readonly Run[]) =>
  runs.some(run => run.generator.failed > 0) && runs.every(run => run.generator.failed === (run.errors.timeout ?? 0))
    ? 'timing'
    : 'count'

function answered(runs: readonly Run[]): Claim {
  return {
    claim: 'Every request is answered.',
    kind: kindOfFailures(runs),
    holds: runs.every(run => run.generator.failed === 0 && run.generator.completed > 0),
    evidence: perVariant(runs, some => {
      const sum = (pick: (run: Run) => number) => some.reduce((total, run) => total + pick(run), 0)
      return `${sum(run => run.generator.failed)} of ${sum(run => run.generator.scheduled)} failed`
    }),
    uses: runs,
  }
}

/** CPU per request of one variant of ours over that of NGINX: the median of ratios paired by repeat. */
function cpuBesideNginx(ours: readonly Run[], nginx: readonly Run[]): Claim[] {
  const pairs = ours.flatMap(left => {
    const right = nginx.find(run => run.repeat === left.repeat)
    return left.cpu.usPerRequest && right?.cpu.usPerRequest
      ? [[left.cpu.usPerRequest, right.cpu.usPerRequest] as const]
      : []
  })
  if (pairs.length === 0) return []
  const ratio = median(pairs.map(([left, right]) => left / right))
  const us = (side: 0 | 1) => median(pairs.map(pair => pair[side])).toFixed(1)
  const { variant } = ours[0]!
  return [
    {
      claim: `${variant} needs at most ${cpuRatioAllowed} times the CPU of ${nginx[0]!.variant} per request.`,
      // Cores shared with others make every request dearer: a ratio that is too high may be theirs.
      kind: ratio <= cpuRatioAllowed ? 'count' : 'timing',
      holds: ratio <= cpuRatioAllowed,
      evidence: `${us(0)} µs beside ${us(1)} µs: ${ratio.toFixed(2)} times, ${pairs.length} paired ${pairs.length === 1 ? 'run' : 'runs'}.`,
      uses: [...ours, ...nginx],
    },
  ]
}

function idleMemory(runs: readonly Run[]): Claim {
  const bytes = (run: Run) => run.memory.bytesPerHeldConnection ?? 0
  const kb = (value: number) => `${(value / 1024).toFixed(1)} KB`
  const judged = runs.some(isOurs) ? runs.filter(isOurs) : runs
  const holds = median(judged.map(bytes)) <= idleBytesAllowed
  return {
    claim: `An idle client connection costs ${runs.some(isOurs) ? 'our proxy' : 'the target'} at most ${kb(idleBytesAllowed)} of memory.`,
    // Beside busy neighbours garbage is collected late, and what is not yet collected looks like connections.
    kind: holds ? 'count' : 'timing',
    holds,
    evidence: perVariant(
      runs,
      some =>
        `${kb(mean(some.map(bytes)))} with ${Math.max(...some.map(run => run.counters.attackersHeldPeak ?? 0))} idle`,
    ),
    uses: runs,
  }
}

function addedLatency(runs: readonly Run[]): Claim {
  return {
    claim: `Half of all requests are delayed by less than ${addedP50AllowedMs} ms.`,
    kind: 'timing',
    holds: runs.every(run => addedP50(run)! < addedP50AllowedMs),
    evidence: perVariant(
      runs,
      some => `${(mean(some.map(run => addedP50(run)!)) * 1000).toFixed(0)} µs added at the median`,
    ),
    uses: runs,
  }
}

function judge(runs: readonly Run[]): Claim[] {
  const nginx = runs.filter(run => run.target === 'nginx')
  const keepsAlive = runs.filter(run => isOurs(run) && `${run.settings.pool}`.startsWith('keep-alive'))
  const ours = [...new Set(keepsAlive.map(run => run.variant))]
  const withIdle = runs.filter(run => run.memory.bytesPerHeldConnection !== null)
  const withAdded = runs.filter(run => addedP50(run) !== null)
  return [
    ...(runs.length > 0 ? [answered(runs)] : []),
    ...ours.flatMap(name =>
      cpuBesideNginx(
        keepsAlive.filter(run => run.variant === name),
        nginx,
      ),
    ),
    ...(withIdle.length > 0 ? [idleMemory(withIdle)] : []),
    ...(withAdded.length > 0 ? [addedLatency(withAdded)] : []),
  ]
}

const phases = (steady: number, idle: number) => [
  { name: 'steady', durationMs: steady },
  { name: 'idle', durationMs: idle },
]

export default defineScenario({
  question: 'What does a proxy cost when nothing goes wrong?',
  explanation:
    'Fifty kept connections carry ten thousand small requests per second at random instants; no origin is slow and nobody attacks. ' +
    'The CPU a request costs decides how many a machine can serve, and the memory an idle connection costs how many clients it can keep. ' +
    'In the second phase five thousand clients connect, ask once and then stay idle, as browsers and connection pools do. ' +
    'Look at CPU per request first: on a noisy machine it is the steadiest number of all. Then at the latency added, which holds only where the run was not disturbed.',
  seed: 1,
  origins: { count: 4, service: 'fixed:ms=0', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 50 },
    // About a third of what one core can do: busy enough that a proxy answers several requests each time it wakes.
    profile: 'poisson:ratePerSecond=10000',
    pacing: 'spin',
    timeoutMs: 2000,
    from: '127.0.0.2',
  },
  hostile: [{ client: 'idle:connections=5000,connectionsPerSecond=2000,addresses=10', phase: 'idle' }],
  measuredPhase: 'steady',
  effort: {
    quick: { repeats: 1, phases: phases(3000, 4000) },
    normal: { repeats: 3, phases: phases(3500, 4000) },
    thorough: { repeats: 10, phases: phases(10_000, 6000) },
  },
  base,
  variants: [
    { name: 'windtunnel', target: 'windtunnel', about: 'Our proxy, one event loop.', settings: base },
    { name: 'nginx', target: 'nginx', about: 'NGINX, one worker.', settings: base },
    { name: 'haproxy', target: 'haproxy', about: 'HAProxy, one thread.', settings: base },
    { name: 'direct', target: 'direct', about: 'No proxy: what the instrument contributes.', settings: base },
  ],
  limits: [
    'Generator, origins and idle clients share one core, in one process; the proxy has the other.',
    'CPU per request falls as a proxy gets busier, because more is done each time it wakes. A proxy in JavaScript also needs tens of thousands of requests before its code is compiled for speed; the warm-up gives it that, a proxy just started has not had it.',
    'Small responses over loopback: neither a network nor a large body nor TLS is measured.',
    'Latency added by the proxy contains the kernel’s share of one more hop and of waking the proxy up.',
  ],
  judge,
})
