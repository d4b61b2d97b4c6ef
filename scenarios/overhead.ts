// All targets beside each other: what a relayed request costs in CPU and in time, how much each can carry, and what an
// idle connection costs. Open loop for latency, closed loop for capacity.
import { plain } from '../core/architecture.ts'
import { median, perVariant, sum } from '../core/evidence.ts'
import type { Claim, Run } from '../core/record.ts'
import { defineScenario, type EffortPlan } from '../core/scenario.ts'

// Round robin, because every target can do it alike.
const base = plain

const nodeTargets = ['http-proxy', 'http-proxy-3', 'fast-proxy', 'fastify-http-proxy']

const idleClients = 2000
const cpuToNginxAllowed = 1.3
const cpuToNodeAllowed = 0.45
const idleToNodeAllowed = 1 / 3

const isOurs = (run: Run) => run.target === 'windtunnel'
const isNode = (run: Run) => nodeTargets.includes(run.target)
/** Something measured of a run; null when it was not. */
interface Figure {
  readonly of: (run: Run) => number | null
  readonly show: (value: number) => string
  readonly best: 'lowest' | 'highest'
  /** Whether it rests on the clock. A cost that is too high is set down to the neighbours when they took the core. */
  readonly timed: boolean
}

const counter = (name: string) => (run: Run) => run.counters[name] ?? null
const us = (value: number) => `${value.toFixed(1)} µs`
const cpu: Figure = { of: counter('flatOutCpuUsPerRequest'), show: us, best: 'lowest', timed: false }
const idle: Figure = {
  // Neighbours may keep clients out, and what a proxy gives back meanwhile may exceed what the few that came in cost.
  of: run => {
    const bytes = run.memory.bytesPerHeldConnection
    return bytes !== null && bytes > 0 && (run.counters.attackersHeldPeak ?? 0) >= 0.95 * idleClients ? bytes : null
  },
  show: value => `${(value / 1024).toFixed(1)} KB`,
  best: 'lowest',
  timed: false,
}
const capacity: Figure = {
  of: counter('capacityRequestsPerSecond'),
  show: value => `${value.toFixed(0)}/s`,
  best: 'highest',
  timed: true,
}
const added: Figure = {
  of: run => run.phases.find(phase => phase.name === 'steady')?.added.p50Ms ?? null,
  show: value => us(value * 1000),
  best: 'lowest',
  timed: true,
}

/** Ours over the peer of the same repeat (the best one, when there are several), and the runs that were compared. */
function pair(ours: readonly Run[], peers: readonly Run[], figure: Figure) {
  const ratios: number[] = []
  const uses: Run[] = []
  for (const run of ours) {
    const beside = peers.filter(peer => peer.repeat === run.repeat && figure.of(peer) !== null)
    const values = beside.map(peer => figure.of(peer)!)
    const value = figure.of(run)
    if (value === null || values.length === 0) continue
    ratios.push(value / (figure.best === 'lowest' ? Math.min(...values) : Math.max(...values)))
    uses.push(run, ...beside)
  }
  return { ratios, uses }
}

/** The median of a figure of each variant, in words. */
const shown = (runs: readonly Run[], figure: Figure) =>
  perVariant(runs, some => {
    const values = some.flatMap(run => figure.of(run) ?? [])
    return values.length > 0 ? figure.show(median(values)) : 'not known'
  })

interface Comparison {
  readonly claim: string
  readonly figure: Figure
  readonly holds: (ratio: number) => boolean
}

function compare(ours: readonly Run[], peers: readonly Run[], comparison: Comparison): Claim[] {
  const { claim, figure } = comparison
  const { ratios, uses } = pair(ours, peers, figure)
  if (ratios.length === 0) return []
  const ratio = median(ratios)
  const holds = comparison.holds(ratio)
  const repeats = ratios.length === 1 ? '1 repeat' : `the middle of ${ratios.length} repeats`
  return [
    {
      claim,
      kind: figure.timed || !holds ? 'timing' : 'count',
      holds,
      evidence: `${ratio.toFixed(2)} times, ${repeats}. ${shown(uses, figure)}`,
      uses,
    },
  ]
}

/** A time-out may be the instrument's doing, so that "no failures" rests on timing when time-outs are all that failed. */
function answered(runs: readonly Run[]): Claim[] {
  const ours = runs.filter(isOurs)
  if (ours.length === 0) return []
  const failedOf = (run: Run) => run.generator.failed + (run.counters.capacityErrors ?? 0)
  const failed = sum(ours.map(failedOf))
  const late = sum(ours.map(run => run.errors.timeout ?? 0))
  return [
    {
      claim: 'Our proxy answers every request, in the open loop and in the closed ones.',
      kind: failed > 0 && failed === late ? 'timing' : 'count',
      holds: failed === 0 && ours.every(run => run.generator.completed > 0),
      evidence: perVariant(runs, some => {
        const asked = sum(some.map(run => run.generator.scheduled + (run.counters.capacityAnswered ?? 0)))
        return `${sum(some.map(failedOf))} of ${asked} failed`
      }),
      uses: runs,
    },
  ]
}

