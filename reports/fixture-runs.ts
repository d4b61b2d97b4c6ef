// The runs of the fixture records: five variants of `slowloris`, any number of repeats. For tests only; nothing in them
// was measured: a small model says who holds which connection when, and everything else follows from that.
import { LatencyHistogram } from '../core/histogram.ts'
import { type Rng, randomStream } from '../core/random.ts'
import type { LatencySummary, PhaseSummary, Run, Series } from '../core/record.ts'

export const fixturePhases = [
  { name: 'calm', durationMs: 4000, hostile: false },
  { name: 'attack', durationMs: 8000, hostile: true },
  { name: 'recovery', durationMs: 4000, hostile: false },
]
const intervalMs = 200
const perInterval = 80
const hostilePerSecond = 300

export interface Model {
  readonly name: string
  readonly target: string
  readonly about: string
  readonly settings: Record<string, string | number>
  /** Connections it serves at once, and how long it lets a silent one live (0: for ever). */
  readonly slots: number
  readonly headMs: number
  readonly serviceMs: number
  readonly cpuUs: number
  readonly rssMb: number
  readonly bytesPerHeld: number
}

const loop = { threading: 'single', maxConnections: 600 }
export const fixtureModels: readonly Model[] = [
  {
    name: 'prefork',
    target: 'windtunnel',
    about: '64 processes, each serving one connection at a time.',
    settings: { threading: 'prefork:slots=64', maxConnections: 64, requestHeadMs: 1000 },
    ...{ slots: 64, headMs: 1000, serviceMs: 7, cpuUs: 410, rssMb: 910, bytesPerHeld: 31_000 },
  },
  {
    name: 'loop-no-timeout',
    target: 'windtunnel',
    about: 'One event loop, a connection cap, no limit on how long a request head may take.',
    settings: { ...loop, requestHeadMs: 0 },
    ...{ slots: 600, headMs: 0, serviceMs: 6, cpuUs: 96, rssMb: 58, bytesPerHeld: 3100 },
  },
  {
    name: 'loop-defended',
    target: 'windtunnel',
    about: 'One event loop, a connection cap, and one second for a request head.',
    settings: { ...loop, requestHeadMs: 1000 },
    ...{ slots: 600, headMs: 1000, serviceMs: 6.1, cpuUs: 104, rssMb: 58, bytesPerHeld: 3000 },
  },
  {
    name: 'nginx',
    target: 'nginx',
    about: 'NGINX with one worker and the same limits.',
    settings: { ...loop, requestHeadMs: 1000 },
    ...{ slots: 600, headMs: 1000, serviceMs: 5.8, cpuUs: 88, rssMb: 9, bytesPerHeld: 2400 },
  },
  {
    name: 'haproxy',
    target: 'haproxy',
    about: 'HAProxy with one thread and the same limits.',
    settings: { ...loop, requestHeadMs: 1000 },
    ...{ slots: 600, headMs: 1000, serviceMs: 5.7, cpuUs: 85, rssMb: 12, bytesPerHeld: 1500 },
  },
]

/** Hostile connections held at an instant of the load. */
function heldAt(model: Model, ms: number): number {
  if (ms < 4000 || ms >= 12_000) return 0
  const opened = ((ms - 4000) / 1000) * hostilePerSecond
  const living = model.headMs === 0 ? opened : Math.min(opened, (hostilePerSecond * model.headMs) / 1000)
  return Math.min(model.slots, living)
}

/** Share of honest requests answered: all while slots are free, then what slips in between two attackers. */
function answeredAt(model: Model, ms: number): number {
  const justAfter = ms >= 12_000 && ms < 12_600
  if (model.slots > 300 && model.headMs > 0) return 1
  if (justAfter) return 0.6
  return heldAt(model, ms) < model.slots ? 1 : model.headMs === 0 ? 0.01 : 0.17
}

/** One interval's worth of honest requests, its latencies recorded in the phase's histograms. */
interface Tally {
  readonly latency: LatencyHistogram
  readonly added: LatencyHistogram
  readonly lag: LatencyHistogram
  due: number
  failed: number
}

function playInterval(model: Model, ms: number, rng: Rng, tally: Tally): { answered: number; sorted: number[] } {
  const crowded = answeredAt(model, ms) < 1
  const sorted: number[] = []
  for (let i = 0; i < perInterval; i++) {
    tally.due++
    tally.lag.record(0.2 + rng.exponential(0.25))
    if (rng.uniform() >= answeredAt(model, ms)) {
      tally.failed++
      continue
    }
    const added = 0.15 + rng.exponential(model.cpuUs / 400) + (crowded ? rng.uniform() * 880 : 0)
    tally.added.record(added)
    tally.latency.record(model.serviceMs + added)
    sorted.push(model.serviceMs + added)
  }
  sorted.sort((a, b) => a - b)
  return { answered: sorted.length, sorted }
}

const newTally = (): Tally => ({
  latency: new LatencyHistogram(),
  added: new LatencyHistogram(),
  lag: new LatencyHistogram(),
  due: 0,
  failed: 0,
})

