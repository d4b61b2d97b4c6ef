// The same load through one proxy and through a hundred. Each counts only its own requests, so that the more there are, the
// less each knows: what becomes of balancers that count, and of balancers that ask.
import { independentRequests, plain, withBalancer } from '../core/architecture.ts'
import { atPoint, meanLatencyMs } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { defineScenario } from '../core/scenario.ts'

const originCount = 100
const meanMs = 10
const loadPercent = 90
const proxyCounts = [1, 2, 5, 10, 25, 100]
/** One queue at this load, M/M/1: what a draw costs, and what no count can make worse. */
const theoryMs = meanMs / (1 - loadPercent / 100)
/** Of one run; a busy queue is forgotten slowly. */
const theoryAllowed = 0.2

const base = { ...plain, balancer: 'random' }
const ms = (value: number) => `${value.toFixed(1)} ms`
const over = (runs: readonly Run[], balancer: string) => proxyCounts.flatMap(at => atPoint(runs, balancer, at))
/** One value, or none when nobody ran there. */
const timeOf = (runs: readonly Run[], balancer: string, at: number) => {
  const some = atPoint(runs, balancer, at)
  return some.length === 0 ? [] : [meanLatencyMs(some)]
}
const byCount = (runs: readonly Run[], balancer: string) =>
  proxyCounts.flatMap(at => timeOf(runs, balancer, at).map(time => `${at}: ${ms(time)}`)).join(', ')

/** A draw makes each origin a queue of its own, however many proxies draw. */
function theory(runs: readonly Run[]): Claim[] {
  const asked = proxyCounts.filter(at => atPoint(runs, 'random', at).length > 0)
  if (asked.length === 0) return []
  const seen = asked.map(at => meanLatencyMs(atPoint(runs, 'random', at)))
  return [
    {
      claim: `A draw takes what the theory of one queue says, within ${theoryAllowed * 100} %, through any number of proxies.`,
      kind: 'count',
      holds: seen.every(one => Math.abs(one / theoryMs - 1) <= theoryAllowed),
      evidence: `Theory ${ms(theoryMs)}; ${byCount(runs, 'random')}.`,
      uses: over(runs, 'random'),
    },
  ]
}

function fading(runs: readonly Run[]): Claim[] {
  const times = proxyCounts.map(at => atPoint(runs, 'least-request', at))
  if (times.some(some => some.length === 0)) return []
  const seen = times.map(meanLatencyMs)
  const [alone, many] = [seen[0]! / theoryMs, seen.at(-1)! / theoryMs]
  return [
    {
      claim:
        'Private counts lose their worth with every further proxy: looking at all takes less than a fifth of the time of a draw for one proxy, and more than half of it for a hundred.',
      kind: 'count',
      holds: alone < 0.2 && many > 0.5 && seen.every((one, i) => i === 0 || one > seen[i - 1]!),
      evidence: `least-request: ${byCount(runs, 'least-request')}; a draw ${ms(theoryMs)}.`,
      uses: times.flat(),
    },
  ]
}

/** Nothing here is old, so that nobody runs where all others run. */
function noHerd(runs: readonly Run[]): Claim[] {
  const counting = ['least-request', 'power-of-two'].filter(name => over(runs, name).length > 0)
  if (counting.length === 0) return []
  const worst = (name: string) => Math.max(...proxyCounts.flatMap(at => timeOf(runs, name, at)))
  return [
    {
      claim: 'They become worthless and not harmful: counts that are one’s own and fresh are never worse than a draw.',
      kind: 'count',
      holds: counting.every(name => worst(name) < theoryMs),
      evidence: `A draw ${ms(theoryMs)}; at the worst ${counting.map(name => `${name} ${ms(worst(name))}`).join(', ')}.`,
      uses: counting.flatMap(name => over(runs, name)),
    },
  ]
}

/** With a hundred proxies `better` takes at most `share` of the time of `worse`. */
function ahead(runs: readonly Run[], better: string, worse: string, share: number, claim: string): Claim[] {
  const most = proxyCounts.at(-1)!
  const [one, other] = [better, worse].map(name => atPoint(runs, name, most))
  if (one!.length === 0 || other!.length === 0) return []
  return [
    {
      claim,
      kind: 'count',
      holds: meanLatencyMs(one!) <= share * meanLatencyMs(other!),
      evidence: `${better}: ${byCount(runs, better)}; ${worse}: ${byCount(runs, worse)}.`,
      uses: [...one!, ...other!],
    },
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]

export default defineScenario({
  question: 'How many proxies does it take until a balancer that counts is no better than one that draws?',
  situation: 'many proxies that do not talk to each other share all origins',
  explanation:
    'A hundred origins do one thing at a time and are busy for nine tenths of it. The same requests come through one proxy, or through many that share them. ' +
    'A proxy knows of the requests that it sent itself and of no others: alone it knows everything, and of a hundred each knows a hundredth. ' +
    'Two ways out: ask the origins, who know what everybody has sent; or let each proxy keep to a few origins, so that each origin is counted by few. ' +
    'Look at where the curves of those that count end, and at which stay flat.',
  seed: 23,
  virtual: { why: 'it has up to a hundred proxies' },
  sweep: {
    axis: 'proxies',
    unit: '',
    scale: 'log',
    points: proxyCounts.map(count => ({ at: count, virtual: { proxies: { count } } })),
  },
  origins: { count: originCount, service: `exponential:meanMs=${meanMs}`, slots: 1, responseBytes: 512 },
  load: independentRequests((loadPercent / 100) * originCount * (1000 / meanMs), 60_000),
  hostile: [],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, warmUpMs: 3_000, phases: phases(7_000) },
    normal: { repeats: 3, warmUpMs: 4_000, phases: phases(12_000) },
    thorough: { repeats: 5, warmUpMs: 10_000, phases: phases(60_000) },
  },
  base,
  variants: [
    withBalancer(base, 'random', 'Drawn: it knows nothing, however many there are.'),
    withBalancer(base, 'round-robin', 'Each in turn, by every proxy for itself.'),
    withBalancer(base, 'power-of-two', 'The one of two drawn to which this proxy has fewer requests.'),
    withBalancer(base, 'least-request', 'The one of all to which this proxy has the fewest.'),
    withBalancer(base, 'deterministic-aperture', 'The one of two as well, but each proxy keeps to a dozen origins.'),
    withBalancer(base, 'join-idle-queue', 'One that has answered this proxy and has nothing left to do for it.'),
    withBalancer(
      base,
      'prequal',
      'Origins are asked how many requests they have and how quick they are, whoever sent them.',
    ),
  ],
  limits: [
    'Origins are equal and do one thing at a time. What origins report is worth more where they differ: noisy-neighbours.',
    'Proxies share the requests evenly. Where one has many more than others, it also knows more.',
  ],
  judge: runs => [
    ...theory(runs),
    ...fading(runs),
    ...noHerd(runs),
    ...ahead(
      runs,
      'prequal',
      'least-request',
      0.7,
      'What origins report keeps its worth: with a hundred proxies whoever asks takes at most 70 % of the time of whoever counts.',
    ),
    ...ahead(
      runs,
      'deterministic-aperture',
      'power-of-two',
      0.8,
      'A few origins for each proxy make its counts worth something again: with a hundred proxies two looks take at most 80 % of the time.',
    ),
  ],
})
