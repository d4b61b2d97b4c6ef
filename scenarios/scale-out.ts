// An eleventh origin joins ten that each hold a part of the keys in their cache. What a balancer moves to it must be fetched
// anew; what it moves besides is fetched for nothing.
import { plain, withBalancer } from '../core/architecture.ts'
import { mean, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const originsBefore = 10
const originsAfter = originsBefore + 1
const keys = 4000
/** A key that moves finds one cold cache, so that these are the shares of keys that move. */
const mustMove = 1 / originsAfter
const moveByModulo = originsBefore / originsAfter
/** In shares of all keys: what chance does with so many. */
const exactly = 0.015
const nearly = 0.03
const consistentAllowed = 1.5
const evenAllowed = 1.2
const unevenFrom = 1.25

const base: Architecture = {
  ...plain,
  balancer: 'maglev',
  health: 'active-http:intervalMs=50,timeoutMs=1000,fall=1,rise=1',
}

const of = (runs: readonly Run[], ...balancers: string[]) =>
  runs.filter(run => balancers.includes(`${run.settings.balancer}`))
const coldShare = (run: Run) => run.counters['keys.coldShare'] ?? 0
const peak = (run: Run) => run.counters['origins.peakToMean'] ?? 0
/** Requests that found a cold cache after the change, by key. */
const coldPerKey = (run: Run) =>
  (coldShare(run) * run.phases.find(phase => phase.name === 'eleven')!.requests) / (run.counters['keys.asked'] ?? keys)

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const moved = (some: readonly Run[]) => `${percent(mean(some.map(coldPerKey)))} of the keys`
const cold = (some: readonly Run[]) => `${percent(mean(some.map(coldShare)))} of the requests`
const fullest = (some: readonly Run[]) => `the fullest has ${mean(some.map(peak)).toFixed(2)} times an equal share`

function claim(sentence: string, uses: readonly Run[], holds: boolean, say: (some: readonly Run[]) => string): Claim[] {
  return uses.length === 0 ? [] : [{ claim: sentence, kind: 'count', holds, evidence: perVariant(uses, say), uses }]
}

/** Compares two balancers that must both be there. */
function both(
  [one, other]: readonly [readonly Run[], readonly Run[]],
  sentence: string,
  holds: (one: Run, other: Run) => boolean,
  say: (some: readonly Run[]) => string,
): Claim[] {
  if (one.length === 0 || other.length === 0) return []
  return claim(
    sentence,
    [...one, ...other],
    one.every(a => other.every(b => holds(a, b))),
    say,
  )
}

function judge(runs: readonly Run[]): Claim[] {
  const modulo = of(runs, 'uri-hash')
  const ring = of(runs, 'ring-hash')
  const exact = of(runs, 'rendezvous')
  const consistent = [...ring, ...of(runs, 'maglev')]
  const even = of(runs, 'maglev', 'rendezvous', 'uri-hash')
  const bounded = of(runs, 'bounded-load+ring-hash')
  const isNear = (run: Run, law: number, allowed: number) => Math.abs(coldPerKey(run) - law) <= allowed
  return [
    ...claim(
      'A table by remainder moves nearly all keys: all but one in eleven.',
      modulo,
      modulo.every(run => isNear(run, moveByModulo, nearly)),
      moved,
    ),
    ...claim(
      'Rendezvous moves what must move, one key in eleven, and nothing else.',
      exact,
      exact.every(run => isNear(run, mustMove, exactly)),
      moved,
    ),
    ...claim(
      `A ring and Maglev move at most ${consistentAllowed} times what must move.`,
      consistent,
      consistent.every(run => coldPerKey(run) > 0 && coldPerKey(run) <= consistentAllowed * mustMove),
      moved,
    ),
    ...both(
      [of(runs, 'round-robin'), modulo],
      'In turn, every origin meets every key: more requests find a cold cache than where all keys have just moved.',
      (turns, table) => coldShare(turns) > coldShare(table),
      cold,
    ),
    ...both(
      [ring, even],
      `The ring pays with uneven shares: its fullest origin has at least ${unevenFrom} times an equal one, that of the tables at most ${evenAllowed}.`,
      (uneven, table) => peak(uneven) >= unevenFrom && peak(table) <= evenAllowed,
      fullest,
    ),
    ...both(
      [bounded, ring],
      'A bound on load makes the ring more even, and at least twice as many requests find a cold cache.',
      (bound, free) => peak(bound) < peak(free) && coldShare(bound) >= 2 * coldShare(free),
      some => `${fullest(some)}, ${cold(some)} are cold`,
    ),
  ]
}

const phases = (durationMs: number) => [
  { name: 'ten', durationMs },
  { name: 'eleven', durationMs },
]

export default defineScenario({
  question: 'An origin is added, and each keeps a cache of its keys: how many requests find a cold cache?',
  situation: 'origins hold caches, and one is added',
  explanation:
    `Ten origins each keep in memory what they were asked for, and an eleventh is added. Requests ask for ${keys} keys, all equally often. ` +
    'Whichever key the balancer now sends elsewhere than before finds a cold cache there, once. The new origin must get one key in eleven, so that is the least. ' +
    'A table by remainder moves nearly everything, and at that moment all caches are as good as empty; consistent hashes move little more than they must. ' +
    'Look at the share of cold requests beside how even the shares of the origins are.',
  seed: 24,
  virtual: { why: 'no live origin joins while a load is running' },
  origins: { count: originsAfter, service: 'fixed:ms=200', responseBytes: 512 },
  load: {
    connections: { kind: 'sessions', requests: 1, gapMs: 0 },
    profile: 'poisson:ratePerSecond=1000',
    pacing: 'timer',
    timeoutMs: 5000,
    from: '127.0.0.2',
    keys: { count: keys, exponent: 0 },
  },
  hostile: [],
  faults: [{ fault: 'kill', origin: originsBefore, phase: 'ten' }],
  measuredPhase: 'eleven',
  effort: {
    quick: { repeats: 1, warmUpMs: 0, phases: phases(40_000) },
    normal: { repeats: 3, warmUpMs: 0, phases: phases(60_000) },
    thorough: { repeats: 10, warmUpMs: 0, phases: phases(120_000) },
  },
  base,
  variants: [
    withBalancer(base, 'uri-hash', 'The remainder of a hash: origin number hash mod n.'),
    withBalancer(base, 'ring-hash', 'The next of 160 points per origin on a ring.'),
    withBalancer(base, 'rendezvous', 'The origin whose hash with the key is highest.'),
    withBalancer(base, 'maglev', 'A table that the origins fill in turn, each in its own order.'),
    withBalancer(
      base,
      'bounded-load+ring-hash',
      'The ring, but nobody gets more than 1.25 times its share of what is in flight.',
    ),
    withBalancer(base, 'round-robin', 'Each in turn, whatever the key.'),
  ],
  limits: [
    'No cache is run, and none is too small: a cache here is the set of keys that an origin has seen.',
    'The eleventh origin is dead until it joins and is found by health checks, because the simulator knows its origins from the start. An origin that leaves would show the same figures backwards.',
    'Real keys are not asked for equally often: hot-key shows what a hash does with a hot one.',
  ],
  judge,
})
