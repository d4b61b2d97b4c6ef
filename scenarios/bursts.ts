// Limiters with the same nominal rate, and a load that comes in bursts: half of the rate on average, fifty at once. Who is
// refused, who waits, and how much the origin sees at a time is where they differ.
import { plain } from '../core/architecture.ts'
import { kindWhen, mean, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario, type Variant } from '../core/scenario.ts'

const base: Architecture = { ...plain, retries: 'none' }
const ratePerSecond = 100
const burst = 20
const arrivals = 50
const everyMs = 1000
const serviceMs = 30
/** What a bucket of `burst` must refuse of each burst, less what comes in while the burst is being sent. */
const beyondBucket = { from: 0.5, to: 1 - burst / arrivals }
/** The requests of a burst that is queued whole leave over half a second; the median waits half of that. */
const medianWaitMs = 200

const limiterOf = (run: Run) => `${run.settings.limiter}`
const isA = (name: string) => (run: Run) => limiterOf(run).split(':')[0] === name
const isMeter = (run: Run) => isA('token-bucket')(run) || isA('gcra')(run)
const isLeaky = isA('leaky-bucket')
const queuesAll = (run: Run) => isLeaky(run) && limiterOf(run).includes(`burst=${arrivals + 10}`)
const queuesSome = (run: Run) => isLeaky(run) && !queuesAll(run)

const load = (run: Run) => run.phases.find(phase => phase.name === 'load')!
const refusedShare = (run: Run) => (load(run).errors['bad-status'] ?? 0) / load(run).requests
const delayedShare = (run: Run) =>
  (run.counters['target.requestsDelayed'] ?? 0) / (run.generator.scheduled + (run.counters.warmUpRequests ?? 0))
const atOnce = (run: Run) => run.counters.originInFlightPeak ?? 0

const percent = (shares: readonly number[]) => `${(mean(shares) * 100).toFixed(0)} %`
const say = (some: readonly Run[]) =>
  `${percent(some.map(refusedShare))} refused, ${percent(some.map(delayedShare))} delayed, at most ${mean(some.map(atOnce)).toFixed(0)} at the origin at once`

function claim(sentence: string, uses: readonly Run[], holds: boolean): Claim[] {
  if (uses.length === 0) return []
  return [{ claim: sentence, kind: kindWhen(holds), holds, evidence: perVariant(uses, say), uses }]
}

const isBeyondBucket = (run: Run) => refusedShare(run) >= beyondBucket.from && refusedShare(run) <= beyondBucket.to

function judge(runs: readonly Run[]): Claim[] {
  const buckets = runs.filter(isA('token-bucket'))
  const gcra = runs.filter(isA('gcra'))
  const meters = runs.filter(isMeter)
  const short = runs.filter(queuesSome)
  const long = runs.filter(queuesAll)
  const windows = runs.filter(isA('sliding-window'))
  return [
    ...claim(
      `A bucket of ${burst} refuses what exceeds it, though the mean load is half of the rate, and lets nobody wait.`,
      meters,
      meters.every(run => isBeyondBucket(run) && delayedShare(run) === 0),
    ),
    ...(buckets.length > 0 && gcra.length > 0
      ? claim(
          'The generic cell rate algorithm decides as the token bucket does.',
          meters,
          Math.abs(mean(buckets.map(refusedShare)) - mean(gcra.map(refusedShare))) <= 0.04,
        )
      : []),
    ...(buckets.length > 0 && short.length > 0
      ? claim(
          'A leaky bucket of the same size refuses as many, but the origin sees at most half as much at once.',
          [...buckets, ...short],
          short.every(isBeyondBucket) && Math.max(...short.map(atOnce)) <= Math.min(...buckets.map(atOnce)) / 2,
        )
      : []),
    ...claim(
      `A leaky bucket that holds a whole burst refuses nobody; the price is that half wait ${medianWaitMs} ms or more.`,
      long,
      long.every(run => refusedShare(run) === 0 && (load(run).latency.p50Ms ?? 0) >= medianWaitMs),
    ),
    ...claim(
      'A sliding window that counts per second refuses nobody and delays nobody: the origin gets the whole burst at once.',
      windows,
      windows.every(run => refusedShare(run) === 0 && delayedShare(run) === 0 && atOnce(run) >= 0.8 * arrivals),
    ),
  ]
}

const limited = (name: string, limiter: string, about: string): Variant => ({
  name,
  target: 'windtunnel',
  about,
  settings: { ...base, limiter },
})
const phases = (durationMs: number) => [{ name: 'load', durationMs }]

export default defineScenario({
  question: 'Limiters of the same rate: what becomes of a burst?',
  explanation:
    `Every second ${arrivals} requests come at one instant, to limiters of ${ratePerSecond} per second each: on average half of what they allow. ` +
    `A token bucket of ${burst} lets ${burst} in at once and refuses the rest. ` +
    'A leaky bucket makes those it holds wait their turn, so that the origin sees the rate and never the burst; how many it holds is how many are not refused. ' +
    'A window of a second sees nothing wrong with fifty at once, and neither will it protect the origin from them. ' +
    'Look at what each refuses, what it delays, and how many requests the origin has at a time.',
  seed: 1,
  origins: { count: 1, service: `fixed:ms=${serviceMs}`, responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 2 * arrivals },
    profile: `bursts:size=${arrivals},everyMs=${everyMs}`,
    pacing: 'timer',
    timeoutMs: 2000,
    from: '127.0.0.2',
  },
  hostile: [],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, phases: phases(3500) },
    normal: { repeats: 3, phases: phases(5500) },
    thorough: { repeats: 5, phases: phases(20_500) },
  },
  base,
  variants: [
    limited('token-bucket', `token-bucket:ratePerSecond=${ratePerSecond},burst=${burst}`, 'A bucket of tokens.'),
    limited('gcra', `gcra:ratePerSecond=${ratePerSecond},burst=${burst}`, 'The same, as one instant per client.'),
    limited(
      'leaky-short',
      `leaky-bucket:ratePerSecond=${ratePerSecond},burst=${burst - 1}`,
      'A queue of the same size, that leaks at the rate.',
    ),
    limited(
      'leaky-long',
      `leaky-bucket:ratePerSecond=${ratePerSecond},burst=${arrivals + 10}`,
      'A queue that holds a whole burst.',
    ),
    limited('sliding-window', `sliding-window:max=${ratePerSecond},windowMs=1000`, 'A count per second.'),
  ],
  limits: [
    'The origin takes everything at once without becoming slower; what a burst does to one that does not is `overload`.',
    'All requests come from one address and share one limit.',
  ],
  judge,
})
