// A record seen along the time axis: its phases, and its series laid over each other across repeats and thinned to as
// many points as a picture or a terminal line has room for.
import type { Run, ScenarioRecord } from '../core/record.ts'

export interface PhaseSpan {
  readonly name: string
  readonly fromMs: number
  readonly toMs: number
  /** Whether hostile clients are at work in it. */
  readonly hostile: boolean
  /** What is wrong with origins during it: "kill at o0". */
  readonly faults: readonly string[]
}

/** A span of time in which something is wrong with origins. */
export interface FaultSpan {
  readonly fromMs: number
  readonly toMs: number
  /** All that is wrong in this span: "kill at o0", "status:code=503 at o0, o1". */
  readonly label: string
}

/** One point in time over all repeats: the median of the repeats with the lowest and the highest; null without data. */
export interface TimePoint {
  /** Middle of the interval, milliseconds from the start of the load. */
  readonly atMs: number
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
}

/** A value of one run over its intervals `from` (included) to `to` (excluded); null when there is none. */
export type Reading = (run: Run, from: number, to: number) => number | null

/** The phases of the load one after the other. */
export function phasesOf(record: ScenarioRecord): PhaseSpan[] {
  let atMs = 0
  const spans = faultsOf(record)
  return record.load.phases.map(({ name, durationMs, hostile }) => {
    const fromMs = atMs
    atMs += durationMs
    const during = spans.filter(span => span.fromMs < atMs && span.toMs > fromMs)
    return { name, fromMs, toMs: atMs, hostile, faults: fewLabels(record, during).map(span => span.label) }
  })
}

/** The spans in which faults are active, in order; the same fault at several origins, and several in one span, are one. */
export function faultsOf(record: ScenarioRecord): FaultSpan[] {
  const spans = Map.groupBy(record.load.faults ?? [], ({ fromMs, toMs }) => `${fromMs}-${toMs}`)
  return [...spans.values()]
    .map(span => ({ fromMs: span[0]!.fromMs, toMs: span[0]!.toMs, label: faultsInWords(span) }))
    .sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs)
}

/** The faults as they are named above a plot: each by itself, or all that begin in a phase together when they are many. */
export function labelledFaults(record: ScenarioRecord): FaultSpan[] {
  const phases = phasesOf(record)
  const byPhase = Map.groupBy(faultsOf(record), ({ fromMs }) => phases.findIndex(phase => fromMs < phase.toMs))
  return [...byPhase.values()].flatMap(spans => fewLabels(record, spans))
}

/** Nobody reads the names of fifty restarts one after the other. */
const mostLabels = 3
const mostOriginsNamed = 4

/** The spans as they are, or, when they are many, one from the first to the last that says how many. */
function fewLabels(record: ScenarioRecord, spans: readonly FaultSpan[]): readonly FaultSpan[] {
  if (spans.length <= mostLabels) return spans
  const [fromMs, toMs] = [spans[0]!.fromMs, Math.max(...spans.map(span => span.toMs))]
  const faults = (record.load.faults ?? []).filter(fault => fault.fromMs >= fromMs && fault.toMs <= toMs)
  return [{ fromMs, toMs, label: `${faultsInWords(faults)}, one after the other` }]
}

function faultsInWords(faults: NonNullable<ScenarioRecord['load']['faults']>): string {
  const words = [...Map.groupBy(faults, ({ fault }) => fault)].map(([name, some]) => {
    const origins = [...new Set(some.map(({ origin }) => origin))]
    const named = origins.map(origin => `o${origin}`).join(', ')
    return `${name} at ${origins.length > mostOriginsNamed ? `${origins.length} origins` : named}`
  })
  return words.join('; ')
}

/** Length of the load, milliseconds. */
export function durationOf(record: ScenarioRecord): number {
  return record.load.phases.reduce((sum, phase) => sum + phase.durationMs, 0)
}

/** The runs of one variant, in order of repeat. */
export function runsOf(record: ScenarioRecord, variant: string): Run[] {
  return record.runs.filter(run => run.variant === variant).sort((a, b) => a.repeat - b.repeat)
}

/** The variants that ran, by name, in the record's order; a run whose variant is not declared comes last. */
export function variantsThatRan(record: ScenarioRecord): string[] {
  const names = [...record.variants.map(variant => variant.name), ...record.runs.map(run => run.variant)]
  return [...new Set(names)].filter(name => record.runs.some(run => run.variant === name))
}

const mostSkippedNamed = 3

/** The variants that did not run, those with one reason together; the reason as a clause. */
export function skippedVariants({ variants }: ScenarioRecord): { names: string; reason: string }[] {
  const skipped = variants.filter(variant => variant.skipped !== null)
  return [...Map.groupBy(skipped, variant => variant.skipped!.replace(/\.$/, ''))].map(([reason, some]) => {
    const named = some.slice(0, mostSkippedNamed).map(({ name }) => name)
    const more = some.length - named.length
    return { names: `${named.join('; ')}${more > 0 ? ` and ${more} more` : ''}`, reason }
  })
}

/** Whether a virtual clock made all of it: no core, no memory and no lateness then. */
export function isSimulated({ runs }: ScenarioRecord): boolean {
  return runs.length > 0 && runs.every(run => run.engine === 'simulation')
}

/** At most `points` points over the runs of one variant; adjacent intervals are joined when there are more. */
export function overTime(runs: readonly Run[], reading: Reading, points: number): TimePoint[] {
  const length = Math.max(0, ...runs.map(run => run.series.atMs.length))
  const step = Math.max(1, Math.ceil(length / points))
  const track: TimePoint[] = []
  for (let from = 0; from < length; from += step) {
    const values = runs.map(run => reading(run, from, from + step)).filter(value => value !== null)
    const longest = runs.find(run => run.series.atMs.length === length)!.series
    const to = Math.min(from + step, length)
    const atMs = (longest.atMs[from]! + longest.atMs[to - 1]! + longest.intervalMs) / 2
    track.push({
      atMs,
      value: median(values),
      low: values.length === 0 ? null : Math.min(...values),
      high: values.length === 0 ? null : Math.max(...values),
    })
  }
  return track
}

/** Reads the mean of a column over the intervals that have a value. */
export function meanOf(column: string): Reading {
  return (run, from, to) => {
    const values = present(run, column, from, to)
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  }
}

/** Reads the share of honest requests that were answered, 0 to 1; null where none was due. */
export const answeredShare: Reading = (run, from, to) => {
  const completed = total(run, 'completed', from, to)
  const failed = total(run, 'failed', from, to)
  return completed + failed > 0 ? completed / (completed + failed) : null
}

/** Reads the share of honest requests that failed, 0 to 1; null where none was due. */
export const failedShare: Reading = (run, from, to) => {
  const answered = answeredShare(run, from, to)
  return answered === null ? null : 1 - answered
}

function total(run: Run, column: string, from: number, to: number): number {
  return present(run, column, from, to).reduce((sum, value) => sum + value, 0)
}

function present(run: Run, column: string, from: number, to: number): number[] {
  const values = run.series.columns[column]?.values.slice(from, to) ?? []
  return values.filter(value => value !== null)
}

/** Whether any run measured this column with a value above zero. */
export function hasColumn(record: ScenarioRecord, column: string): boolean {
  return record.runs.some(run => run.series.columns[column]?.values.some(value => value !== null && value > 0))
}

/** The median, null of nothing. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
