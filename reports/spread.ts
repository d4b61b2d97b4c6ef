// A metric over the repeats of a variant: the median with the lowest and the highest, as a value and in words.
import type { Run, ScenarioRecord } from '../core/record.ts'
import type { Metric } from './metrics.ts'
import { median, runsOf } from './timeline.ts'
import { formatValue } from './units.ts'

/** A metric over the repeats of one variant. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  /** Repeats that had a value. */
  readonly repeats: number
}

/** Median, lowest and highest over the repeats of a variant; null when no repeat has a value. */
export function spreadOf(record: ScenarioRecord, variant: string, metric: Metric): Spread | null {
  return spreadOver(runsOf(record, variant), metric)
}

/** The same over any runs. */
export function spreadOver(runs: readonly Run[], metric: Metric): Spread | null {
  const values = runs.map(metric.of).filter(value => value !== null)
  const middle = median(values)
  return middle === null
    ? null
    : { median: middle, min: Math.min(...values), max: Math.max(...values), repeats: values.length }
}

/** "12 ms", or with its lowest and highest repeat "12 ms (11 ms to 14 ms)". */
export function spreadInWords(unit: string, spread: Spread | null): string {
  if (spread === null) return formatValue(unit, null)
  const [middle, low, high] = [spread.median, spread.min, spread.max].map(value => formatValue(unit, value))
  return low === high ? middle! : `${middle} (${low} to ${high})`
}
