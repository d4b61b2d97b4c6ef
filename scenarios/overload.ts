// Half as much again as the origins can do. Without a limit on what is in flight, requests wait until their clients give
// up, and most work is done for nobody; with one, some are refused at once and the others are fast.
import { independentRequests, plain } from '../core/architecture.ts'
import { kindWhen, mean, perVariant, sum } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario, type Variant } from '../core/scenario.ts'

const base: Architecture = { ...plain, balancer: 'power-of-two' }
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
const limiterOf = (run: Run) => `${run.settings.limiter}`.split(':')[0]!
const measuresEmpty = (run: Run) => limiterOf(run) === 'gradient'
const comparesWithUsual = (run: Run) => limiterOf(run) === 'gradient2'
const findsItself = (run: Run) => isLimited(run) && limiterOf(run) !== 'fixed-inflight'
const p50 = (run: Run) => overload(run).latency.p50Ms
const served = (run: Run) => overload(run).throughput.completedPerSecond
const say = (some: readonly Run[]) => {
  const medians = some.flatMap(run => p50(run) ?? [])
  const median = medians.length === 0 ? 'none' : `${mean(medians).toFixed(0)} ms`
  return `${mean(some.map(served)).toFixed(0)} served per second of ${capacityPerSecond}, half of them within ${median}`
}

function claim(sentence: string, uses: readonly Run[], holds: boolean, evidence = perVariant(uses, say)): Claim[] {
  return uses.length === 0 ? [] : [{ claim: sentence, kind: kindWhen(holds), holds, evidence, uses }]
}

/** At the origins at once, warm-up included. */
const atOnce = (run: Run) => run.counters.originInFlightPeak ?? 0
/** By Little's law, what is in flight when each waits as long as its client does. */
const mostInFlight = (capacityPerSecond * timeoutMs) / 1000 / 2

const refusedOf = (run: Run) => overload(run).errors['bad-status'] ?? 0
const timedOutOf = (run: Run) => overload(run).errors.timeout ?? 0

function judge(runs: readonly Run[]): Claim[] {
  const open = runs.filter(run => !isLimited(run))
  const limited = runs.filter(isLimited)
  const adaptive = runs.filter(findsItself)
  const steady = limited.filter(run => !comparesWithUsual(run))
  const measuring = adaptive.filter(measuresEmpty)
  const creeping = adaptive.filter(comparesWithUsual)
  const peaks = (some: readonly Run[]) => `at most ${Math.max(...some.map(atOnce))} at the origins at once`
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
      `With a limit that does not take overload for usual, half of what is served takes less than ${fastMs} ms.`,
      steady,
      steady.every(run => (p50(run) ?? timeoutMs) < fastMs),
    ),
    ...claim(
      'The surplus is refused with 503, and nothing that is let in times out.',
      limited,
      limited.every(run => timedOutOf(run) === 0 && refusedOf(run) > 0),
      perVariant(limited, refusals),
    ),
    ...claim(
      'A limit that finds itself, untold of what the origins can do, keeps their queue to half of what clients would wait for.',
      adaptive,
      adaptive.every(run => atOnce(run) > 0 && atOnce(run) <= mostInFlight),
      perVariant(adaptive, peaks),
    ),
    ...(measuring.length > 0 && creeping.length > 0
      ? claim(
          'One that measures an empty system now and then keeps it at half or less of what one does that compares with the recent past.',
          [...measuring, ...creeping],
          Math.max(...measuring.map(atOnce)) <= Math.min(...creeping.map(atOnce)) / 2,
          perVariant([...measuring, ...creeping], peaks),
        )
      : []),
  ]
}

const found = (name: string, limiter: string, about: string): Variant => ({
  name,
  target: 'windtunnel',
  about,
  settings: { ...base, limiter },
})
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
  load: independentRequests(capacityPerSecond * 1.5, timeoutMs),
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
    found('gradient', 'gradient', 'A limit that follows how much slower than an empty system the origins are.'),
    found(
      'gradient2',
      'gradient2:initial=20,min=4,max=60',
      'A limit that follows how much slower than usual they are.',
    ),
    found('vegas', 'vegas:initial=8', 'A limit that keeps a few requests queueing.'),
    found('aimd', 'aimd:latencyMs=60', 'A limit that climbs until answers take more than 60 ms.'),
  ],
  limits: [
    'An origin drops a request whose connection has closed; one that goes on working for clients who have left would serve even less.',
    'The fixed limit is chosen for this load; the others find theirs, but were given a start near it, because seconds are short for them.',
    'Overload that lasts becomes usual for gradient2, and its limit creeps upwards until its maximum, here 60.',
  ],
  judge,
})
