// One measured column over time with a line for each variant: connections held, memory.
import type { ScenarioRecord } from '../../core/record.ts'
import { drawnVariants } from '../drawn.ts'
import { durationOf, meanOf, overTime, runsOf } from '../timeline.ts'
import { formatMs, formatValue } from '../units.ts'
import {
  brief,
  byVariant,
  type Chart,
  compileChart,
  type DataTable,
  type Layer,
  phaseLayers,
  timeAxis,
  valueAxis,
} from './chart.ts'

const mostPoints = 160
const mostRows = 40
/** From here on a linear axis would press the smaller variants flat. */
const logFromRatio = 12

/** The chart, or null when no variant measured the column. `what` completes "… over time" for screen readers. */
export function columnOverTime(record: ScenarioRecord, column: string, what: string): Chart | null {
  const { names } = drawnVariants(record)
  const unit = unitOf(record, column)
  const points = names.flatMap(variant =>
    overTime(runsOf(record, variant), meanOf(column), mostPoints).map(({ atMs, value }) => ({
      variant,
      at: atMs / 1000,
      value: brief(value),
      when: formatMs(atMs),
      said: formatValue(unit, value),
    })),
  )
  const values = points.map(point => point.value).filter(value => value !== null)
  const highest = Math.max(0, ...values)
  if (highest === 0) return null
  const lowest = Math.min(...values)
  const log = lowest > 0 && highest / lowest > logFromRatio
  const x = timeAxis(durationOf(record), true)
  const y = valueAxis('value', log ? [lowest * 0.8, highest * 1.25] : [0, highest * 1.08], log, unit)
  const data = { values: points }
  const tooltip = ['variant', 'when', 'said'].map((field, at) => ({ field, title: ['variant', 'at', what][at] }))
  const layers: Layer[] = [
    ...phaseLayers(record, true),
    { data, mark: { type: 'line', clip: true, tooltip: null }, encoding: { x, y, ...byVariant(names) } },
    { data, mark: { type: 'circle', clip: true, opacity: 0, size: 90 }, encoding: { x, y, tooltip } },
  ]
  return { spec: compileChart(layers, 200), label: `${what} over time for ${names.join(', ')}.` }
}

function unitOf(record: ScenarioRecord, column: string): string {
  return record.runs.find(run => run.series.columns[column])?.series.columns[column]?.unit ?? ''
}

/** The same as numbers, thinned to a readable number of rows. */
export function columnTable(record: ScenarioRecord, column: string): DataTable {
  const { names } = drawnVariants(record)
  const unit = unitOf(record, column)
  const tracks = names.map(name => overTime(runsOf(record, name), meanOf(column), mostRows))
  const longest = tracks.reduce((a, b) => (b.length > a.length ? b : a), [])
  const rows = longest.map(({ atMs }, at) => [
    formatMs(atMs),
    ...tracks.map(track => formatValue(unit, track[at]?.value ?? null)),
  ])
  return { head: ['at', ...names], rows }
}
