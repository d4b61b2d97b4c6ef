// Thousands of idle clients against event loops and against a slot per connection: what each one held costs in memory, and
// who is still served. Named after Dan Kegel, “The C10K problem”, http://www.kegel.com/c10k.html.
import { plain } from '../core/architecture.ts'
import { kindWhen, perVariant, sum } from '../core/evidence.ts'
import { fitLine, type LineFit } from '../core/line-fit.ts'
import type { Claim, Run } from '../core/record.ts'
import { defineScenario, type EffortPlan } from '../core/scenario.ts'

const idleClients = 4000
const rampPerSecond = 1600
const timeoutMs = 1000
const keptAllowedBytes = 16 * 1024
/** Memory comes in steps; a line that explains less than this says nothing of one connection. */
const fitNeeded = 0.8
const heldShareNeeded = 0.95
const starvedShare = 0.1
const calmShareNeeded = 0.9

const isPrefork = (run: Run) => `${run.settings.threading}`.startsWith('prefork')
const heldPeak = (run: Run) => run.counters.attackersHeldPeak ?? 0
const holdsCrowd = (run: Run) => heldPeak(run) >= heldShareNeeded * idleClients
const failedOf = (run: Run) => run.generator.failed
const percent = (share: number) => `${(share * 100).toFixed(share > 0.99 && share < 1 ? 1 : 0)} %`
const phaseOf = (run: Run, name: string) => run.phases.find(phase => phase.name === name)!

/** The share served of what was due in [fromMs, toMs); null when nothing was. */
function servedShare(run: Run, fromMs: number, toMs: number): number | null {
  const within = run.series.atMs.flatMap((atMs, index) => (atMs >= fromMs && atMs < toMs ? [index] : []))
  const total = (name: string) => sum(within.map(index => run.series.columns[name]?.values[index] ?? 0))
  const offered = total('offered')
  return offered > 0 ? total('completed') / offered : null
}

const calmShare = (run: Run) => servedShare(run, 0, phaseOf(run, 'calm').toMs) ?? 0

/** What is due in the last `timeoutMs` may still be served when the crowd has left. */
function lateShare(run: Run): number {
  const { toMs } = phaseOf(run, 'crowd')
  return servedShare(run, toMs - timeoutMs - 600, toMs - timeoutMs) ?? 1
}

/** Resident bytes over held connections while they come: once all are there, memory may only settle. Null: not known. */
function memoryFit(run: Run): LineFit | null {
  const held = run.series.columns.attackersHeld?.values ?? []
  const rss = run.series.columns.rssBytes?.values ?? []
  const first = held.findIndex(count => (count ?? 0) > 0)
  const full = held.findIndex(count => (count ?? 0) >= 0.98 * heldPeak(run))
  if (first < 0 || full < 0) return null
  // One interval past the peak: memory follows the connections by a moment.
  const points = held.flatMap((count, index) => {
    const bytes = rss[index] ?? null
    const inside = index >= first - 1 && index <= full + 1
    return inside && count !== null && bytes !== null ? [[count, bytes] as const] : []
  })
  return fitLine(points)
}

function cheap(runs: readonly Run[]): Claim {
  const fits = runs.map(memoryFit)
  const known = fits.every(fit => fit !== null && fit.rSquared >= fitNeeded) && runs.every(holdsCrowd)
  const within = fits.every(fit => fit !== null && fit.slope > 0 && fit.slope <= keptAllowedBytes)
  const say = (some: readonly Run[]) =>
    some
      .map(run => {
        const fit = memoryFit(run)
        if (fit === null) return 'not known'
        return `${(fit.slope / 1024).toFixed(1)} KB each, R² ${fit.rSquared.toFixed(3)}, up to ${heldPeak(run)} held`
      })
      .join(' and ')
  return {
    claim: `An idle connection costs an event loop at most ${keptAllowedBytes / 1024} KB of resident memory.`,
    kind: 'count',
    holds: known && within,
    evidence: perVariant(runs, say),
    uses: runs,
    ...(known ? {} : { undecided: 'too few were held, or memory did not grow in a line with them' }),
  }
}

function kept(runs: readonly Run[]): Claim {
  const holds = runs.every(holdsCrowd)
  return {
    claim: `An event loop holds at least ${percent(heldShareNeeded)} of ${idleClients} idle clients at once.`,
    kind: kindWhen(holds),
    holds,
    evidence: perVariant(runs, some => `${Math.min(...some.map(heldPeak))} held`),
    uses: runs,
  }
}

