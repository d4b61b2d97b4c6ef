// Half as much again as the origins can do. Without a limit on what is in flight, requests wait until their clients give
// up, and most work is done for nobody; with one, some are refused at once and the others are fast.
import { type Architecture, defineScenario } from '../core/contracts.ts'
import { perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'

const base: Architecture = {
  threading: 'single',
  pool: 'keep-alive',
  buffering: 'streaming',
  balancer: 'power-of-two',
  limiter: 'none',
  health: 'always',
  retries: 'none',
  maxConnections: 6000,
  requestHeadMs: 10_000,
}
const serviceMs = 10
const slots = 2
const origins = 2
const inFlight = 12
const timeoutMs = 400
/** Of what the origins could serve at most: (origins × slots / service time). */
const capacityPerSecond = (origins * slots * 1000) / serviceMs
/** Queueing for a limited number in flight, and the noise of a shared machine on top. */
const fastMs = 100

const overload = (run: Run) => run.phases.find(phase => phase.name === 'overload')!
const isLimited = (run: Run) => run.settings.limiter !== 'none'
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const p50 = (run: Run) => overload(run).latency.p50Ms
const served = (run: Run) => overload(run).throughput.completedPerSecond
const say = (some: readonly Run[]) => {
  const medians = some.flatMap(run => p50(run) ?? [])
  const median = medians.length === 0 ? 'none' : `${mean(medians).toFixed(0)} ms`
  return `${mean(some.map(served)).toFixed(0)} served per second of ${capacityPerSecond}, half of them within ${median}`
}

/** What was seen stands; what should have been seen and was not may be the instrument's doing. */
const kindWhen = (holds: boolean) => (holds ? 'count' : 'timing')

function claim(sentence: string, uses: readonly Run[], holds: boolean, evidence = perVariant(uses, say)): Claim[] {
  return uses.length === 0 ? [] : [{ claim: sentence, kind: kindWhen(holds), holds, evidence, uses }]
}

const refusedOf = (run: Run) => overload(run).errors['bad-status'] ?? 0
const timedOutOf = (run: Run) => overload(run).errors.timeout ?? 0
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

function judge(runs: readonly Run[]): Claim[] {
  const open = runs.filter(run => !isLimited(run))
  const limited = runs.filter(isLimited)
  const refusals = (some: readonly Run[]) =>
    `${sum(some.map(refusedOf))} refused, ${sum(some.map(timedOutOf))} timed out`
  return [
    ...claim(
      'Without a limit the origins serve less than half of what they could: most of their work is for clients who have left.',
      open,
      open.every(run => served(run) < capacityPerSecond / 2),
    ),
    ...claim(
      'With a limit on what is in flight they serve at least nine tenths.',
      limited,
      limited.every(run => served(run) >= 0.9 * capacityPerSecond),
    ),
    ...claim(
      `With a limit half of what is served takes less than ${fastMs} ms.`,
      limited,
      limited.every(run => (p50(run) ?? timeoutMs) < fastMs),
    ),
    ...claim(
      'The surplus is refused with 503, and nothing that is let in times out.',
      limited,
      limited.every(run => timedOutOf(run) === 0 && refusedOf(run) > 0),
      perVariant(limited, refusals),
    ),
  ]
}

const phases = (durationMs: number) => [{ name: 'overload', durationMs }]

export default defineScenario({
  question: 'What should a proxy do with more than its origins can serve?',
  explanation:
    `Two origins serve ${slots} requests at a time each, ${serviceMs} ms long: ${capacityPerSecond} per second. Half as many again come. ` +
    'Without a limit they queue, each until its client gives up, often in the middle of being served: the origins are busy and nobody is helped. ' +
    'A limit on what is in flight refuses the surplus at once; what is let in is served, and fast. ' +
    'Look at the number served beside the median.',
  seed: 1,
  origins: { count: origins, service: `fixed:ms=${serviceMs}`, slots, responseBytes: 512 },
  load: {
    connections: { kind: 'sessions', requests: 1, gapMs: 0 },
    profile: `poisson:ratePerSecond=${capacityPerSecond * 1.5}`,
    pacing: 'timer',
    timeoutMs,
    from: '127.0.0.2',
  },
  hostile: [],
  measuredPhase: 'overload',
  effort: {
    quick: { repeats: 1, phases: phases(4000) },
    normal: { repeats: 3, phases: phases(6000) },
    thorough: { repeats: 5, phases: phases(20_000) },
  },
  base,
  variants: [
    { name: 'no-limit', target: 'windtunnel', about: 'Everything is passed on.', settings: base },
    {
      name: 'limited',
      target: 'windtunnel',
      about: `At most ${inFlight} requests in flight; the rest is refused at once.`,
      settings: { ...base, limiter: `fixed-inflight:max=${inFlight}` },
    },
  ],
  limits: [
    'An origin drops a request whose connection has closed; one that goes on working for clients who have left would serve even less.',
    'The limit is chosen for this load. One that finds itself needs a limiter that measures.',
  ],
  judge,
})
