// Prequal's ramp: origins share their machines with others, who take what they can get at changing times. The load grows from
// less than what is always left to more than that: from then on the rest is only where the neighbours are quiet.
// Source: Wydrowski et al., "Load is not what you should balance: introducing Prequal", NSDI 2024, section 5.
import { independentRequests, plain } from '../core/architecture.ts'
import { atPoint, mean, sum } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { defineScenario, type FaultPlan } from '../core/scenario.ts'

const originCount = 100
/** Of an origin left alone, and of one with a neighbour: the latter is what it can count on. */
const quietMs = 20
const disturbedTimes = 2.5
const countedOnPerSecond = (originCount * 1000) / (quietMs * disturbedTimes)
const loads = [75, 93, 103, 127, 174]
const most = 174
const deadlineMs = 5000
const evenLossAtMost = 0.05

/** Three in ten have a neighbour at any time, others in each half of the phase. */
const faults: readonly FaultPlan[] = [0, 1].flatMap(half =>
  Array.from({ length: originCount }, (_, origin) => origin)
    .filter(origin => (origin * 7 + half * 5 + Math.floor(origin / 10)) % 10 < 3)
    .map(origin => ({
      fault: `slow:factor=${disturbedTimes}`,
      origin,
      phase: 'load',
      during: [half / 2, (half + 1) / 2] as const,
    })),
)

const base = { ...plain, balancer: 'weighted-round-robin' }
/** The share of requests that missed the deadline; null when nobody ran there. */
function missedOf(runs: readonly Run[], balancer: string, load: number): number | null {
  const some = atPoint(runs, balancer, load)
  if (some.length === 0) return null
  return sum(some.map(run => run.generator.failed)) / sum(some.map(run => run.generator.scheduled))
}
/** The mean over repeats of the p99, in which missing the deadline does not count; null when nobody ran there. */
function p99Of(runs: readonly Run[], balancer: string, load: number): number | null {
  const some = atPoint(runs, balancer, load)
  return some.length === 0 ? null : mean(some.map(run => run.phases[0]!.latency.p99Ms!))
}
const ms = (value: number) => `${value.toFixed(0)} ms`
const percent = (share: number) => `${(share * 100).toFixed(2)} %`
const missedByLoad = (runs: readonly Run[], balancer: string) =>
  `${balancer} missed ${loads.map(load => `${percent(missedOf(runs, balancer, load) ?? 0)} at ${load} %`).join(', ')}`
const ranEverywhere = (runs: readonly Run[], balancer: string) =>
  loads.every(load => atPoint(runs, balancer, load).length > 0)
const usesOf = (runs: readonly Run[], balancer: string) => loads.flatMap(load => atPoint(runs, balancer, load))

function evenShares(runs: readonly Run[]): Claim[] {
  if (!ranEverywhere(runs, 'edf')) return []
  const missed = loads.map(load => missedOf(runs, 'edf', load)!)
  return [
    {
      claim: `Even shares keep the deadline below what every origin can count on and lose it above: nobody misses it up to 93 %, some do from 127 %, and at ${most} % more than ${percent(evenLossAtMost)}.`,
      kind: 'count',
      holds: missed[0] === 0 && missed[1] === 0 && missed[3]! > 0 && missed.at(-1)! > evenLossAtMost,
      evidence: `${missedByLoad(runs, 'edf')}.`,
      uses: usesOf(runs, 'edf'),
    },
  ]
}

/** Who asks, who counts, who does neither: in this order at a load below and at one above. */
function order(runs: readonly Run[]): Claim[] {
  const names = ['prequal', 'least-request', 'power-of-two', 'edf']
  if (!names.every(name => ranEverywhere(runs, name))) return []
  const at = (load: number) => names.map(name => p99Of(runs, name, load)!)
  const isInOrder = ([asks, all, two, even]: number[]) => asks! < Math.min(all!, two!) && Math.max(all!, two!) < even!
  const said = (load: number) => `at ${load} % ${names.map((name, i) => `${name} ${ms(at(load)[i]!)}`).join(', ')}`
  return [
    {
      claim: `Asking beats counting, and counting beats even shares, in the p99 at 103 % and at ${most} %.`,
      kind: 'count',
      holds: [103, most].every(load => isInOrder(at(load))),
      evidence: `The p99 of those that kept the deadline: ${said(103)}; ${said(most)}.`,
      uses: names.flatMap(name => usesOf(runs, name)),
    },
  ]
}

