// Ten equal origins, busier from step to step: what a balancer that looks is worth at each load, beside what theory says of
// one that does not.
import { independentRequests, plain, withBalancer } from '../core/architecture.ts'
import { atPoint, meanLatencyMs } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { defineScenario } from '../core/scenario.ts'

const originCount = 10
const meanMs = 10
const loads = [50, 60, 70, 80, 90, 95]
/** Of one run; the queue of a busy origin is forgotten slowly, so that a mean at 90 % is off by some percent. */
const theoryAllowed = 0.15
const gainNeeded = 3
/** Where two do alike, chance decides; that is not slower. */
const chanceAllowed = 0.02

const base = { ...plain, balancer: 'random' }
const ms = (value: number) => `${value.toFixed(1)} ms`
const ratePerSecond = (load: number) => (load / 100) * originCount * (1000 / meanMs)

/** A draw without a look makes each origin a queue of its own, M/M/1: its mean time is the service time over the idle share. */
function theory(runs: readonly Run[]): Claim[] {
  const asked = loads.filter(load => load <= 90 && atPoint(runs, 'random', load).length > 0)
  if (asked.length === 0) return []
  const rows = asked.map(load => ({
    load,
    seen: meanLatencyMs(atPoint(runs, 'random', load)),
    law: meanMs / (1 - load / 100),
  }))
  return [
    {
      claim: `A draw at random takes what the theory of one queue says, within ${theoryAllowed * 100} %, up to 90 % load.`,
      kind: 'count',
      holds: rows.every(({ seen, law }) => Math.abs(seen / law - 1) <= theoryAllowed),
      evidence: `${rows.map(({ load, seen, law }) => `${load} %: ${ms(seen)}, theory ${ms(law)}`).join('; ')}.`,
      uses: asked.flatMap(load => atPoint(runs, 'random', load)),
    },
  ]
}

/** `of` at every load takes at most as long as `than`. */
function noSlower(runs: readonly Run[], of: string, than: string, claim: string): Claim[] {
  const asked = loads.filter(load => [of, than].every(name => atPoint(runs, name, load).length > 0))
  if (asked.length === 0) return []
  const rows = asked.map(
    load => [load, meanLatencyMs(atPoint(runs, of, load)), meanLatencyMs(atPoint(runs, than, load))] as const,
  )
  return [
    {
      claim,
      kind: 'count',
      holds: rows.every(([, one, other]) => one <= other * (1 + chanceAllowed)),
      evidence: `${rows.map(([load, one, other]) => `${load} %: ${ms(one)} to ${ms(other)}`).join('; ')}.`,
      uses: asked.flatMap(load => [...atPoint(runs, of, load), ...atPoint(runs, than, load)]),
    },
  ]
}

function growing(runs: readonly Run[]): Claim[] {
  const gain = (load: number) => {
    const [blind, aware] = [atPoint(runs, 'random', load), atPoint(runs, 'power-of-two', load)]
    return blind.length === 0 || aware.length === 0 ? null : meanLatencyMs(blind) / meanLatencyMs(aware)
  }
  const [low, high] = [gain(50), gain(90)]
  if (low === null || high === null) return []
  return [
    {
      claim: `A second look is worth more the busier the origins are: at 90 % at least ${gainNeeded} times, at 50 % less than twice.`,
      kind: 'count',
      holds: high >= gainNeeded && low < 2,
      evidence: `A draw takes ${low.toFixed(1)} times as long as two looks at 50 %, ${high.toFixed(1)} times at 90 %.`,
      uses: [50, 90].flatMap(load => [...atPoint(runs, 'random', load), ...atPoint(runs, 'power-of-two', load)]),
    },
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]

export default defineScenario({
  question: 'How much does a balancer that looks gain, and from which load on?',
  situation: 'all origins are alike and busy',
  explanation:
    'Ten origins do one thing at a time, for 10 ms on average, and are busy for half of the time at first and nearly always at last. ' +
    'While they are idle often, any balancer will do. The busier they are, the more the choice decides, because a queue is time that somebody waits. ' +
    'A draw at random has an exact theory, so that the simulator can be held to it here. ' +
    'Look at where the curves part.',
  seed: 21,
  virtual: { why: 'it needs many more requests than sockets can carry' },
  sweep: {
    axis: 'load',
    unit: '%',
    tournamentAt: 90,
    points: loads.map(load => ({ at: load, profile: `poisson:ratePerSecond=${ratePerSecond(load)}` })),
  },
  origins: { count: originCount, service: `exponential:meanMs=${meanMs}`, slots: 1, responseBytes: 512 },
  load: independentRequests(ratePerSecond(90), 60_000),
  hostile: [],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, warmUpMs: 10_000, phases: phases(120_000) },
    normal: { repeats: 3, warmUpMs: 10_000, phases: phases(240_000) },
    thorough: { repeats: 10, warmUpMs: 20_000, phases: phases(600_000) },
  },
  base,
  variants: [
    withBalancer(base, 'random', 'Drawn, whatever the load.'),
    withBalancer(base, 'round-robin', 'Each in turn.'),
    withBalancer(base, 'power-of-two', 'The less busy of two drawn.'),
    withBalancer(base, 'least-request', 'The least busy of all.'),
    withBalancer(base, 'peak-ewma', 'The quicker of two drawn, times its requests in flight.'),
  ],
  limits: [
    'One proxy sees all requests. Each of many proxies would see only its own: many-proxies shows what that does.',
    'At 95 % a queue is forgotten so slowly that no run here is long enough for an exact mean.',
  ],
  judge: runs => [
    ...theory(runs),
    ...noSlower(runs, 'round-robin', 'random', 'Taking turns is never slower than drawing.'),
    ...noSlower(runs, 'power-of-two', 'round-robin', 'Looking at two is never slower than taking turns.'),
    ...noSlower(runs, 'least-request', 'power-of-two', 'Looking at all is never slower than looking at two.'),
    ...growing(runs),
  ],
})
