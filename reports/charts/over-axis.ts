// One metric over the axis of a sweep: a line with marks for each series, the spread over the repeats as a band.
import type { ScenarioRecord } from '../../core/record.ts'
import type { Metric } from '../metrics.ts'
import { type Spread, spreadInWords } from '../spread.ts'
import { axisTitle, pointInWords, type SweepView, spreadAt, tickOf } from '../sweep.ts'
import { formatValue } from '../units.ts'
import {
  brief,
  byVariant,
  type Chart,
  compileChart,
  type DataTable,
  type Layer,
  logDomain,
  shapeOf,
  valueAxis,
} from './chart.ts'

/** From a decade on a linear axis would press the smaller values flat. */
const logFromRatio = 10

/** The chart of a metric for the series `names`; null when fewer than two points have a value. */
export function overAxis(
  record: ScenarioRecord,
  view: SweepView,
  metric: Metric,
  names: readonly string[],
): Chart | null {
  const values = names.flatMap(series =>
    view.points.map(at => pointOf(view, metric, series, at, spreadAt(record, series, at, metric))),
  )
  const known = values.filter(({ value }) => value !== null)
  if (new Set(known.map(({ at }) => at)).size < 2) return null
  const x = axisOf(view)
  const y = levelAxis(
    known.flatMap(({ low, high }) => [low!, high!]),
    metric.unit,
  )
  const { color, strokeDash } = byVariant(names) as Record<'color' | 'strokeDash', object>
  const shape = {
    field: 'variant',
    legend: null,
    scale: { domain: names, range: names.map((_, index) => shapeOf(index)) },
  }
  const tooltip = [
    { field: 'variant', title: 'series' },
    { field: 'where', title: view.axis },
    { field: 'said', title: metric.label },
  ]
  const data = { values }
  const band = { data, mark: { type: 'area', opacity: 0.13, tooltip: null } }
  const layers: Layer[] = [
    ...(known.some(({ low, high }) => low !== high)
      ? [{ ...band, encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color } }]
      : []),
    { data, mark: { type: 'line', tooltip: null }, encoding: { x, y, color, strokeDash } },
    {
      data,
      mark: { type: 'point', filled: true, size: 55, opacity: 1, tooltip: null },
      encoding: { x, y, color, shape },
    },
    { data, mark: { type: 'circle', opacity: 0, size: 260 }, encoding: { x, y, tooltip } },
  ]
  const label = `${metric.label} from ${pointInWords(view, view.points[0]!)} to ${pointInWords(view, view.points.at(-1)!)}, for ${names.join(', ')}.`
  return { spec: compileChart(layers, 240), label }
}

function pointOf(view: SweepView, { unit }: Metric, variant: string, at: number, spread: Spread | null) {
  return {
    variant,
    at,
    value: brief(spread?.median ?? null),
    low: brief(spread?.min ?? null),
    high: brief(spread?.max ?? null),
    where: formatValue(view.unit, at),
    said: spreadInWords(unit, spread),
  }
}

/** The axis of the sweep with a tick at each point; logarithms have no room for 0, so that it is linear near it then. */
function axisOf(view: SweepView): Layer {
  const { points, log } = view
  const words = Object.fromEntries(points.map(at => [String(at), tickOf(view, at)]))
  const positive = points.filter(at => at > 0)
  const scale = !log
    ? { type: 'linear', zero: false }
    : positive.length === points.length
      ? { type: 'log' }
      : { type: 'symlog', constant: positive[0] ?? 1 }
  return {
    field: 'at',
    type: 'quantitative',
    scale: { ...scale, domain: [points[0], points.at(-1)], nice: false, padding: 10 },
    axis: {
      title: axisTitle(view),
      values: points,
      labelExpr: `${JSON.stringify(words)}[datum.value]`,
      labelOverlap: 'greedy',
      labelSeparation: 4,
      grid: false,
    },
  }
}

function levelAxis(values: readonly number[], unit: string): Layer {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const domain = logDomain(values)
  if (low > 0 && high / low > logFromRatio && domain) return valueAxis('value', domain, true, unit)
  const air = (high - low) * 0.1 || Math.abs(high) * 0.1 || 1
  return valueAxis('value', [low > 0.6 * high ? low - air : Math.min(0, low), high + air], false, unit)
}

/** The same as numbers: a row for each point, a column for each series of the record. */
export function axisTable(record: ScenarioRecord, view: SweepView, metric: Metric): DataTable {
  return {
    head: [axisTitle(view), ...view.series],
    rows: view.points.map(at => [
      tickOf(view, at),
      ...view.series.map(series => spreadInWords(metric.unit, spreadAt(record, series, at, metric))),
    ]),
  }
}
