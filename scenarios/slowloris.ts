// Slow connections against three ways to serve: a slot per connection, an event loop with a cap, an event loop with a cap
// and a deadline for the request head; beside them NGINX and HAProxy with the same cap and the same deadline.
import { plain } from '../core/architecture.ts'
import { kindWhen, perVariant } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { type Architecture, defineScenario } from '../core/scenario.ts'

const base: Architecture = { ...plain, balancer: 'power-of-two', maxConnections: 600, requestHeadMs: 1000 }
const timeoutMs = 1000
const graceMs = 1000
const recoversWithinMs = 1000
const starvedShare = 0.1
/** Starving means little where calm users were not served either. */
const calmShareNeeded = 0.9
const heldBytesAllowed = 40 * 1024

const isPrefork = (run: Run) => `${run.settings.threading}`.startsWith('prefork')
const isCapOnly = (run: Run) => !isPrefork(run) && run.settings.requestHeadMs === 0 && run.settings.limiter === 'none'
const isDefended = (run: Run) => !isPrefork(run) && Number(run.settings.requestHeadMs) > 0

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
const percent = (share: number) => `${(share * 100).toFixed(share > 0.99 && share < 1 ? 1 : 0)} %`
const worst = (values: readonly number[]) => Math.max(...values)

const phaseOf = (run: Run, name: string) => run.phases.find(phase => phase.name === name)!

/** The intervals of the series that begin within [fromMs, toMs). */
function intervals(run: Run, fromMs: number, toMs: number) {
  const column = (name: string, index: number) => run.series.columns[name]?.values[index] ?? 0
  return run.series.atMs.flatMap((atMs, index) =>
    atMs >= fromMs && atMs < toMs
      ? [{ atMs, offered: column('offered', index), completed: column('completed', index) }]
      : [],
  )
}

function servedShare(run: Run, fromMs: number, toMs: number): number {
  const some = intervals(run, fromMs, toMs)
  const offered = some.reduce((sum, one) => sum + one.offered, 0)
  return offered === 0 ? 0 : some.reduce((sum, one) => sum + one.completed, 0) / offered
}

const calmShare = (run: Run) => servedShare(run, 0, phaseOf(run, 'calm').toMs)

/** The end of the attack as honest users feel it: what is due in the last `timeoutMs` may still be served after it. */
function lateShare(run: Run): number {
  const { toMs } = phaseOf(run, 'attack')
  return servedShare(run, toMs - timeoutMs - 400, toMs - timeoutMs)
}

/** From the start of the attack to the first interval in which less than half is served; Infinity when that never is. */
function starvedAfterMs(run: Run): number {
  const { fromMs, toMs } = phaseOf(run, 'attack')
  const first = intervals(run, fromMs, toMs).find(one => one.offered > 0 && one.completed < one.offered / 2)
  return first ? first.atMs - fromMs : Number.POSITIVE_INFINITY
}

/** From the end of the attack until no honest request fails any more. */
function recoveryMs(run: Run): number {
  const { fromMs, toMs } = phaseOf(run, 'recovery')
  const lastFailing = intervals(run, fromMs, toMs).findLast(one => one.completed < one.offered)
  return lastFailing ? lastFailing.atMs + run.series.intervalMs - fromMs : 0
}

const failedOf = (run: Run) => Object.values(run.errors).reduce((sum, count) => sum + count, 0)

function starves(claim: string, runs: readonly Run[], after: readonly Run[]): Claim {
  const onsets = runs.map(starvedAfterMs)
  const later = after.length === 0 || Math.min(...onsets) > worst(after.map(starvedAfterMs))
  const say = (some: readonly Run[]) => {
    const onset = Math.min(...some.map(starvedAfterMs))
    const when = Number.isFinite(onset)
      ? `less than half from ${seconds(onset)} into the attack`
      : 'never less than half'
    return `${when}, ${percent(worst(some.map(lateShare)))} served towards its end`
  }
  const holds = later && runs.every(run => calmShare(run) >= calmShareNeeded && lateShare(run) <= starvedShare)
  return { claim, kind: kindWhen(holds), holds, evidence: perVariant(runs, say), uses: [...runs, ...after] }
}

function judge(runs: readonly Run[]): Claim[] {
  const prefork = runs.filter(isPrefork)
  const capOnly = runs.filter(isCapOnly)
  const defended = runs.filter(isDefended)
  const loops = runs.filter(run => !isPrefork(run) && run.memory.bytesPerHeldConnection !== null)
  const claims: Claim[] = []
  if (prefork.length > 0) {
    claims.push(starves('A slot per connection starves honest users once the slots are held.', prefork, []))
  }
  if (capOnly.length > 0) {
    const later = prefork.length > 0 ? ', only later' : ''
    claims.push(starves(`A connection cap without a head timeout starves them too${later}.`, capOnly, prefork))
  }
  if (defended.length > 0) claims.push(served(defended), gone(defended))
  if (runs.length > 0) claims.push(noUpstream(runs))
  if (loops.length > 0) claims.push(cheap(loops))
  if (runs.length > 0) claims.push(recovers(runs))
  return claims
}

function served(runs: readonly Run[]): Claim {
  const holds = runs.every(run => failedOf(run) === 0 && run.generator.completed > 0)
  const say = (some: readonly Run[]) => {
    const offered = some.reduce((sum, run) => sum + run.generator.scheduled, 0)
    const failed = some.reduce((sum, run) => sum + failedOf(run), 0)
    const p99s = some.flatMap(run => phaseOf(run, 'attack').latency.p99Ms ?? [])
    const p99 = p99s.length === 0 ? '' : `, p99 under attack ${worst(p99s).toFixed(0)} ms`
    return `${failed} of ${offered} requests failed${p99}`
  }
  return {
    claim: 'With a head timeout honest users are served without error throughout.',
    kind: kindWhen(holds),
    holds,
    evidence: perVariant(runs, say),
    uses: runs,
  }
}

