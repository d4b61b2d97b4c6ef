// A made-up sweep for the tests of reports/: any number of series, each slower by its index and with every step along the
// axis, and one whose requests fail at the far end. Nothing in it was measured.
import { LatencyHistogram } from '../core/histogram.ts'
import { randomStream } from '../core/random.ts'
import type { PhaseSummary, Run, ScenarioRecord } from '../core/record.ts'
import { steadyRecord } from './fixture.ts'

export interface SweepShape {
  readonly series: readonly string[]
  readonly points: readonly number[]
  readonly repeats: number
}

const standard: SweepShape = { series: ['random', 'two looks', 'all looks'], points: [1, 10, 100], repeats: 2 }
const requests = 2000

/** Age of the view, 1 to 100 ms; `all looks` answers only half of the requests at the oldest. */
export function sweepRecord(shape: Partial<SweepShape> = {}): ScenarioRecord {
  const { series, points, repeats } = { ...standard, ...shape }
  const record = steadyRecord()
  const nameOf = (name: string, at: number) => `${name}, age ${at} ms`
  const runs = series.flatMap((name, index) =>
    points.flatMap(at =>
      Array.from({ length: repeats }, (_, repeat) => {
        const failed = name === 'all looks' && at === points.at(-1) ? requests / 2 : 0
        return runAt(record.runs[0]!, nameOf(name, at), { series: name, at }, repeat, 4 + 4 * index + at, failed)
      }),
    ),
  )
  return {
    ...record,
    scenario: 'stale-view',
    question: 'How old may a view of the load be?',
    sweep: { axis: 'age', unit: 'ms', scale: 'log' },
    variants: series.flatMap(name =>
      points.map(at => ({ name: nameOf(name, at), target: 'windtunnel', about: `Series ${name}.`, skipped: null })),
    ),
    runs,
  }
}

function runAt(
  like: Run,
  variant: string,
  point: { series: string; at: number },
  repeat: number,
  meanMs: number,
  failed: number,
): Run {
  const rng = randomStream(7, `${variant}/${repeat}`)
  const latency = new LatencyHistogram()
  for (let request = failed; request < requests; request++) latency.record(1 + rng.exponential(meanMs - 1))
  const added = new LatencyHistogram()
  for (let request = failed; request < requests; request++) added.record(0.001)
  const errors: Record<string, number> = failed > 0 ? { timeout: failed } : {}
  const phase: PhaseSummary = {
    ...like.phases[0]!,
    requests,
    latency: latency.summary(),
    service: latency.summary(),
    added: added.summary(),
    errors,
    cpuUsPerRequest: null,
  }
  return {
    ...like,
    variant,
    engine: 'simulation',
    repeat,
    point,
    phases: [phase],
    latency: phase.latency,
    errors,
    cpu: { usPerRequest: null, totalMs: 0, runQueueMs: 0 },
    memory: { rssBytes: 0, peakRssBytes: 0, bytesPerHeldConnection: null },
    counters: { originRequests: requests, 'origins.peakToMean': 1 + point.at / 50, 'origin.o0.requests': 17 },
    generator: {
      ...like.generator,
      scheduleHash: `due-${point.at}-${repeat}`,
      scheduled: requests,
      completed: requests - failed,
      failed,
    },
  }
}
