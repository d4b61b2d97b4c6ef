// Hedging trades work for the tail. On idle origins the work costs nothing; on busy ones it is what they have least of. Here
// the load is swept until a hedge hurts.
import { independentRequests, plain } from '../core/architecture.ts'
import { mean } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const originCount = 10
const meanMs = 10
const timeoutMs = 5000
/** The delay that 5 % of all requests exceed on an idle origin: -ln(0.05) times the mean. */
const afterMs = 30
/**
 * Exponential times t, and a second try after d: both are later than t with the odds e^(-t/m) · e^(-(t-d)/m), so that
 * one in a hundred is later than (m·ln 100 + d) / 2.
 */
const idleTailMs = (meanMs * Math.log(100) + afterMs) / 2
const theoryAllowed = 0.08
const loads = [10, 20, 30, 40, 50, 60, 70, 80]
const harmAllowed = 2.5
const helpsUpTo = 40
const hurtsFrom = 70
const hurtsAnyhowAt = 80

const base: Architecture = { ...plain, balancer: 'round-robin' }
const afterFixed = (share: number, reserve: number, ms = afterMs) =>
  `hedged:quantile=0,afterMs=${ms},share=${share},reserve=${reserve}`
const unlimited = afterFixed(1, 1_000_000)
const budgeted = afterFixed(0.1, 20)
const following = 'hedged:quantile=0.95,share=0.1'
const twice = afterFixed(1, 1_000_000, 0)

type Tails = ReadonlyMap<number, { readonly tailMs: number; readonly lostShare: number; readonly uses: readonly Run[] }>

/** How late the latest of a hundred are at each load: a request without an answer is as late as its client waits. */
function tails(runs: readonly Run[], retries: string): Tails {
  const asked = loads.map(load => {
    const uses = runs.filter(run => run.settings.retries === retries && run.point?.at === load)
    const lost = uses.map(({ phases: [phase] }) => 1 - phase!.latency.count / phase!.requests)
    const late = uses.map(({ phases: [phase] }, at) =>
      lost[at]! > 0.01 ? timeoutMs : (phase!.latency.p99Ms ?? timeoutMs),
    )
    return [load, { tailMs: mean(late), lostShare: mean(lost), uses }] as const
  })
  return new Map(asked.filter(([, { uses }]) => uses.length > 0))
}

const ms = (value: number) => `${value.toFixed(0)} ms`

/** Compares the tail of two series at some loads; there is no claim when one of them is not there. */
function compared(
  of: Tails,
  than: Tails,
  at: (load: number) => boolean,
  fits: (oneMs: number, otherMs: number, load: number) => boolean,
  claim: string,
): Claim[] {
  const both = loads.filter(load => at(load) && of.has(load) && than.has(load))
  if (both.length === 0) return []
  const rows = both.map(load => [load, of.get(load)!.tailMs, than.get(load)!.tailMs] as const)
  return [
    {
      claim,
      kind: 'count',
      holds: rows.every(([load, one, other]) => fits(one, other, load)),
      evidence: `99 of 100 within: ${rows.map(([load, one, other]) => `at ${load} % ${ms(one)}, once ${ms(other)}`).join('; ')}.`,
      uses: both.flatMap(load => [...of.get(load)!.uses, ...than.get(load)!.uses]),
    },
  ]
}

function idle(of: Tails): Claim[] {
  const { tailMs, uses } = of.get(loads[0]!) ?? { tailMs: 0, uses: [] }
  if (uses.length === 0) return []
  return [
    {
      claim: 'On idle origins a hedge shortens the tail to what two independent draws allow.',
      kind: 'count',
      holds: Math.abs(tailMs / idleTailMs - 1) <= theoryAllowed,
      evidence: `At ${loads[0]} % load 99 of 100 within ${ms(tailMs)}; theory of an idle origin says ${ms(idleTailMs)}, once it would be ${ms(meanMs * Math.log(100))}.`,
      uses,
    },
  ]
}

