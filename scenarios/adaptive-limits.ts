// Limits on what is in flight, from half of what origins can do to three times as much: what is served, how long it takes, and
// what happens when the origins become slower than whoever chose a number had thought.
import { plain } from '../core/architecture.ts'
import { mean, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const originCount = 4
const slots = 4
const meanMs = 10
const capacityPerSecond = (originCount * slots * 1000) / meanMs
const timeoutMs = 500
const loads = [0.5, 1, 1.5, 2, 3]

const base: Architecture = { ...plain, balancer: 'least-request' }
const slowFactor = 2
const mostLoad = Math.max(...loads)
const leastLoad = Math.min(...loads)
/** Of what the origins can do. */
const usefulFrom = 0.85
const uselessBelow = 0.2
/** Half of what the origins can do then, with room for chance: gradient learns slowly that they have changed. */
const usefulWhenSlowerFrom = 0.4
/** Half of what clients wait: gradient2 creeps up when overload lasts, and at its highest limit this is what it takes. */
const tailMs = timeoutMs / 2
const refusedAllowed = 0.02
const refusedByGradient = 1 / 3

const limiterOf = ({ settings }: Run) => `${settings.limiter}`.split(':')[0]!
const phaseOf = (run: Run, name: string) => run.phases.find(phase => phase.name === name)!
/** What is answered in time, as a share of what the origins can do in that phase. */
function useful(run: Run, name: string): number {
  const capacity = name === 'slower' ? capacityPerSecond / slowFactor : capacityPerSecond
  return phaseOf(run, name).throughput.completedPerSecond / capacity
}
const refused = (run: Run) => (phaseOf(run, 'load').errors['bad-status'] ?? 0) / phaseOf(run, 'load').requests
const lateMs = (run: Run) => phaseOf(run, 'load').latency.p99Ms ?? timeoutMs

const percent = (share: number) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
const average = (figure: (run: Run) => number) => (some: readonly Run[]) => mean(some.map(figure))

function claim(
  sentence: string,
  uses: readonly Run[],
  holds: (run: Run) => boolean,
  say: (some: readonly Run[]) => string,
): Claim[] {
  if (uses.length === 0) return []
  return [{ claim: sentence, kind: 'count', holds: uses.every(holds), evidence: perVariant(uses, say), uses }]
}

function judge(runs: readonly Run[]): Claim[] {
  const flooded = runs.filter(run => run.point?.at === mostLoad)
  const open = flooded.filter(run => limiterOf(run) === 'none')
  const limited = flooded.filter(run => limiterOf(run) !== 'none')
  const byRate = limited.filter(run => limiterOf(run) === 'token-bucket')
  const inFlight = limited.filter(run => limiterOf(run) !== 'token-bucket')
  const calm = runs.filter(run => run.point?.at === leastLoad && limiterOf(run) !== 'none')
  const served = (name: string) => (some: readonly Run[]) =>
    `${percent(average(run => useful(run, name))(some))} of what they can do`
  const both = (some: readonly Run[]) =>
    `${served('load')(some)}, 99 of 100 within ${average(lateMs)(some).toFixed(0)} ms`
  return [
    ...claim(
      'Without a limit origins that are asked three times too much serve next to nothing: all their work comes too late.',
      open,
      run => useful(run, 'load') < uselessBelow,
      served('load'),
    ),
    ...claim(
      `With any limit they stay useful, and what is let in is answered in time: 99 of 100 within ${tailMs} ms.`,
      limited,
      run => useful(run, 'load') >= usefulFrom && lateMs(run) <= tailMs,
      both,
    ),
    ...claim(
      'At half of what they can do limits refuse hardly anybody, but for gradient: it may take chance for a queue and refuse up to a third.',
      calm,
      run => refused(run) <= (limiterOf(run) === 'gradient' ? refusedByGradient : refusedAllowed),
      some => `${percent(average(refused)(some))} refused`,
    ),
    ...claim(
      'When origins become half as quick, a rate that was right lets in twice too much, and they serve next to nothing.',
      byRate,
      run => useful(run, 'slower') < uselessBelow,
      served('slower'),
    ),
    ...claim(
      'A limit on what is in flight lets in less by itself when origins become slower, and they stay useful.',
      inFlight,
      run => useful(run, 'slower') >= usefulWhenSlowerFrom,
      served('slower'),
    ),
  ]
}

const phases = (load: number, slower: number) => [
  { name: 'load', durationMs: load },
  { name: 'slower', durationMs: slower },
]
const variant = (name: string, limiter: string, about: string) => ({
  name,
  target: 'windtunnel',
  about,
  settings: { ...base, limiter },
})
const profileOf = (load: number) => `poisson:ratePerSecond=${load * capacityPerSecond}`

export default defineScenario({
  question: 'Three times what the origins can do: which limits keep them useful, and which must be told what that is?',
  explanation:
    `Four origins can do ${capacityPerSecond} requests per second, and between half and three times of that are asked. Clients leave after half a second, and origins do not notice. ` +
    'Without a limit, more than they can do means that everything waits for longer than anybody stays. ' +
    'A rate must be known in advance and is wrong as soon as the origins change; a number in flight, by the law of Little, is a rate that follows them; and some limits find that number by watching how long answers take. ' +
    'In the second phase all origins take twice as long. ' +
    'Look at what is served there, and at who refuses somebody although there is room.',
  seed: 28,
  virtual: { why: 'three times what the origins can do is more than this machine can send', cancelsWork: false },
  sweep: {
    axis: 'offered load',
    unit: 'times capacity',
    points: loads.map(at => ({ at, profile: profileOf(at) })),
  },
  origins: { count: originCount, service: `exponential:meanMs=${meanMs}`, slots, responseBytes: 512 },
  load: {
    connections: { kind: 'sessions', requests: 1, gapMs: 0 },
    profile: profileOf(1),
    pacing: 'timer',
    timeoutMs,
    from: '127.0.0.2',
  },
  hostile: [],
  faults: Array.from({ length: originCount }, (_, origin) => ({
    fault: `slow:factor=${slowFactor}`,
    origin,
    phase: 'slower',
  })),
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, warmUpMs: 4000, phases: phases(8000, 8000) },
    normal: { repeats: 3, warmUpMs: 10_000, phases: phases(30_000, 30_000) },
    thorough: { repeats: 10, warmUpMs: 30_000, phases: phases(120_000, 120_000) },
  },
  base,
  variants: [
    variant('no limit', 'none', 'Everything is passed on.'),
    variant(
      'token-bucket',
      `token-bucket:ratePerSecond=${capacityPerSecond * 0.9},burst=50`,
      'Nine tenths of what the origins can do, per second.',
    ),
    variant('fixed-inflight', 'fixed-inflight:max=48', 'At most 48 at a time: three for each slot.'),
    variant('aimd', 'aimd:initial=40,latencyMs=40', 'A limit that climbs until answers take more than 40 ms.'),
    variant('vegas', 'vegas:initial=40', 'A limit that keeps a few requests queueing.'),
    variant('gradient', 'gradient', 'A limit that follows how much slower than an empty system the origins are.'),
    variant('gradient2', 'gradient2:initial=40', 'A limit that follows how much slower than usual they are.'),
  ],
  limits: [
    'One proxy sees all requests. With several, each finds a limit for its own part.',
    'Service times vary a lot here, which makes it hard to tell a queue from chance. With steadier ones gradient refuses less.',
    'Overload that lasts becomes usual for gradient2: its limit creeps up to its maximum, and what it lets in waits longer from minute to minute.',
    'How well a limit does that finds itself also depends on its parameters: these are those of its authors, but for where it starts and what AIMD takes for late.',
  ],
  judge,
})
