// One of four origins is ten times slower than the others and has a queue of its own: who keeps feeding it?
import { plain } from '../core/architecture.ts'
import { perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { defineScenario } from '../core/scenario.ts'

const base = plain

const originCount = 4
const slowOrigin = 3
/** In turn means a quarter, to the request; the ends of the phase fall where they fall. */
const blindShare = { from: 0.24, to: 0.26 }
const awareShareAllowed = 0.15
const p99TimesNeeded = 2

const balancerOf = (run: Run) => `${run.settings.balancer}`.split(':')[0]!
const isBlind = (run: Run) => balancerOf(run) === 'round-robin'
const isAware = (run: Run) => ['power-of-two', 'least-request', 'peak-ewma'].includes(balancerOf(run))

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** The share of the measured requests that the slow origin was sent; NaN, of which nothing is true, when no origin saw any. */
function slowShare(run: Run): number {
  const at = (index: number) => run.counters[`origin.o${index}.measuredRequests`] ?? 0
  const all = Array.from({ length: originCount }, (_, index) => at(index)).reduce((sum, count) => sum + count, 0)
  return at(slowOrigin) / all
}

const shares = (runs: readonly Run[]) =>
  perVariant(runs, some => `${percent(Math.max(...some.map(slowShare)))} went to the slow origin`)

function shareClaim(claim: string, runs: readonly Run[], holds: (share: number) => boolean): Claim[] {
  if (runs.length === 0) return []
  const all = runs.map(slowShare).every(holds)
  // What was seen stands. A share that is too large may come from requests that were sent late and all at once.
  return [{ claim, kind: all ? 'count' : 'timing', holds: all, evidence: shares(runs), uses: runs }]
}

function tail(blind: readonly Run[], aware: readonly Run[]): Claim[] {
  const p99s = (runs: readonly Run[]) =>
    runs.flatMap(run => run.phases.find(phase => phase.name === 'load')?.latency.p99Ms ?? [])
  if (p99s(blind).length === 0 || p99s(aware).length === 0) return []
  const uses = [...blind, ...aware]
  return [
    {
      claim: `Whoever sends by turn has a p99 at least ${p99TimesNeeded} times that of anyone who looks.`,
      kind: 'timing',
      holds: Math.min(...p99s(blind)) >= p99TimesNeeded * Math.max(...p99s(aware)),
      evidence: perVariant(uses, some => `p99 ${Math.max(...p99s(some)).toFixed(0)} ms`),
      uses,
    },
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  const blind = runs.filter(isBlind)
  const aware = runs.filter(isAware)
  const timed = runs.filter(run => balancerOf(run) === 'peak-ewma')
  const counted = aware.filter(run => run.target === 'windtunnel' && !timed.includes(run))
  const most = counted.length === 0 ? 0 : Math.max(...counted.map(slowShare))
  return [
    ...shareClaim(
      'By turn, the slow origin gets a quarter, as if it were like the others.',
      blind,
      share => share >= blindShare.from && share <= blindShare.to,
    ),
    ...shareClaim(
      `Whoever looks at the load gives it at most ${(awareShareAllowed * 100).toFixed(0)} %.`,
      aware,
      share => share <= awareShareAllowed,
    ),
    ...(counted.length === 0
      ? []
      : shareClaim(
          `Whoever measures time gives it less than those who count requests (up to ${percent(most)}).`,
          timed,
          share => share < most,
        )),
    ...tail(blind, aware),
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]

export default defineScenario({
  question: 'One origin in four is ten times slower: which balancers notice?',
  situation: 'one origin is slow',
  explanation:
    'Three origins take 5 ms on average and one takes 50, with four slots each: it can do 80 requests per second, and a quarter of the load is 100. ' +
    'A balancer that sends by turn gives it that quarter, so that its queue grows for as long as the load lasts, and every fourth user waits in it. ' +
    'Counting requests in flight is enough to notice, because a slow origin holds on to them; measuring the time to answer notices sooner. ' +
    'Look at the share the slow origin gets first, for it is a count, and then at the 99th percentile, which is what the share does to users.',
  seed: 11,
  origins: {
    count: originCount,
    service: 'exponential:meanMs=5',
    slots: 4,
    responseBytes: 512,
    each: { [slowOrigin]: { service: 'exponential:meanMs=50' } },
  },
  load: {
    connections: { kind: 'keep-alive', count: 500 },
    profile: 'poisson:ratePerSecond=400',
    pacing: 'timer',
    timeoutMs: 5000,
    from: '127.0.0.2',
  },
  hostile: [],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, phases: phases(3000) },
    normal: { repeats: 3, phases: phases(5000) },
    thorough: { repeats: 10, phases: phases(10_000) },
  },
  base,
  variants: [
    { name: 'round-robin', target: 'windtunnel', about: 'Each origin in turn.', settings: base },
    {
      name: 'power-of-two',
      target: 'windtunnel',
      about: 'The less busy of two drawn.',
      settings: { ...base, balancer: 'power-of-two' },
    },
    {
      name: 'least-request',
      target: 'windtunnel',
      about: 'The least busy of all.',
      settings: { ...base, balancer: 'least-request' },
    },
    {
      name: 'peak-ewma',
      target: 'windtunnel',
      about: 'The quicker of two drawn, times its requests in flight.',
      settings: { ...base, balancer: 'peak-ewma' },
    },
    {
      name: 'nginx least_conn',
      target: 'nginx',
      about: 'NGINX by fewest connections.',
      settings: { ...base, balancer: 'least-request' },
    },
  ],
  limits: [
    'The origins are scripted: a slot is a timer, not a core, so that a slow origin is slow in the same way at any load.',
    'By turn the slow origin is overloaded, and its queue is as long as the run lasted: a longer run gives a worse p99.',
    'One proxy sees all requests. Each of many proxies would see only its own requests in flight.',
  ],
  judge,
})
