// An origin dies and is started again. When it is back it is cold: everything it does takes ten times as long, and less by
// and by. Whoever looks for the least busy origin finds it at once.
import { independentRequests, plain } from '../core/architecture.ts'
import { mean, perVariant, phaseOf } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { defineScenario } from '../core/scenario.ts'

const newcomer = 9
const warmMs = 10_000
const base = {
  ...plain,
  balancer: 'least-request',
  health: 'active-http:intervalMs=500,timeoutMs=400,fall=2,rise=2',
}
const slowStart = `slow-start:windowMs=${warmMs}`
/** What is left of the p99 of turns, and of the most requests at the newcomer at once. */
const p99Left = 1 / 4
const crowdLeft = 2 / 3
const warmAllowed = 0.1

const named = (runs: readonly Run[], balancer: string) => runs.filter(run => run.settings.balancer === balancer)
const p99Ms = (runs: readonly Run[], phase: string) => mean(runs.map(run => phaseOf(run, phase).latency.p99Ms!))
const meanMs = (runs: readonly Run[], phase: string) => mean(runs.map(run => phaseOf(run, phase).latency.meanMs!))
const peakOf = (runs: readonly Run[]) => mean(runs.map(run => run.counters[`origin.o${newcomer}.inFlightPeak`]!))
const ms = (value: number) => `${value.toFixed(0)} ms`
const said = (runs: readonly Run[]) =>
  perVariant(
    runs,
    some =>
      `p99 ${ms(p99Ms(some, 'before'))} before, ${ms(p99Ms(some, 'cold'))} while it is cold; at most ${peakOf(some).toFixed(0)} requests at the newcomer`,
  )

function crushed(turns: readonly Run[]): Claim[] {
  if (turns.length === 0) return []
  return [
    {
      claim: 'An even share is more than a cold origin can do: by turns the p99 is more than five times what it was.',
      kind: 'count',
      holds: p99Ms(turns, 'cold') > 5 * p99Ms(turns, 'before'),
      evidence: said(turns),
      uses: turns,
    },
  ]
}

/** `spared` has no more of the p99 of `turns` and of the crowd at the newcomer than is said above. */
function sparing(spared: readonly Run[], turns: readonly Run[], claim: string): Claim[] {
  if (spared.length === 0 || turns.length === 0) return []
  const holds = p99Ms(spared, 'cold') < p99Left * p99Ms(turns, 'cold') && peakOf(spared) < crowdLeft * peakOf(turns)
  const uses = [...turns, ...spared]
  return [{ claim, kind: 'count', holds, evidence: said(uses), uses }]
}

function onTop(both: readonly Run[], counting: readonly Run[]): Claim[] {
  if (both.length === 0 || counting.length === 0) return []
  const uses = [...counting, ...both]
  return [
    {
      claim: 'A slow start helps whoever counts a little more: the p99 while it is cold is lower still.',
      kind: 'count',
      holds: p99Ms(both, 'cold') < p99Ms(counting, 'cold'),
      evidence: said(uses),
      uses,
    },
  ]
}

function warm(runs: readonly Run[]): Claim[] {
  if (runs.length === 0) return []
  const [before, after] = ['before', 'warm'].map(phase => (run: Run) => meanMs([run], phase))
  return [
    {
      claim: `Once it is warm it is an origin like any other: the mean is what it was before, within ${warmAllowed * 100} %.`,
      kind: 'count',
      holds: runs.every(run => Math.abs(after!(run) / before!(run) - 1) <= warmAllowed),
      evidence: perVariant(
        runs,
        some => `${meanMs(some, 'before').toFixed(1)} ms before, ${meanMs(some, 'warm').toFixed(1)} ms after`,
      ),
      uses: runs,
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  const [counting, both, turns, slowTurns] = [
    'least-request',
    `${slowStart}+least-request`,
    'edf',
    `${slowStart}+edf`,
  ].map(name => named(runs, name))
  return [
    ...crushed(turns!),
    ...sparing(
      slowTurns!,
      turns!,
      'A slow start takes at least three quarters off the p99 of turns, and a third off the crowd at the newcomer.',
    ),
    ...sparing(
      counting!,
      turns!,
      'Whoever counts requests in flight does as well without it: what is slow keeps them, and gets no more.',
    ),
    ...onTop(both!, counting!),
    ...warm([...counting!, ...both!]),
  ]
}

const phases = [
  { name: 'before', durationMs: 10_000 },
  { name: 'away', durationMs: 5_000 },
  { name: 'cold', durationMs: warmMs },
  { name: 'warm', durationMs: 10_000 },
]
const variant = (balancer: string, about: string) => ({
  name: balancer.replace(`${slowStart}+`, 'slow start, '),
  target: 'windtunnel',
  about,
  settings: { ...base, balancer },
})

export default defineScenario({
  question: 'A restarted origin is cold and has nothing to do: how much should it be given?',
  situation: 'an origin comes back cold',
  explanation:
    'One origin in ten is restarted. When it is back nothing is cached or compiled, and everything takes ten times as long; ten seconds later it is warm. ' +
    'By turns it is given a tenth of everything at once, and its queue grows until it is warm. ' +
    'A slow start gives it a small part first and more as time passes. Counting requests in flight has the same effect by itself, but for a moment: a newcomer has none, and everybody runs there. ' +
    'Look at the p99 while it is cold, and at the most requests that it had at once.',
  seed: 41,
  virtual: { why: 'it has several proxies', proxies: { count: 4 }, network: { rttMs: 1 } },
  origins: { count: 10, service: 'exponential:meanMs=10', slots: 4, responseBytes: 512 },
  load: independentRequests(2800, 5000),
  hostile: [],
  faults: [
    { fault: 'kill', origin: newcomer, phase: 'away' },
    { fault: `cold:factor=10,warmMs=${warmMs}`, origin: newcomer, phase: 'cold' },
  ],
  measuredPhase: 'cold',
  effort: {
    quick: { repeats: 1, warmUpMs: 2000, phases },
    normal: { repeats: 5, warmUpMs: 2000, phases },
    thorough: { repeats: 20, warmUpMs: 2000, phases },
  },
  base,
  variants: [
    variant('least-request', 'The least busy of all, and nobody is less busy than a newcomer.'),
    variant(`${slowStart}+least-request`, 'A newcomer counts for a growing part of an origin.'),
    variant('edf', 'In turn by weight.'),
    variant(`${slowStart}+edf`, 'In turn by weight, and a newcomer’s grows.'),
  ],
  limits: [
    'The origin warms by time alone. A real one warms by what it is asked, so that one which is spared stays cold for longer.',
    'There are four proxies. With twenty each has so few requests under way that an idle newcomer is first choice for all of them whatever it weighs, and a slow start does nothing for those that count.',
  ],
  judge,
})
