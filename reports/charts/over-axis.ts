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
  const layers = axisLayers(record, view, metric, names, null)
  if (layers === null) return null
  const [from, to] = [view.points[0]!, view.points.at(-1)!].map(at => pointInWords(view, at))
  return { spec: compileChart(layers, 240), label: `${metric.label} from ${from} to ${to}, for ${names.join(', ')}.` }
}

/** Its layers, to be drawn elsewhere; `legend` as Vega-Lite has it, null for none. */
export function axisLayers(
  record: ScenarioRecord,
  view: SweepView,
  metric: Metric,
  names: readonly string[],
  legend: Layer | null,
): Layer[] | null {
  const values = names.flatMap(series =>
    view.points.map(at => pointOf(view, metric, series, at, spreadAt(record, series, at, metric))),
  )
  const known = values.filter(({ value }) => value !== null)
  if (new Set(known.map(({ at }) => at)).size < 2) return null
  const data = { values }
  const spans = known.flatMap(({ low, high }) => [low!, high!])
  const [x, y] = [axisOf(view), levelAxis(spans, metric.unit)]
  const { color, strokeDash, shape } = looksOf(names, legend)
  const title = { variant: 'series', where: view.axis, said: metric.label }
  const tooltip = Object.entries(title).map(([field, text]) => ({ field, title: text }))
  const band = { type: 'area', opacity: 0.13, tooltip: null }
  const point = { type: 'point', filled: true, size: 55, opacity: 1, tooltip: null }
  return [
    ...(known.some(({ low, high }) => low !== high)
      ? [{ data, mark: band, encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color } }]
      : []),
    { data, mark: { type: 'line', tooltip: null }, encoding: { x, y, color, strokeDash } },
    { data, mark: point, encoding: { x, y, color, shape } },
    { data, mark: { type: 'circle', opacity: 0, size: 260 }, encoding: { x, y, tooltip } },
  ]
}

/** Colour, dash and mark of each series. */
function looksOf(names: readonly string[], legend: Layer | null): Record<'color' | 'strokeDash' | 'shape', object> {
  const { color, strokeDash } = byVariant(names) as Record<'color' | 'strokeDash', object>
  const shape = { field: 'variant', scale: { domain: names, range: names.map((_, index) => shapeOf(index)) } }
  return { color: { ...color, legend }, strokeDash: { ...strokeDash, legend }, shape: { ...shape, legend } }
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
