// An origin closes a kept connection just when the proxy sends on it. Nobody has done anything wrong, and the request is
// lost: whether it was executed the proxy cannot know, so that what it may do next depends on what the request is.
import { plain } from '../core/architecture.ts'
import { kindWhen, perVariant, sum } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

/** What origins allow a connection to be idle, and how far away they are, there and back. */
const originIdleMs = 60
const linkMs = 10
/** Safe when the news of a close, and a request already under way, have had time to pass each other. */
const shorterMs = originIdleMs - 3 * linkMs
const longer = 'keep-alive:idleMs=5000'
const equal = `keep-alive:idleMs=${originIdleMs}`
const shorter = `keep-alive:idleMs=${shorterMs}`
const safe = 'keep-alive:idleMs=5000,reuse=safe'
const careful = 'budgeted:attempts=6,share=1,reserve=1000,perSecond=1000,baseMs=1'
const careless = `${careful},methods=all`
/** The share of requests that an origin executes and whose answer it loses. */
const lostShare = 0.06

const base: Architecture = { ...plain, pool: longer }

const count = (run: Run, name: string) => run.counters[name] ?? 0
/** Requests whose users got no answer although no answer was lost: the connection was stale. */
const stale = (run: Run) => run.generator.failed + count(run, 'warmUpFailed') - count(run, 'origin.executedUnanswered')
const asked = (run: Run) => run.generator.scheduled + count(run, 'warmUpRequests')
const failed = (run: Run) => run.generator.failed + count(run, 'warmUpFailed')
const postsFailed = (run: Run) => count(run, 'posts.failed')
const getsFailed = (run: Run) => failed(run) - postsFailed(run)
const doublePosts = (run: Run) => count(run, 'posts.duplicateExecutions')

