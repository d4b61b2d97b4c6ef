// Origins that are slow now and then, for no reason the proxy could know. Asking a second one when the first is late takes
// the tail away for a few requests more; asking two always takes it away for twice as many.
import { plain } from '../core/architecture.ts'
import { kindWhen, mean, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const base: Architecture = { ...plain, balancer: 'round-robin' }
const usualMs = 5
const slowMs = 200
const slowShare = 0.03
const share = 0.1
/** Later than nearly all: ten times the usual time. A busy machine does not make many that late, so the budget is for the slow. */
const lateMs = 50
const hedged = `hedged:quantile=0,afterMs=${lateMs},share=${share}`
const always = 'hedged:quantile=0,afterMs=0,share=1'

const retriesOf = (run: Run) => `${run.settings.retries}`
const isAlone = (run: Run) => retriesOf(run) === 'none'
const isAlways = (run: Run) => retriesOf(run) === always
const isHedged = (run: Run) => retriesOf(run).startsWith('hedged') && !isAlways(run)

const p99 = (run: Run) => run.phases.find(phase => phase.name === 'load')!.latency.p99Ms

/** Requests that reached an origin per request asked. */
function amplification(run: Run): number {
  const asked = run.generator.scheduled + (run.counters.warmUpRequests ?? 0)
  return (run.counters.originRequests ?? 0) / asked
}

const say = (some: readonly Run[]) => {
  const tails = some.flatMap(run => p99(run) ?? [])
  const tail = tails.length === 0 ? 'no p99' : `p99 ${mean(tails).toFixed(0)} ms`
  return `${tail} for ${mean(some.map(amplification)).toFixed(2)} requests each`
}

function claim(sentence: string, kind: Claim['kind'], uses: readonly Run[], holds: boolean): Claim[] {
  return uses.length === 0 ? [] : [{ claim: sentence, kind, holds, evidence: perVariant(uses, say), uses }]
}

const known = (runs: readonly Run[]) => runs.length > 0 && runs.every(run => p99(run) !== null)

function judge(runs: readonly Run[]): Claim[] {
  const alone = runs.filter(isAlone)
  const late = runs.filter(isHedged)
  const twice = runs.filter(isAlways)
  const worst = (some: readonly Run[]) => Math.max(...some.map(run => p99(run)!))
  const isSlow = known(alone) && alone.every(run => p99(run)! >= slowMs)
  const isFast = known(late) && worst(late) <= slowMs / 2
  const isBounded = late.every(run => amplification(run) <= 1 + share)
  const doubles = twice.every(run => amplification(run) >= 1.8)
  return [
    ...(known(alone)
      ? claim(
          'Asked once, one request in a hundred takes as long as the slow ones do.',
          kindWhen(isSlow),
          alone,
          isSlow,
        )
      : []),
    ...(known(late)
      ? claim('With a second request when the first is late, the p99 is at most half of that.', 'timing', late, isFast)
      : []),
    ...claim(
      `Its budget holds: at most ${share * 100} % more requests reach the origins.`,
      kindWhen(isBounded),
      late,
      isBounded,
    ),
    ...claim('Asking two always makes the origins do nearly twice the work.', kindWhen(doubles), twice, doubles),
    ...(known(late) && known(twice)
      ? claim(
          'And gains little over asking late: both stay below half of the slow time.',
          'timing',
          [...late, ...twice],
          isFast && worst(twice) <= slowMs / 2,
        )
      : []),
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]

export default defineScenario({
  question: 'What does it cost to ask a second origin when the first is late, and what does it gain?',
  explanation:
    `Origins answer in ${usualMs} ms, but ${slowShare * 100} requests in a hundred take ${slowMs}, each for reasons of its own. ` +
    'A retry is of no use, for nothing has failed. A hedge is: when the answer is later than nearly all others were, another origin is asked too, and the first answer counts. ' +
    `The odds that both are slow are ${slowShare * 100} % of ${slowShare * 100} %. ` +
    'What is paid is one more request for the few that were late; asking two from the start pays twice for everything. ' +
    'Look at the 99th percentile beside the requests per request.',
  seed: 5,
  origins: { count: 4, service: `bimodal:ms=${usualMs},slowMs=${slowMs},slowShare=${slowShare}`, responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 100 },
    profile: 'poisson:ratePerSecond=300',
    pacing: 'timer',
    timeoutMs: 2000,
    from: '127.0.0.2',
  },
  hostile: [],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, phases: phases(6000) },
    normal: { repeats: 3, phases: phases(8000) },
    thorough: { repeats: 10, phases: phases(20_000) },
  },
  base,
  variants: [
    { name: 'once', target: 'windtunnel', about: 'Each request is sent once.', settings: base },
    {
      name: 'hedged',
      target: 'windtunnel',
      about: `Sent once more when it has taken ${lateMs} ms.`,
      settings: { ...base, retries: hedged },
    },
    {
      name: 'twice',
      target: 'windtunnel',
      about: 'Sent to two origins as good as at once.',
      settings: { ...base, retries: always },
    },
  ],
  limits: [
    'The origins have room for twice the load here. Where they have not, hedges lengthen the queues that they were to avoid.',
    'The slow requests are slow by chance. When it is the request that is slow, and not the origin, a hedge finds it slow too.',
  ],
  judge,
})