function claimsOf(name: string, runs: readonly Run[]): Claim[] {
  const ours = runs.filter(run => run.variant === name)
  const nginx = runs.filter(run => run.target === 'nginx')
  const node = runs.filter(isNode)
  const atMost = (allowed: number) => (ratio: number) => ratio <= allowed
  return [
    ...compare(ours, nginx, {
      claim: `${name} needs at most ${cpuToNginxAllowed} times the CPU of NGINX per keep-alive request, each as fast as it is asked.`,
      figure: cpu,
      holds: atMost(cpuToNginxAllowed),
    }),
    ...compare(ours, node, {
      claim: `${name} needs at most ${cpuToNodeAllowed} times the CPU of the best Node proxy per keep-alive request.`,
      figure: cpu,
      holds: atMost(cpuToNodeAllowed),
    }),
    ...compare(ours, node, {
      claim: `An idle connection costs ${name} at most a third of the memory it costs the best Node proxy.`,
      figure: idle,
      holds: atMost(idleToNodeAllowed),
    }),
    ...compare(ours, node, {
      claim: `At the fixed rate ${name} adds no more time at the median than the best Node proxy.`,
      figure: added,
      holds: ratio => ratio <= 1,
    }),
    ...compare(ours, node, {
      claim: `${name} answers at least as many requests in a closed loop as the best Node proxy.`,
      figure: capacity,
      holds: ratio => ratio >= 1,
    }),
  ]
}

function judge(runs: readonly Run[]): Claim[] {
  const ours = [...new Set(runs.filter(isOurs).map(run => run.variant))]
  return [...answered(runs), ...ours.flatMap(name => claimsOf(name, runs))]
}

function effort(
  repeats: number,
  open: { readonly warmUpMs: number; readonly steadyMs: number; readonly idleMs: number },
  closed: { readonly warmUpMs: number; readonly durationMs: number },
): EffortPlan {
  return {
    repeats,
    warmUpMs: open.warmUpMs,
    phases: [
      { name: 'steady', durationMs: open.steadyMs },
      { name: 'idle', durationMs: open.idleMs },
    ],
    capacity: { connections: 50, ...closed },
  }
}

export default defineScenario({
  question: 'What does each proxy cost, and how much can it carry?',
  explanation:
    'Our proxy stands beside NGINX, HAProxy, Caddy and the proxies that a Node user would pick, each with one process on one core and four origins in turn. ' +
    'First two thousand requests per second come at random instants on fifty kept connections, whatever the answers do: that shows the time a proxy adds. ' +
    'Then two thousand clients connect, ask once and stay idle: that shows what a connection costs in memory. ' +
    'Last, fifty connections ask again as soon as they are answered: autocannon shows how much a proxy carries, and a leaner client what a request costs when the proxy never rests. ' +
    'Look at “CPU flat out” first, and at “core busy” beside it: where the core was not busy, the load ran out before the proxy did.',
  seed: 1,
  origins: { count: 4, service: 'fixed:ms=0', responseBytes: 512 },
  load: {
    connections: { kind: 'keep-alive', count: 50 },
    // What the dearest of them can carry while idle clients connect.
    profile: 'poisson:ratePerSecond=2000',
    pacing: 'spin',
    timeoutMs: 2000,
    from: '127.0.0.2',
  },
  hostile: [{ client: `idle:connections=${idleClients},connectionsPerSecond=2200,addresses=10`, phase: 'idle' }],
  measuredPhase: 'steady',
  effort: {
    quick: effort(1, { warmUpMs: 200, steadyMs: 400, idleMs: 1200 }, { warmUpMs: 1700, durationMs: 300 }),
    normal: effort(3, { warmUpMs: 3000, steadyMs: 2500, idleMs: 2200 }, { warmUpMs: 3000, durationMs: 2000 }),
    thorough: effort(10, { warmUpMs: 3000, steadyMs: 5000, idleMs: 3000 }, { warmUpMs: 4000, durationMs: 4000 }),
  },
  base,
  variants: [
    { name: 'windtunnel', target: 'windtunnel', about: 'Our proxy, one event loop.', settings: base },
    { name: 'nginx', target: 'nginx', about: 'NGINX, one worker.', settings: base },
    { name: 'haproxy', target: 'haproxy', about: 'HAProxy, one thread.', settings: base },
    { name: 'caddy', target: 'caddy', about: 'Caddy on one core.', settings: base },
    { name: 'http-proxy', target: 'http-proxy', about: 'The proxy most Node projects know.', settings: base },
    { name: 'http-proxy-3', target: 'http-proxy-3', about: 'The rewrite of http-proxy.', settings: base },
    { name: 'fast-proxy', target: 'fast-proxy', about: 'fast-proxy on Node’s HTTP agent.', settings: base },
    { name: 'fastify-http-proxy', target: 'fastify-http-proxy', about: '@fastify/http-proxy.', settings: base },
  ],
  limits: [
    'The closed loop, the origins and the idle clients share one core; the proxy has the other. autocannon cannot keep a lean proxy busy: its capacity is a lower bound. CPU flat out comes from the leaner client, and “core busy” says whether that one could.',
    'A run without a proxy is left out to keep this short, and can be asked for: target=direct.',
    'CPU per request falls as a proxy gets busier, because more is done each time it wakes: at the fixed rate every target is dearer than in the closed loop.',
    'A proxy in JavaScript needs tens of thousands of requests before its code is compiled for speed; with effort=quick it has that in the closed loop only, and is dearer and slower at the fixed rate than it would become.',
    'Small responses over loopback: neither a network nor a large body nor TLS is measured. Caddy has no cap on client connections.',
  ],
  judge,
})