function collapse(of: Tails, than: Tails): Claim[] {
  const busy = loads.filter(load => load >= hurtsFrom && of.has(load) && than.has(load))
  if (busy.length === 0) return []
  const share = (value: number) => `${(value * 100).toFixed(0)} %`
  return [
    {
      claim: `Without a budget hedges bring origins down that would be well without: from ${hurtsFrom} % load on most requests get no answer.`,
      kind: 'count',
      holds: busy.every(load => of.get(load)!.lostShare > 0.5 && than.get(load)!.lostShare === 0),
      evidence: `Lost ${busy.map(load => `at ${load} %: ${share(of.get(load)!.lostShare)}, once ${share(than.get(load)!.lostShare)}`).join('; ')}.`,
      uses: busy.flatMap(load => [...of.get(load)!.uses, ...than.get(load)!.uses]),
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  const once = tails(runs, 'none')
  const within = tails(runs, budgeted)
  return [
    ...idle(within),
    ...compared(
      within,
      once,
      load => load <= helpsUpTo || load >= hurtsFrom,
      (one, other, load) => (load <= helpsUpTo ? one < other : one > other),
      `Within its budget a hedge helps up to ${helpsUpTo} % load and hurts from ${hurtsFrom} % on.`,
    ),
    ...compared(
      tails(runs, following),
      once,
      load => load <= helpsUpTo || load >= hurtsAnyhowAt,
      (one, other, load) => (load <= helpsUpTo ? one < other : one > other),
      `A delay that follows what is usual, and so hedges one request in twenty, helps as far and hurts later, at ${hurtsAnyhowAt} %.`,
    ),
    ...collapse(tails(runs, unlimited), once),
    ...compared(
      within,
      once,
      () => true,
      (one, other) => one <= harmAllowed * other,
      `A budget bounds the harm: at no load is the tail longer than ${harmAllowed} times that of asking once.`,
    ),
    ...compared(
      tails(runs, twice),
      once,
      load => load >= 50,
      (one, other) => one >= 5 * other,
      'Asking two from the start ends in an outage from half the load on.',
    ),
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]
const variant = (name: string, retries: string, about: string) => ({
  name,
  target: 'windtunnel',
  about,
  settings: { ...base, retries },
})
const ratePerSecond = (load: number) => (load / 100) * originCount * (1000 / meanMs)

export default defineScenario({
  question: 'Up to which load does asking a second origin shorten the tail, and what does it do beyond?',
  explanation:
    `Ten origins take ${meanMs} ms on average, and sometimes several times that. A hedge asks a second one when the first is late, and the tail is shorter: on idle origins. ` +
    'But the work of a hedge is done by the same origins. When they are busy, requests are late because they wait, more hedges are sent, and everybody waits longer still. ' +
    'A budget breaks that circle; so does a delay that follows what is usual, for then only one in twenty is late by definition. ' +
    'Look at where each curve crosses that of asking once.',
  seed: 23,
  virtual: { why: 'it needs many more requests than sockets can carry', cancelsWork: false },
  sweep: {
    axis: 'load',
    unit: '%',
    points: loads.map(load => ({ at: load, profile: `poisson:ratePerSecond=${ratePerSecond(load)}` })),
  },
  origins: { count: originCount, service: `exponential:meanMs=${meanMs}`, slots: 1, responseBytes: 512 },
  load: independentRequests(ratePerSecond(50), timeoutMs),
  hostile: [],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, warmUpMs: 5000, phases: phases(60_000) },
    normal: { repeats: 3, warmUpMs: 10_000, phases: phases(200_000) },
    thorough: { repeats: 10, warmUpMs: 20_000, phases: phases(600_000) },
  },
  base,
  variants: [
    variant('once', 'none', 'Each request is sent once.'),
    variant('hedged', unlimited, `Sent once more after ${afterMs} ms.`),
    variant('hedged, budget', budgeted, `Sent once more after ${afterMs} ms, but not more than one in ten.`),
    variant('hedged, following', following, 'Sent once more when it is slower than 95 of 100 were of late.'),
    variant('twice', twice, 'Sent to two origins as good as at once.'),
  ],
  limits: [
    'An origin goes on with a request that another has answered. Where that is cancelled in time, a second try costs much less.',
    'The two tries are independent draws. A request that is slow by itself is slow at every origin, and hedging it is in vain.',
  ],
  judge,
})
