// A short outage, and then nothing is wrong any more: with too many retries the origin never recovers, because what it does
// is for requests that have been given up and asked again. Whether it does is arithmetic, load against budget.
// Source: Bronson et al., "Metastable failures in distributed systems", HotOS 2021, the example of retries.
import { independentRequests, plain } from '../core/architecture.ts'
import { mean } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const capacityPerSecond = 300
/** An attempt is given up after this and, where that is allowed, made once more. */
const patienceMs = 1000
const loads = [45, 55, 70, 80, 87, 93]
/** Goodput, as a share of what is asked, from which on an origin counts as well, and below which it counts as down. */
const wellFrom = 0.99
const downBelow = 0.5

const base: Architecture = { ...plain, responseHeadMs: patienceMs }
const budget = (share: number) => `budgeted:attempts=2,share=${share},perSecond=0,reserve=30,baseMs=0`

const phaseOf = (run: Run, name: string) => run.phases.find(phase => phase.name === name)!
/** The share of what is asked that is answered. */
function goodput(run: Run, name: string): number {
  const { throughput } = phaseOf(run, name)
  return throughput.completedPerSecond / throughput.offeredPerSecond
}
const after = (run: Run) => goodput(run, 'long after')

/** Retries per request when every attempt fails: one where they are unlimited. */
function retryShare({ settings }: Run): number {
  const [, share] = /share=([\d.]+)/.exec(`${settings.retries}`) ?? []
  return Math.min(1, Number(share ?? 0))
}
const load = (run: Run) => run.point!.at / 100
/** λ·(1 + b) < μ: an origin that is asked everything again, as far as is allowed, can still do it. */
const isStable = (run: Run) => load(run) * (1 + retryShare(run)) < 1

const say = (runs: readonly Run[]) =>
  `${runs.map(run => `${run.variant}: ${(after(run) * 100).toFixed(0)} %`).join('; ')}.`
/** The highest load of the series at which it is well again, and the lowest at which it is not. */
function border(runs: readonly Run[]): string {
  const loadsOf = (well: boolean) => runs.filter(run => after(run) >= wellFrom === well).map(run => run.point!.at)
  const [well, down] = [loadsOf(true), loadsOf(false)]
  const least = down.length === 0 ? 'never down' : `down from ${Math.min(...down)} %`
  return well.length === 0 ? 'never well again' : `well again up to ${Math.max(...well)} % load, ${least}`
}
function borders(runs: readonly Run[]): string {
  const series = [...new Set(runs.map(run => run.point!.series))]
  return `${series.map(name => `${name}: ${border(runs.filter(run => run.point!.series === name))}`).join('; ')}.`
}

function claim(sentence: string, uses: readonly Run[], holds: boolean, evidence: string): Claim[] {
  return uses.length === 0 ? [] : [{ claim: sentence, kind: 'count', holds, evidence, uses }]
}

const followsRule = (run: Run) => (isStable(run) ? after(run) >= wellFrom : after(run) < downBelow)

function judge(all: readonly Run[]): Claim[] {
  const runs = all.filter(run => run.point !== undefined)
  const none = runs.filter(run => retryShare(run) === 0)
  const usual = runs.filter(run => retryShare(run) === 0.2 && load(run) > 1 / 1.2)
  const once = runs.filter(run => retryShare(run) === 1 && load(run) > 0.5)
  const before = runs.map(run => goodput(run, 'before'))
  return [
    ...claim(
      'Before the outage every load is served, whatever the retries.',
      runs,
      before.every(share => share >= wellFrom),
      `${(mean(before) * 100).toFixed(1)} % on average, at least ${(Math.min(...before) * 100).toFixed(1)} %.`,
    ),
    ...claim(
      'Long after the outage an origin is well exactly where load times attempts stays below what it can do.',
      runs,
      runs.every(followsRule),
      borders(runs),
    ),
    ...claim(
      'Without retries every load recovers.',
      none,
      none.every(run => after(run) >= wellFrom),
      say(none),
    ),
    ...claim(
      'One retry for everybody keeps an origin down that is more than half full.',
      once,
      once.every(run => after(run) < downBelow),
      say(once),
    ),
    ...claim(
      'The usual budget of a fifth does not protect an origin that is more than five sixths full.',
      usual,
      usual.every(run => after(run) < downBelow),
      say(usual),
    ),
  ]
}

const phases = (before: number, outage: number, recovery: number, last: number) => [
  { name: 'before', durationMs: before },
  { name: 'outage', durationMs: outage },
  { name: 'recovery', durationMs: recovery },
  { name: 'long after', durationMs: last },
]
const variant = (name: string, retries: string, about: string) => ({
  name,
  target: 'windtunnel',
  about,
  settings: { ...base, retries },
})

export default defineScenario({
  question: 'A short outage is over: which retries let the origin recover, and which keep it down for ever?',
  explanation:
    `One origin can serve ${capacityPerSecond} requests per second. For some seconds it serves none; what was asked meanwhile is still waiting when it goes on. ` +
    'Everybody gives up after a second and, if allowed, asks once more, but the origin does the old work first. Its answers come too late, are asked for again, and come too late again. ' +
    'Nothing is wrong any more, and nothing gets better: a metastable failure. ' +
    'Each point here is a load and a share of requests that may be repeated. Look at where goodput falls from all to nothing: at load times attempts equal to capacity.',
  seed: 22,
  virtual: { why: 'it takes many minutes of load for each of its points', cancelsWork: false },
  sweep: {
    axis: 'load',
    unit: '%',
    points: loads.map(at => ({ at, profile: `poisson:ratePerSecond=${(at / 100) * capacityPerSecond}` })),
  },
  origins: { count: 1, service: `fixed:ms=${1000 / capacityPerSecond}`, slots: 1, responseBytes: 512 },
  load: independentRequests(0.8 * capacityPerSecond, 10_000),
  hostile: [],
  faults: [{ fault: 'stop', origin: 0, phase: 'outage' }],
  measuredPhase: 'long after',
  effort: {
    quick: { repeats: 1, phases: phases(10_000, 5000, 300_000, 60_000) },
    normal: { repeats: 2, phases: phases(10_000, 10_000, 700_000, 60_000) },
    thorough: { repeats: 5, phases: phases(60_000, 10_000, 1_200_000, 120_000) },
  },
  base,
  variants: [
    variant('no retries', 'none', 'What takes longer than a second is lost.'),
    variant('budget 5 %', budget(0.05), 'One request in twenty may be repeated.'),
    variant('budget 10 %', budget(0.1), 'One request in ten.'),
    variant('budget 20 %', budget(0.2), 'One request in five, as Finagle has it.'),
    variant('one retry', budget(10), 'Every request may be repeated once.'),
  ],
  limits: [
    'The origin does not notice that a request has been given up. One that does would recover: it would drop its old work.',
    'What was asked during the outage arrives all at once when it ends, as from the queue of a network. A smaller burst may be too small to bring an origin down.',
    'A load that is nearly too high recovers slowly: between the points of this map lie some that would need hours.',
  ],
  judge,
})
