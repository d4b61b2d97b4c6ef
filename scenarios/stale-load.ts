// A count of requests that all proxies share, and that is some time old: how old may it be until looking at it is worse than
// not looking?
// Source: Mitzenmacher, "How useful is old information?", TPDS 11(1), 2000 (a bulletin board, refreshed periodically);
// Brooker, "The power of two random choices", 2012.
import { independentRequests, plain, withBalancer } from '../core/architecture.ts'
import { meanLatencyMs } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { defineScenario } from '../core/scenario.ts'

const originCount = 100
const meanMs = 10
const loadPercent = 90
/** How old a count is at most, in ms; a service takes 10. */
const ages = [1, 5, 10, 20, 50, 100, 200, 500]
const [fresh, aService, tenServices, twentyServices, oldest] = [1, 10, 100, 200, 500]

const base = { ...plain, balancer: 'random' }
const ms = (value: number) => `${value.toFixed(1)} ms`
/** Of all repeats of one variant at one age; null when there are none. */
const seriesOf = (runs: readonly Run[], balancer: string, age: number) =>
  runs.filter(run => run.settings.balancer === balancer && run.point?.at === age)
const timeOf = (runs: readonly Run[], balancer: string, age: number): number | null => {
  const some = seriesOf(runs, balancer, age)
  return some.length === 0 ? null : meanLatencyMs(some)
}
const byAge = (runs: readonly Run[], balancer: string, some: readonly number[]) =>
  `${balancer} ${some.map(age => `${ms(timeOf(runs, balancer, age)!)} at ${age} ms`).join(', ')}`

/** How much was looked at, from nothing to all. */
const looks = ['random', 'power-of-two', 'power-of-d:choices=3', 'least-request']

/** Every step to more looks is quicker, or every one slower. */
function ordered(runs: readonly Run[], age: number, moreIs: 'quicker' | 'slower', claim: string): Claim[] {
  const times = looks.map(name => timeOf(runs, name, age)).filter(time => time !== null)
  if (times.length < looks.length) return []
  const isSo = (before: number, after: number) => (moreIs === 'quicker' ? after < before : after > before)
  return [
    {
      claim,
      kind: 'count',
      holds: times.every((time, i) => i === 0 || isSo(times[i - 1]!, time)),
      evidence: `Refreshed every ${age} ms: ${looks.map((name, i) => `${name} ${ms(times[i]!)}`).join(', ')}.`,
      uses: looks.flatMap(name => seriesOf(runs, name, age)),
    },
  ]
}

/** `looking` is quicker than `other` at the first of two ages and slower at the second. */
function crossing(runs: readonly Run[], looking: string, other: string, between: number[], claim: string): Claim[] {
  const [early, late] = between.map(age => [timeOf(runs, looking, age), timeOf(runs, other, age)] as const)
  if ([...early!, ...late!].includes(null)) return []
  return [
    {
      claim,
      kind: 'count',
      holds: early![0]! < early![1]! && late![0]! > late![1]!,
      evidence: `${byAge(runs, looking, between)}; ${byAge(runs, other, between)}.`,
      uses: between.flatMap(age => [...seriesOf(runs, looking, age), ...seriesOf(runs, other, age)]),
    },
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]

export default defineScenario({
  question: 'How old may a load figure be before it is better not to look?',
  situation: 'all see the same load figures, which are some time old',
  explanation:
    'Load figures that many share are collected now and then, so that everybody sees how things were. Until the next refresh the origin that looked least busy goes on looking so, and all requests are sent there. ' +
    'The more closely one looks, the more everybody agrees, and the worse it becomes. A second look at random agrees with nobody and still avoids the worst. ' +
    'A service takes 10 ms; the figures are refreshed from every tenth of that to every fiftyfold. ' +
    'Look at where each curve crosses the flat one of those that do not look at all.',
  seed: 27,
  virtual: { why: 'it needs a hundred origins', proxies: { view: { kind: 'shared', refreshMs: 50 } } },
  sweep: {
    axis: 'refreshed every',
    unit: 'ms',
    scale: 'log',
    points: ages.map(refreshMs => ({ at: refreshMs, virtual: { proxies: { view: { kind: 'shared', refreshMs } } } })),
  },
  origins: { count: originCount, service: `exponential:meanMs=${meanMs}`, slots: 1, responseBytes: 512 },
  load: independentRequests((loadPercent / 100) * originCount * (1000 / meanMs), 60_000),
  hostile: [],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, warmUpMs: 3_000, phases: phases(7_000) },
    normal: { repeats: 3, warmUpMs: 8_000, phases: phases(20_000) },
    thorough: { repeats: 5, warmUpMs: 20_000, phases: phases(60_000) },
  },
  base,
  variants: [
    withBalancer(base, 'random', 'Drawn: it does not look.'),
    withBalancer(base, 'power-of-two', 'The one of two drawn that had fewer requests when they were last counted.'),
    withBalancer(base, 'power-of-d:choices=3', 'The one of three.'),
    withBalancer(base, 'least-request', 'The one of all.'),
  ],
  limits: [
    'Here the figure is the number of requests sent and not yet answered. Others, such as CPU shares or averages over time, are old in the same way, and smooth besides.',
    'Nobody adds what was sent since the refresh to what was seen. Whoever does, as a proxy can with its own requests, suffers less.',
  ],
  judge: runs => [
    ...ordered(
      runs,
      fresh,
      'quicker',
      'While figures are fresh, every further look is worth something: best of all is best.',
    ),
    ...ordered(
      runs,
      oldest,
      'slower',
      'When they are fifty service times old, it is the other way round: best of all is the worst and not looking is best.',
    ),
    ...crossing(
      runs,
      'least-request',
      'power-of-two',
      [fresh, aService],
      'Best of all loses to two looks before its figures are one service time old.',
    ),
    ...crossing(
      runs,
      'least-request',
      'random',
      [aService, tenServices],
      'It loses to a draw between one and ten service times.',
    ),
    ...crossing(
      runs,
      'power-of-two',
      'random',
      [twentyServices, oldest],
      'Two looks are better than none up to twenty service times, and not at fifty.',
    ),
  ],
})