function gone(runs: readonly Run[]): Claim {
  const heldMs = (run: Run) => run.counters.attackerLongestHeldMs ?? Number.POSITIVE_INFINITY
  return {
    claim: 'With a head timeout every slow connection is gone within the timeout plus one second.',
    kind: 'timing',
    holds: runs.every(run => heldMs(run) <= Number(run.settings.requestHeadMs) + graceMs),
    evidence: perVariant(runs, some => `held for ${seconds(worst(some.map(heldMs)))} at most`),
    uses: runs,
  }
}

function noUpstream(runs: readonly Run[]): Claim {
  // A connection dialled for an honest client who then gave up may close unused too: at most one for each failed request.
  const spent = (run: Run) =>
    Math.max(0, (run.counters.originConnectionsWithoutRequest ?? 0) - failedOf(run)) +
    (run.counters.originRequestsNotHonest ?? 0)
  const attackers = (run: Run) => run.counters.attackersOpened ?? 0
  const sum = (some: readonly Run[], pick: (run: Run) => number) => some.reduce((total, run) => total + pick(run), 0)
  return {
    claim: 'No upstream connection is spent on an attacker.',
    kind: 'count',
    holds: runs.every(run => spent(run) === 0),
    evidence: perVariant(runs, some => `${sum(some, spent)} for ${sum(some, attackers)} attackers`),
    uses: runs,
  }
}

function cheap(runs: readonly Run[]): Claim {
  const bytes = (run: Run) => run.memory.bytesPerHeldConnection ?? 0
  return {
    claim: `A held connection costs an event loop at most ${heldBytesAllowed / 1024} KB of memory.`,
    kind: 'count',
    holds: runs.every(run => bytes(run) <= heldBytesAllowed),
    evidence: perVariant(runs, some => {
      const held = worst(some.map(run => run.counters.attackersHeldPeak ?? 0))
      return `${(worst(some.map(bytes)) / 1024).toFixed(1)} KB each with up to ${held} held`
    }),
    uses: runs,
  }
}

function recovers(runs: readonly Run[]): Claim {
  const { toMs } = phaseOf(runs[0]!, 'recovery')
  const inTime = (run: Run) => recoveryMs(run) <= recoversWithinMs && servedShare(run, toMs - 200, toMs) > 0
  return {
    claim: `When the attack ends, every honest request is served again within ${seconds(recoversWithinMs)}.`,
    kind: 'timing',
    holds: runs.every(inTime),
    evidence: perVariant(runs, some => `after ${seconds(worst(some.map(recoveryMs)))}`),
    uses: runs,
  }
}

const phases = (calm: number, attack: number, recovery: number) => [
  { name: 'calm', durationMs: calm },
  { name: 'attack', durationMs: attack },
  { name: 'recovery', durationMs: recovery },
]

export default defineScenario({
  question: 'What keeps a proxy serving while somebody opens connections and never finishes asking?',
  explanation:
    'A slow client opens a connection, sends a request head one byte at a time and never ends it. It costs the attacker next to nothing. ' +
    'A server that gives each connection a slot (a process, a thread) is full after as many such clients as it has slots, and everybody else waits. ' +
    'An event loop holds thousands of connections in one thread, but it too has a cap, and without a deadline for the head the cap fills and stays full. ' +
    'What helps is the deadline: with one, an attacker holds no more than its rate times the deadline. ' +
    'Look at the share of honest requests that are served while the attack lasts, at when it falls, and at what each held connection costs.',
  seed: 1,
  origins: { count: 2, service: 'fixed:ms=5', responseBytes: 512 },
  load: {
    connections: { kind: 'sessions', requests: 3, gapMs: 50 },
    profile: 'poisson:ratePerSecond=133',
    pacing: 'timer',
    timeoutMs,
    from: '127.0.0.2',
  },
  hostile: [{ client: 'slowloris:connectionsPerSecond=300,addresses=50', phase: 'attack' }],
  measuredPhase: 'attack',
  effort: {
    quick: { repeats: 1, phases: phases(600, 3600, 1300) },
    normal: { repeats: 2, phases: phases(1200, 4200, 1800) },
    thorough: { repeats: 5, phases: phases(4000, 12000, 6000) },
  },
  base,
  variants: [
    {
      name: 'prefork',
      target: 'windtunnel',
      about: 'A slot per connection: 64 connections are served at a time, the rest wait.',
      settings: { ...base, threading: 'prefork:slots=64' },
    },
    {
      name: 'no-head-timeout',
      target: 'windtunnel',
      about: 'An event loop with a cap of 600 connections and no deadline for a request head.',
      settings: { ...base, requestHeadMs: 0 },
    },
    {
      name: 'defended',
      target: 'windtunnel',
      about: 'The same event loop and cap; a request head has one second.',
      settings: base,
    },
    { name: 'nginx', target: 'nginx', about: 'NGINX, one worker, the same cap and deadline.', settings: base },
    { name: 'haproxy', target: 'haproxy', about: 'HAProxy, one thread, the same cap and deadline.', settings: base },
  ],
  limits: [
    'The slots of `prefork` are modelled: one process serves as many connections at a time as there are slots, so what a slot costs in memory is not shown.',
    'Attackers come from 50 addresses of this machine; the cost of a network and of a handshake over TLS is not measured.',
    'A connection that waits in the kernel’s queue and was never accepted counts as held by the attacker.',
    'What happens above the cap is each server’s own rule: ours holds 511 connections unread and closes the rest, NGINX closes, HAProxy leaves them in the kernel’s queue.',
  ],
  judge,
})