function served(runs: readonly Run[]): Claim {
  const holds = runs.every(run => failedOf(run) === 0 && run.generator.completed > 0)
  const say = (some: readonly Run[]) =>
    `${sum(some.map(failedOf))} of ${sum(some.map(run => run.generator.scheduled))} requests failed`
  return {
    claim: 'An event loop answers every honest request while the idle clients come and stay.',
    kind: kindWhen(holds),
    holds,
    evidence: perVariant(runs, say),
    uses: runs,
  }
}

function shutOut(runs: readonly Run[]): Claim {
  const holds = runs.every(run => calmShare(run) >= calmShareNeeded && lateShare(run) <= starvedShare)
  const say = (some: readonly Run[]) => {
    const late = percent(Math.max(...some.map(lateShare)))
    const calm = percent(Math.min(...some.map(calmShare)))
    return `${calm} served before, ${late} towards the end; at most ${Math.max(...some.map(heldPeak))} idle clients held or waiting`
  }
  return {
    claim: 'A slot per connection shuts honest users out once idle clients have the slots.',
    kind: kindWhen(holds),
    holds,
    evidence: perVariant(runs, say),
    uses: runs,
  }
}

function judge(runs: readonly Run[]): Claim[] {
  const loops = runs.filter(run => !isPrefork(run))
  const prefork = runs.filter(isPrefork)
  return [
    ...(loops.length > 0 ? [kept(loops), cheap(loops), served(loops)] : []),
    ...(prefork.length > 0 ? [shutOut(prefork)] : []),
  ]
}

const effort = (repeats: number, calm: number, crowd: number): EffortPlan => ({
  repeats,
  phases: [
    { name: 'calm', durationMs: calm },
    { name: 'crowd', durationMs: crowd },
  ],
})

// Idle clients are to stay: no deadline takes them away within the run.
const base = { ...plain, requestHeadMs: 60_000 }

export default defineScenario({
  question: 'What does it take to hold thousands of clients that say nothing?',
  explanation:
    'Most open connections do nothing most of the time: a browser keeps one in case it needs it again. ' +
    'Here four thousand clients connect, ask once and stay, while a few honest users come, ask and leave. ' +
    'An event loop keeps only a little memory for each client, and one thread holds them all. ' +
    'A server that gives each connection a process or a thread has no more clients than slots: idle ones fill the slots, and whoever comes later waits. ' +
    'Look at how resident memory grows with the connections held, and at the share of honest requests that are served meanwhile.',
  seed: 1,
  origins: { count: 2, service: 'fixed:ms=2', responseBytes: 512 },
  load: {
    connections: { kind: 'sessions', requests: 2, gapMs: 50 },
    profile: 'poisson:ratePerSecond=60',
    pacing: 'timer',
    timeoutMs,
    from: '127.0.0.2',
  },
  hostile: [
    { client: `idle:connections=${idleClients},connectionsPerSecond=${rampPerSecond},addresses=20`, phase: 'crowd' },
  ],
  measuredPhase: 'crowd',
  effort: {
    quick: effort(1, 800, 4600),
    normal: effort(3, 1200, 5200),
    thorough: effort(8, 3000, 8000),
  },
  base,
  variants: [
    { name: 'event-loop', target: 'windtunnel', about: 'Our proxy, one event loop.', settings: base },
    {
      name: 'prefork',
      target: 'windtunnel',
      about: 'A slot per connection: 256 connections are served at a time, the rest wait.',
      settings: { ...base, threading: 'prefork:slots=256' },
    },
    { name: 'nginx', target: 'nginx', about: 'NGINX, one worker.', settings: base },
    { name: 'haproxy', target: 'haproxy', about: 'HAProxy, one thread.', settings: base },
  ],
  limits: [
    'Four thousand clients, not ten: both ends of each connection are on this machine, and its limits on open files are shared. The cost of one connection is a slope, so it does not hang on their number.',
    'Resident memory of the proxy’s processes is measured; what the kernel keeps for each socket is not in it.',
    'The slots of `prefork` are modelled in one event loop, so what a process or a thread costs in memory is not shown: `npm run threads` measures that, with 200 of them, and extrapolates to 10,000.',
    'Memory grows in steps and a young JavaScript heap grows with whatever it does: R² says how far from a line it was, and below 0.8 nothing is claimed.',
    'Slots are lost to idle clients for as long as the server lets them idle; a shorter idle time-out gives slots back, and is not tried here.',
  ],
  judge,
})
