// The percentile curve: how slow the slowest share of the answers was. The x axis counts nines (each step to the right
// leaves out ten times fewer answers), and a curve ends where fewer than ten answers lie beyond it.
import { LatencyHistogram } from '../../core/histogram.ts'
import type { ScenarioRecord } from '../../core/record.ts'
import { drawnVariants } from '../drawn.ts'
import { runsOf, variantsThatRan } from '../timeline.ts'
import { formatMs, formatValue } from '../units.ts'
import {
  brief,
  byVariant,
  type Chart,
  compileChart,
  type DataTable,
  type Layer,
  logDomain,
  valueAxis,
} from './chart.ts'

const stepInNines = 0.04
const mostNines = 6
const tabled = [0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999]

/** All answers of a variant in the measured phase, its repeats put together. */
export function pooledLatency(record: ScenarioRecord, variant: string): LatencyHistogram {
  const pooled = new LatencyHistogram()
  for (const run of runsOf(record, variant)) {
    const measured = run.phases.find(phase => phase.name === record.load.measuredPhase)
    if (measured) pooled.add(LatencyHistogram.decode(measured.latency.histogram))
  }
  return pooled
}

interface Point {
  readonly variant: string
  readonly nines: number
  readonly percentile: string
  readonly ms: number
  readonly latency: string
}

function curveOf(variant: string, pooled: LatencyHistogram): Point[] {
  const points: Point[] = []
  for (let step = 1; step * stepInNines <= mostNines; step++) {
    const nines = step * stepInNines
    const ms = pooled.quantileMs(1 - 10 ** -nines)
    if (ms === null) break
    const percentile = `${Number((100 * (1 - 10 ** -nines)).toPrecision(4))} %`
    points.push({ variant, nines: brief(nines)!, percentile, ms: brief(ms)!, latency: formatMs(ms) })
  }
  return points
}

/** The chart, or null when no variant has ten answers to show. */
export function percentileCurve(record: ScenarioRecord): Chart | null {
  const { names } = drawnVariants(record)
  const points = names.flatMap(name => curveOf(name, pooledLatency(record, name)))
  const domain = logDomain(points.map(point => point.ms))
  if (domain === null) return null
  const most = Math.max(1, ...points.map(point => point.nines))
  const x = {
    field: 'nines',
    type: 'quantitative',
    scale: { domain: [0, most], nice: false },
    axis: {
      title: 'share of answers that came faster',
      values: [0.30103, 1, 2, 3, 4, 5, 6],
      labelExpr: "datum.value < 0.5 ? '50 %' : datum.value === 1 ? '90 %' : (100 - 100 * pow(10, -datum.value)) + ' %'",
    },
  }
  const y = valueAxis('ms', domain, true, 'ms')
  const data = { values: points }
  const tooltip = ['variant', 'percentile', 'latency'].map(field => ({ field, title: field }))
  const layers: Layer[] = [
    { data, mark: { type: 'line', clip: true, tooltip: null }, encoding: { x, y, ...byVariant(names) } },
    { data, mark: { type: 'point', clip: true, opacity: 0, size: 90, filled: true }, encoding: { x, y, tooltip } },
  ]
  const label = `Latency by percentile for ${names.join(', ')}: ${tabled[0]! * 100} % to the highest percentile the samples carry.`
  return { spec: compileChart(layers, 280), label }
}

/** The same as numbers. */
export function percentileTable(record: ScenarioRecord): DataTable {
  const names = variantsThatRan(record)
  const pooled = names.map(name => pooledLatency(record, name))
  const rows = tabled.map(q => [
    `${Number((q * 100).toPrecision(6))} %`,
    ...pooled.map(histogram => formatValue('ms', histogram.quantileMs(q))),
  ])
  return {
    head: ['came faster', ...names],
    rows: rows.filter(row => row.slice(1).some(cell => cell !== formatValue('ms', null))),
  }
}