function nobodyMisses(runs: readonly Run[]): Claim[] {
  if (!ranEverywhere(runs, 'prequal')) return []
  return [
    {
      claim: 'Whoever asks origins how many requests they have and how quick they are misses the deadline at no load.',
      kind: 'count',
      holds: loads.every(load => missedOf(runs, 'prequal', load) === 0),
      evidence: `${missedByLoad(runs, 'prequal')}.`,
      uses: usesOf(runs, 'prequal'),
    },
  ]
}

function weightsLag(runs: readonly Run[]): Claim[] {
  const names = ['edf', 'orca-weights', 'prequal']
  if (!names.every(name => ranEverywhere(runs, name))) return []
  const [even, weights, asks] = names.map(name => missedOf(runs, name, most)!)
  return [
    {
      claim: `Weights from reported use know who is slow, but late: at ${most} % they miss less than a third of what even shares miss, and still more than whoever asks.`,
      kind: 'count',
      holds: weights! < even! / 3 && weights! > asks!,
      evidence: `${names.map(name => missedByLoad(runs, name)).join('; ')}.`,
      uses: names.flatMap(name => usesOf(runs, name)),
    },
  ]
}

function inStep(runs: readonly Run[]): Claim[] {
  const names = ['edf', 'weighted-round-robin']
  if (!names.every(name => ranEverywhere(runs, name))) return []
  const [anywhere, first] = names.map(name => p99Of(runs, name, loads[0]!)!)
  return [
    {
      claim: `A hundred proxies that all begin their turns at the first origin march in step: at ${loads[0]} % their p99 is at least twice that of proxies that begin anywhere.`,
      kind: 'count',
      holds: first! >= 2 * anywhere!,
      evidence: `At ${loads[0]} %: ${names[1]} ${ms(first!)}, ${names[0]} ${ms(anywhere!)}.`,
      uses: names.flatMap(name => atPoint(runs, name, loads[0]!)),
    },
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]
const variant = (balancer: string, about: string) => ({
  name: balancer.split(':')[0]!,
  target: 'windtunnel',
  about,
  settings: { ...base, balancer },
})

export default defineScenario({
  question: 'Neighbours take machine time from origins, here and there: who finds what is left?',
  situation: 'origins lose and regain speed at any time, and there are many proxies',
  explanation:
    'A hundred origins share their machines with neighbours who are not ours. Three in ten have one at any time, and then take two and a half times as long; which three changes halfway. ' +
    'The load is given in percent of what origins can do if all have a neighbour: that much is always there, and the rest is where neighbours are quiet. ' +
    'Below 100 % even shares will do. Above it somebody must find out who is quick now, with a hundred proxies that each see a hundredth of the requests. ' +
    'Look at who misses the deadline of five seconds first.',
  seed: 29,
  virtual: { why: 'it has a hundred proxies', proxies: { count: 100 }, network: { rttMs: 1 } },
  sweep: {
    axis: 'load',
    unit: '%',
    points: loads.map(load => ({ at: load, profile: `poisson:ratePerSecond=${(load / 100) * countedOnPerSecond}` })),
  },
  origins: { count: originCount, service: `exponential:meanMs=${quietMs}`, slots: 1, responseBytes: 512 },
  load: independentRequests(countedOnPerSecond, deadlineMs),
  hostile: [],
  faults,
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, warmUpMs: 2_000, phases: phases(40_000) },
    normal: { repeats: 3, warmUpMs: 2_000, phases: phases(60_000) },
    thorough: { repeats: 5, warmUpMs: 5_000, phases: phases(120_000) },
  },
  base,
  variants: [
    variant('weighted-round-robin', 'In turn by weights that nobody changes, from the first origin on.'),
    variant('edf', 'The same, but every proxy begins elsewhere.'),
    variant('power-of-two', 'The one of two drawn to which this proxy has fewer requests.'),
    variant('least-request', 'The one of all to which this proxy has the fewest.'),
    variant('orca-weights:blackoutMs=1000', 'In turn by weights that follow from what origins report every second.'),
    variant('prequal', 'Asks a few origins for each request how many they have and how quick they are.'),
  ],
  limits: [
    'A neighbour makes an origin slower by one factor and for half of a phase; real ones come and go at any time and take more or less.',
    'An origin does one thing at a time, in order. The published experiment had many threads on a tenth of a machine, and other neighbours: the order of the balancers is comparable, milliseconds are not.',
    'A request that misses the deadline is given up at its origin as well. Where origins go on working for nobody, whoever misses it misses it more often.',
  ],
  judge: runs => [...evenShares(runs), ...order(runs), ...nobodyMisses(runs), ...weightsLag(runs), ...inStep(runs)],
})