const columnUnits = {
  offered: '1/s',
  completed: '1/s',
  failed: '1/s',
  p50Ms: 'ms',
  p99Ms: 'ms',
  rssBytes: 'bytes',
  openSockets: 'count',
  attackersHeld: 'count',
  targetCpuShare: 'share',
  runQueueShare: 'share',
  loopDelayMaxMs: 'ms',
  gcMs: 'ms',
}
type Column = keyof typeof columnUnits

function rowAt(model: Model, ms: number, rng: Rng, tally: Tally): Record<Column, number | null> {
  const { answered, sorted } = playInterval(model, ms, rng, tally)
  const perSecond = 1000 / intervalMs
  const held = heldAt(model, ms)
  const ours = model.target === 'windtunnel'
  return {
    offered: perInterval * perSecond,
    completed: answered * perSecond,
    failed: (perInterval - answered) * perSecond,
    p50Ms: sorted.length < 10 ? null : sorted[sorted.length >> 1]!,
    p99Ms: sorted.length < 20 ? null : sorted[Math.floor(sorted.length * 0.99)]!,
    rssBytes: Math.round(model.rssMb * 1_048_576 + held * model.bytesPerHeld),
    openSockets: Math.round(held + 20 + rng.uniform() * 8),
    attackersHeld: Math.round(held),
    targetCpuShare: Math.min(1, (answered * perSecond * model.cpuUs) / 1e6 + held / 9000),
    runQueueShare: rng.uniform() * 0.04,
    loopDelayMaxMs: ours ? 1 + rng.exponential(1.2) : null,
    gcMs: ours ? rng.exponential(0.4) : null,
  }
}

function phaseOf(name: string, fromMs: number, toMs: number, tally: Tally, cpuUs: number): PhaseSummary {
  const seconds = (toMs - fromMs) / 1000
  const answered = tally.due - tally.failed
  return {
    name,
    fromMs,
    toMs,
    requests: tally.due,
    latency: tally.latency.summary(),
    service: tally.latency.summary(),
    added: tally.added.summary(),
    lag: tally.lag.summary(),
    throughput: { offeredPerSecond: tally.due / seconds, completedPerSecond: answered / seconds },
    errors: tally.failed === 0 ? {} : { timeout: tally.failed },
    cpuUsPerRequest: answered === 0 ? null : cpuUs * (1 + (3 * tally.failed) / tally.due),
  }
}

/** One run; `disturbed` is the reason why its timing does not count, or null. */
export function playRun(model: Model, repeat: number, disturbed: string | null): Run {
  const rng = randomStream(7, `${model.name}/${repeat}`)
  const series: Series = { intervalMs, atMs: [], columns: {} }
  for (const [column, unit] of Object.entries(columnUnits)) series.columns[column] = { unit, values: [] }
  const done: PhaseSummary[] = []
  let ms = 0
  for (const { name, durationMs } of fixturePhases) {
    const tally = newTally()
    const fromMs = ms
    for (; ms < fromMs + durationMs; ms += intervalMs) {
      series.atMs.push(ms)
      for (const [column, value] of Object.entries(rowAt(model, ms, rng, tally)))
        series.columns[column]!.values.push(value)
    }
    done.push(phaseOf(name, fromMs, ms, tally, model.cpuUs * (1 + rng.uniform() * 0.05)))
  }
  return runOf(model, repeat, done, series, disturbed)
}

function runOf(model: Model, repeat: number, done: PhaseSummary[], series: Series, disturbed: string | null): Run {
  const measured = done[1]!
  const scheduled = done.reduce((sum, phase) => sum + phase.requests, 0)
  const completed = done.reduce((sum, phase) => sum + phase.latency.count, 0)
  const heldPeak = Math.max(...series.columns.attackersHeld!.values.map(Number))
  const rss = series.columns.rssBytes!.values.map(Number)
  return {
    variant: model.name,
    target: model.target,
    engine: 'live',
    repeat,
    seed: 7,
    settings: { pool: 'keep-alive', buffering: 'streaming', ...model.settings },
    phases: done,
    latency: measured.latency as LatencySummary,
    throughput: measured.throughput,
    errors: measured.errors,
    cpu: { usPerRequest: measured.cpuUsPerRequest, totalMs: (completed * model.cpuUs) / 1000, runQueueMs: 210 },
    memory: { rssBytes: rss[0]!, peakRssBytes: Math.max(...rss), bytesPerHeldConnection: model.bytesPerHeld },
    counters: {
      attackersOpened: 2400,
      attackersHeldPeak: heldPeak,
      attackersEndedByServer: model.headMs === 0 ? 0 : 2400 - heldPeak,
      attackerLongestHeldMs: model.headMs === 0 ? 8000 : model.headMs + 180,
      originConnections: 12,
    },
    series,
    generator: {
      scheduleHash: '5f0c9a71d2e4',
      scheduled,
      completed,
      failed: scheduled - completed,
      cpuShare: disturbed ? 0.97 : 0.31,
      runQueueShare: 0.03,
      lagP99Ms: disturbed ? 19.2 : 1.2,
      lagMaxMs: disturbed ? 41 : 4.6,
    },
    trust: {
      accounting: { ok: true, reasons: [] },
      timing: { ok: !disturbed, reasons: disturbed ? [disturbed] : [] },
    },
  }
}
