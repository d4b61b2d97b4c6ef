// Few keys are asked for all the time. Hashing keeps each on one origin, where a cache would know it, and pays with an uneven
// load; drawing is even and shows every key to every origin.
import { plain } from '../core/architecture.ts'
import { perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const base: Architecture = { ...plain, balancer: 'ring-hash' }

const originCount = 4
const spreadNeeded = 2.5
const unevenNeeded = 1.25
const evenAllowed = 1.15

const isHashed = (run: Run) => /^(ring-hash|maglev|rendezvous|uri-hash)/.test(`${run.settings.balancer}`)
const isBounded = (run: Run) => /^bounded-load/.test(`${run.settings.balancer}`)

/** What the busiest origin got, in times an equal share. */
function busiest(run: Run): number {
  const counts = Array.from(
    { length: originCount },
    (_, index) => run.counters[`origin.o${index}.measuredRequests`] ?? 0,
  )
  const all = counts.reduce((sum, count) => sum + count, 0)
  return all === 0 ? 0 : (Math.max(...counts) * originCount) / all
}

const originsMean = (run: Run) => run.counters['keys.originsMean'] ?? 0
const originsMax = (run: Run) => run.counters['keys.originsMax'] ?? 0

const seenBy = (runs: readonly Run[]) =>
  perVariant(runs, ([run]) => {
    const { 'keys.asked': asked = 0 } = run!.counters
    return `${asked} keys, each seen by ${originsMean(run!).toFixed(2)} origins on average, at most ${originsMax(run!)}`
  })

const loads = (runs: readonly Run[]) =>
  perVariant(runs, some => `the busiest origin got ${Math.max(...some.map(busiest)).toFixed(2)} times an equal share`)

function claimOf(claim: string, runs: readonly Run[], holds: (run: Run) => boolean, evidence: string): Claim[] {
  return runs.length === 0 ? [] : [{ claim, kind: 'count', holds: runs.every(holds), evidence, uses: runs }]
}

/** A bound is between the two: what it takes from the busiest is compared with the hash within it, in the same result. */
function between(bounded: readonly Run[], hashed: readonly Run[]): Claim[] {
  if (hashed.length === 0) return []
  const unbounded = Math.min(...hashed.map(busiest))
  return claimOf(
    'A bound on load takes from the busiest origin of the hash, and shows most keys to few origins still.',
    bounded,
    run => busiest(run) < unbounded && originsMean(run) < spreadNeeded,
    `${loads(bounded)} Of the hash alone it gets ${unbounded.toFixed(2)} times. ${seenBy(bounded)}`,
  )
}

function judge(runs: readonly Run[]): Claim[] {
  const hashed = runs.filter(isHashed)
  const bounded = runs.filter(isBounded)
  const spread = runs.filter(run => !isHashed(run) && !isBounded(run))
  const ours = hashed.filter(run => run.target === 'windtunnel')
  return [
    ...claimOf('A hash shows each key to one origin.', hashed, run => originsMax(run) === 1, seenBy(hashed)),
    ...claimOf(
      'Without one, a key is seen by most origins.',
      spread,
      run => originsMean(run) >= spreadNeeded,
      seenBy(spread),
    ),
    ...claimOf(
      `The hash pays: its busiest origin gets at least ${unevenNeeded} times an equal share.`,
      hashed,
      run => busiest(run) >= unevenNeeded,
      loads(hashed),
    ),
    ...claimOf(
      `Without one, the busiest origin gets at most ${evenAllowed} times an equal share.`,
      spread,
      run => busiest(run) > 0 && busiest(run) <= evenAllowed,
      loads(spread),
    ),
    ...between(bounded, ours),
  ]
}

const phases = (durationMs: number) => [{ name: 'load', durationMs }]

export default defineScenario({
  question: 'A few keys are asked for all the time: what does hashing keep together, and what does it cost?',
  situation: 'a few keys are asked for all the time',
  explanation:
    'Requests ask for one of 100 keys, and as with pages or customers the first is asked for far more often than the last. ' +
    'A balancer that hashes the key sends all requests for one key to one origin, which then holds in its cache a quarter of the keys rather than all of them. ' +
    'But it cannot split a key: whoever has the hottest one gets all of its requests. Drawing at random gives everybody the same, and makes every origin meet every key. ' +
    'A bound on the load of each origin passes the hottest keys on to the next one when their origin is busy: a little of both. ' +
    'Look at how many origins saw a key, and at the share of the busiest origin.',
  seed: 13,
  origins: { count: originCount, service: 'fixed:ms=2', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 50 },
    profile: 'poisson:ratePerSecond=1000',
    pacing: 'timer',
    timeoutMs: 2000,
    from: '127.0.0.2',
    keys: { count: 100, exponent: 1.3 },
  },
  hostile: [],
  measuredPhase: 'load',
  effort: {
    quick: { repeats: 1, phases: phases(3000) },
    normal: { repeats: 3, phases: phases(4000) },
    thorough: { repeats: 5, phases: phases(10_000) },
  },
  base,
  variants: [
    {
      name: 'random',
      target: 'windtunnel',
      about: 'Drawn, whatever the key.',
      settings: { ...base, balancer: 'random' },
    },
    { name: 'ring-hash', target: 'windtunnel', about: 'By key, on a ring of 160 points per origin.', settings: base },
    {
      name: 'bounded ring-hash',
      target: 'windtunnel',
      about: 'The same ring, but nobody gets more than 1.25 times its share of what is in flight.',
      settings: { ...base, balancer: 'bounded-load+ring-hash' },
    },
    { name: 'nginx hash', target: 'nginx', about: 'NGINX: hash $request_uri consistent.', settings: base },
    { name: 'haproxy uri', target: 'haproxy', about: 'HAProxy: balance uri, hash-type consistent.', settings: base },
  ],
  limits: [
    'No cache is run: what an origin’s cache would be spared is counted as the number of origins that meet a key.',
    'Which origin gets the hottest key is an accident of hashing, and differs between proxies; that one gets it is not.',
    'NGINX and HAProxy hash the name or number of a server, so their rings are not ours.',
  ],
  judge,
})
