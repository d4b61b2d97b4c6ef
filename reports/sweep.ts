// A record seen along the axis of its sweep: which series there are, at which points, and the metrics worth a table or a
// chart there.
import type { Run, ScenarioRecord } from '../core/record.ts'
import { answeredIn, type Metric, metricsOf } from './metrics.ts'
import { type Spread, spreadOver } from './spread.ts'
import { counterMetrics } from './sweep-counters.ts'
import { formatValue } from './units.ts'

export interface SweepView {
  readonly axis: string
  readonly unit: string
  readonly log: boolean
  /** In the order of the record. */
  readonly series: readonly string[]
  /** Rising. */
  readonly points: readonly number[]
}

/** The sweep of a record; null when nothing is varied, or nothing ran. */
export function sweepOf({ sweep, runs }: ScenarioRecord): SweepView | null {
  const placed = runs.flatMap(run => run.point ?? [])
  if (sweep === undefined || placed.length === 0) return null
  return {
    axis: sweep.axis,
    unit: sweep.unit,
    log: sweep.scale === 'log',
    series: [...new Set(placed.map(({ series }) => series))],
    points: [...new Set(placed.map(({ at }) => at))].sort((a, b) => a - b),
  }
}

/** Units that are short enough to stand at every point. */
const shortUnits = ['', '%', 'ms', 'bytes']

/** A point in a table or at a chart: "90 %", "10,000"; a long unit stands in the title of the axis. */
export function tickOf({ unit }: Pick<SweepView, 'unit'>, at: number): string {
  return formatValue(shortUnits.includes(unit) ? unit : '', at)
}

/** The axis as a title: "load", "offered load, times capacity". */
export function axisTitle({ axis, unit }: Pick<SweepView, 'axis' | 'unit'>): string {
  return shortUnits.includes(unit) ? axis : `${axis}, ${unit}`
}

/** A point in a sentence: "load 90 %". */
export function pointInWords({ axis, unit }: Pick<SweepView, 'axis' | 'unit'>, at: number): string {
  return `${axis} ${formatValue(unit, at)}`
}

/** The runs of a series, at one point or at all. */
export function seriesRuns(record: ScenarioRecord, series: string, at?: number): Run[] {
  return record.runs.filter(({ point }) => point?.series === series && (at === undefined || point.at === at))
}

/** A metric of a series at a point, over the repeats. */
export function spreadAt(record: ScenarioRecord, series: string, at: number, metric: Metric): Spread | null {
  return spreadOver(seriesRuns(record, series, at), metric)
}

/** The runs of one point as a record of their own, in which each series is a variant. */
export function atPoint(record: ScenarioRecord, at: number): ScenarioRecord {
  const runs = record.runs.flatMap(run => (run.point?.at === at ? [{ ...run, variant: run.point.series }] : []))
  return { ...record, variants: [], runs }
}

/** The point at which the fewest requests were answered; the last of equals. */
export function hardestPoint(record: ScenarioRecord, { points }: SweepView): number {
  const failed = (at: number) =>
    atPoint(record, at).runs.reduce((sum, { generator }) => sum + generator.failed / generator.scheduled, 0)
  return points.reduce((hardest, at) => (failed(at) >= failed(hardest) ? at : hardest))
}

/** What a metric is called where no group stands above it. */
export function titleOf({ group, label }: Metric): string {
  return group === 'latency' ? `latency, ${label}` : label
}

/** The metrics that a reader of the axis wants, the most telling first; one that is the same everywhere is left out. */
export function sweepMetrics(record: ScenarioRecord): Metric[] {
  const all = metricsOf(record)
  const pick = (...shorts: string[]) => shorts.flatMap(short => all.filter(metric => metric.short === short))
  const answered = answeredMetrics(record)
  return [
    ...answered,
    ...(answered.length > 0 ? pick('done') : []),
    ...pick('mean', 'p50', 'p99', 'p99.9'),
    ...counterMetrics(record.runs),
  ]
}

const shareWorth = 0.005

/** The share answered in each phase in which it differs. */
function answeredMetrics({ runs, load }: ScenarioRecord): Metric[] {
  return load.phases
    .map(({ name }) => {
      const phaseOf = (run: Run) => run.phases.find(phase => phase.name === name)
      return {
        group: 'work done',
        label: load.phases.length > 1 ? `requests answered in phase ${name}` : 'requests answered',
        short: 'answered',
        unit: 'share',
        doc: 'Share of the requests due that got the expected answer in time.',
        better: 'higher',
        of: run => {
          const phase = phaseOf(run)
          return phase ? answeredIn(phase) : null
        },
      } satisfies Metric
    })
    .filter(metric => {
      const shares = runs.map(metric.of).filter(share => share !== null)
      return Math.max(...shares) - Math.min(...shares) >= shareWorth
    })
}
