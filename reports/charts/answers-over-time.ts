// What honest users got, interval by interval: for each variant the latency of the answers and, right under it on the
// same time axis, the share of requests that failed. The axes are the same for all variants, so that strips compare.
import type { ScenarioRecord } from '../../core/record.ts'
import { drawnVariants } from '../drawn.ts'
import { durationOf, failedShare, meanOf, overTime, runsOf, type TimePoint } from '../timeline.ts'
import { formatMs, formatShare, formatValue } from '../units.ts'
import {
  brief,
  type Chart,
  colourOf,
  compileChart,
  type DataTable,
  type Layer,
  logDomain,
  phaseLayers,
  timeAxis,
  valueAxis,
} from './chart.ts'

const mostPoints = 200
const mostRows = 40

/** The two strips of one variant; `latency` is null when no interval has a latency. */
export interface AnswerStrips {
  readonly variant: string
  readonly latency: Chart | null
  readonly failures: Chart
}

/** One pair of strips for each variant that ran, in the record's order. */
export function answersOverTime(record: ScenarioRecord): AnswerStrips[] {
  const { names } = drawnVariants(record)
  const tracks = names.map(name => tracksOf(record, name))
  const domain = logDomain(tracks.flatMap(({ p50, p99 }) => [...p50, ...p99].flatMap(({ low, high }) => [low, high])))
  return names.map((variant, index) => {
    const { p50, p99, failed } = tracks[index]!
    const hasLatency = domain !== null && p50.some(point => point.value !== null)
    return {
      variant,
      latency: hasLatency ? latencyStrip(record, variant, index, p50, p99, domain) : null,
      failures: failureStrip(record, variant, failed, index === 0 && !hasLatency, index === names.length - 1),
    }
  })
}

function tracksOf(record: ScenarioRecord, variant: string) {
  const runs = runsOf(record, variant)
  return {
    p50: overTime(runs, meanOf('p50Ms'), mostPoints),
    p99: overTime(runs, meanOf('p99Ms'), mostPoints),
    failed: overTime(runs, failedShare, mostPoints),
  }
}

function latencyStrip(
  record: ScenarioRecord,
  variant: string,
  index: number,
  p50: readonly TimePoint[],
  p99: readonly TimePoint[],
  domain: readonly [number, number],
): Chart {
  const values = p50.map((point, at) => ({
    at: point.atMs / 1000,
    p50: brief(point.value),
    low: brief(point.low),
    high: brief(point.high),
    p99: brief(p99[at]?.value ?? null),
    when: formatMs(point.atMs),
    half: formatValue('ms', point.value),
    most: formatValue('ms', p99[at]?.value ?? null),
  }))
  const x = timeAxis(durationOf(record), false)
  const color = colourOf(index)
  const y = valueAxis('p50', domain, true, 'ms')
  const tooltip = tooltipOf({ when: 'at', half: 'half came within', most: '99 % came within' })
  const layers: Layer[] = [
    ...phaseLayers(record, index === 0),
    {
      mark: { type: 'area', clip: true, color, opacity: 0.2 },
      encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' } },
    },
    { mark: { type: 'line', clip: true, color, strokeWidth: 1.75 }, encoding: { x, y } },
    {
      mark: { type: 'circle', clip: true, color, size: 12, opacity: 0.75 },
      encoding: { x, y: { ...y, field: 'p99' } },
    },
    { mark: { type: 'circle', clip: true, opacity: 0, size: 120 }, encoding: { x, y, tooltip } },
  ]
  const label = `${variant}: latency of answers over time, half (line) and 99 % (dots).`
  return { spec: compileChart(withData(layers, values), 92), label }
}

function failureStrip(
  record: ScenarioRecord,
  variant: string,
  failed: readonly TimePoint[],
  phaseNames: boolean,
  timeLabels: boolean,
): Chart {
  const values = failed.map(({ atMs, value }) => ({
    at: atMs / 1000,
    failed: brief(value),
    when: formatMs(atMs),
    share: value === null ? formatValue('share', null) : formatShare(value),
  }))
  const x = timeAxis(durationOf(record), timeLabels)
  const y = valueAxis('failed', [0, 1], false, 'share')
  const layers: Layer[] = [
    ...phaseLayers(record, phaseNames),
    {
      mark: { type: 'area', clip: true, color: 'var(--bad)', interpolate: 'step', tooltip: null },
      encoding: { x, y },
    },
    {
      mark: { type: 'bar', clip: true, opacity: 0, width: 6, color: 'var(--bad)' },
      encoding: { x, y: { datum: 1 }, tooltip: tooltipOf({ when: 'at', share: 'failed' }) },
    },
  ]
  const label = `${variant}: share of honest requests that failed over time.`
  return { spec: compileChart(withData(layers, values), 36), label }
}

/** Layers that bring no data of their own draw `values`. */
function withData(layers: readonly Layer[], values: readonly object[]): Layer[] {
  return layers.map(layer => ('data' in layer ? layer : { ...layer, data: { values } }))
}

function tooltipOf(titles: Readonly<Record<string, string>>): object[] {
  return Object.entries(titles).map(([field, title]) => ({ field, title }))
}

/** Share failed and median latency of each variant over time, thinned to a readable number of rows. */
export function answersTable(record: ScenarioRecord): DataTable {
  const { names } = drawnVariants(record)
  const tracks = names.map(name => ({
    failed: overTime(runsOf(record, name), failedShare, mostRows),
    p50: overTime(runsOf(record, name), meanOf('p50Ms'), mostRows),
  }))
  const length = Math.max(0, ...tracks.map(({ failed }) => failed.length))
  const longest = tracks.find(({ failed }) => failed.length === length)
  const rows = Array.from({ length }, (_, at) => [
    formatMs(longest!.failed[at]!.atMs),
    ...tracks.flatMap(({ failed, p50 }) => [
      formatValue('share', failed[at]?.value ?? null),
      formatValue('ms', p50[at]?.value ?? null),
    ]),
  ])
  return { head: ['at', ...names.flatMap(name => [`${name}: failed`, `${name}: p50`])], rows }
}