const poolIs = (pool: string) => (run: Run) => run.settings.pool === pool
const retriesAre = (spec: string) => (run: Run) => run.settings.retries === spec
const isOurs = (run: Run) => run.target === 'windtunnel'
const share = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`
const total = (runs: readonly Run[], of: (run: Run) => number) => sum(runs.map(of))

function claim(sentence: string, runs: readonly Run[], holds: boolean, say: (some: readonly Run[]) => string): Claim[] {
  if (runs.length === 0) return []
  return [{ claim: sentence, kind: kindWhen(holds), holds, evidence: perVariant(runs, say), uses: runs }]
}

const sayStale = (some: readonly Run[]) =>
  `${total(some, stale)} of ${total(some, asked)} (${share(total(some, stale), total(some, asked))}) failed on a stale connection`
const sayHarm = (some: readonly Run[]) =>
  `${total(some, getsFailed)} GETs and ${total(some, postsFailed)} POSTs failed, ${total(some, doublePosts)} POSTs were executed twice`

function keeping(runs: readonly Run[]): Claim[] {
  const bare = runs.filter(run => isOurs(run) && retriesAre('none')(run))
  const [patient, punctual, hasty] = [longer, equal, shorter].map(pool => bare.filter(poolIs(pool)))
  const picky = runs.filter(run => retriesAre('none')(run) && `${run.settings.pool}`.includes('reuse=safe'))
  return [
    ...claim(
      'A pool that keeps connections longer than the origin sends some requests into a close.',
      patient!,
      patient!.every(run => stale(run) >= 5),
      sayStale,
    ),
    ...claim(
      'The same time on both sides is no cure: the request is under way when the origin’s time is up.',
      punctual!,
      punctual!.every(run => stale(run) >= 3),
      sayStale,
    ),
    ...claim(
      'A pool that gives up first, early enough for the distance, loses none.',
      hasty!,
      hasty!.every(run => stale(run) === 0),
      sayStale,
    ),
    ...claim(
      'reuse=safe spares the first request of each client connection, which its client would not repeat.',
      picky,
      picky.every(run => staleFirsts(run) <= 0 && stale(run) > 0),
      some =>
        `of ${total(some, run => count(run, 'firsts.asked'))} first requests ${total(some, staleFirsts)} failed on a stale connection, of all ${total(some, stale)}`,
    ),
  ]
}

/** First requests that failed and were not executed. */
const staleFirsts = (run: Run) => count(run, 'firsts.failed') - count(run, 'firsts.executedUnanswered')

function repeating(runs: readonly Run[]): Claim[] {
  const none = runs.filter(run => isOurs(run) && retriesAre('none')(run) && poolIs(longer)(run))
  const some = runs.filter(retriesAre(careful))
  const all = runs.filter(retriesAre(careless))
  return [
    ...claim(
      'Repeating what is idempotent saves every GET and never executes a POST twice; POSTs still fail.',
      some,
      some.every(run => getsFailed(run) === 0 && doublePosts(run) === 0 && postsFailed(run) > 0),
      sayHarm,
    ),
    ...claim(
      'Repeating everything fails nobody and executes POSTs twice: the answer was lost, not the work.',
      all,
      all.every(run => failed(run) === 0 && doublePosts(run) > 0),
      sayHarm,
    ),
    ...claim(
      'Who repeats nothing executes nothing twice.',
      none,
      none.every(run => count(run, 'origin.duplicateExecutions') === 0),
      sayHarm,
    ),
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  return [...keeping(runs), ...repeating(runs)]
}

const mixed = (durationMs: number) => [{ name: 'mixed', durationMs }]

export default defineScenario({
  question: 'An origin closes idle connections sooner than the proxy: who loses, and what may be repeated?',
  explanation:
    `Origins close a connection that has been idle for ${originIdleMs} ms, ${linkMs} ms away there and back. The news takes half of that, and a proxy that sends within it sends into a closed door: the answer is a reset. ` +
    'Was the request executed? Here it was not, but from outside this looks exactly like an origin that did the work and lost the answer, which happens too: to six requests in a hundred. ' +
    'A GET may be repeated in either case. A POST may not, unless somebody is ready to charge a card twice. ' +
    'The cure that needs no guess is to give up idle connections before the origin does. ' +
    'Look at the requests that failed, and at the POSTs that were executed twice.',
  seed: 17,
  origins: { count: 4, service: 'fixed:ms=2', responseBytes: 256, idleMs: originIdleMs, linkMs },
  load: {
    connections: { kind: 'sessions', requests: 3, gapMs: 40 },
    profile: 'poisson:ratePerSecond=25',
    pacing: 'timer',
    timeoutMs: 2000,
    from: '127.0.0.2',
    postShare: 0.5,
  },
  hostile: [],
  faults: [0, 1, 2, 3].map(origin => ({ fault: `lose-answer:share=${lostShare}`, origin, phase: 'mixed' })),
  measuredPhase: 'mixed',
  effort: {
    quick: { repeats: 1, warmUpMs: 300, phases: mixed(4000) },
    normal: { repeats: 3, phases: mixed(6000) },
    thorough: { repeats: 10, phases: mixed(15_000) },
  },
  base,
  variants: [
    { name: 'longer', target: 'windtunnel', about: 'Idle connections are kept for 5 s.', settings: base },
    {
      name: 'equal',
      target: 'windtunnel',
      about: `Kept for ${originIdleMs} ms, like the origin does.`,
      settings: { ...base, pool: equal },
    },
    {
      name: 'shorter',
      target: 'windtunnel',
      about: `Kept for ${shorterMs} ms.`,
      settings: { ...base, pool: shorter },
    },
    {
      name: 'reuse=safe',
      target: 'windtunnel',
      about: 'Kept for 5 s, but the first request of a client’s connection gets a new one.',
      settings: { ...base, pool: safe },
    },
    {
      name: 'careful retries',
      target: 'windtunnel',
      about: 'Kept for 5 s; what is idempotent is tried again.',
      settings: { ...base, retries: careful },
    },
    {
      name: 'careless retries',
      target: 'windtunnel',
      about: 'Kept for 5 s; everything is tried again.',
      settings: { ...base, retries: careless },
    },
    {
      name: 'haproxy safe',
      target: 'haproxy',
      about: 'HAProxy with http-reuse safe; a client whose later request fails is told by a closed connection.',
      settings: { ...base, pool: 'keep-alive:reuse=safe' },
    },
  ],
  limits: [
    'Idle times are chosen close to the gaps between requests, so that a rare accident becomes a common one: shares are larger than in life, and which variant loses is not.',
    'The origin executes a POST as often as it comes. One with idempotency keys would not, and a proxy cannot know.',
    'POSTs have no body, so that the proxy still has all of the request when it must decide.',
    'HAProxy has no idle time that could be set shorter than the origin’s.',
  ],
  judge,
})
