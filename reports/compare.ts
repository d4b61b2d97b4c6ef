// Two records of one scenario side by side: every metric of each variant they share, how sure a difference is, and which
// claims came out otherwise. The repeats of two records are not pairs, they ran at different times: Welch's interval on
// logarithms. Source: Welch, Biometrika 34 (1947).
import { UsageError } from '../core/errors.ts'
import type { Run, ScenarioRecord } from '../core/record.ts'
import { type Metric, metricsOf } from './metrics.ts'
import { studentT } from './student.ts'
import { median, runsOf, variantsThatRan } from './timeline.ts'
import { claimStatus } from './verdict.ts'

const repeatsForInterval = 3

export interface MetricChange {
  readonly label: string
  readonly unit: string
  /** Medians over the repeats; null where there is no value. */
  readonly before: number | null
  readonly after: number | null
  /** After over before, of geometric means; null when a value is missing or not above 0. */
  readonly ratio: number | null
  /** 95 % interval of the ratio; null with fewer than three repeats on a side. */
  readonly interval: readonly [number, number] | null
}

export interface VariantChange {
  readonly name: string
  /** Of a sweep: where it stands. */
  readonly point?: NonNullable<Run['point']>
  readonly metrics: readonly MetricChange[]
}

export interface ClaimChange {
  readonly claim: string
  /** `absent`: the record does not make this claim. */
  readonly before: 'holds' | 'fails' | 'undecided' | 'absent'
  readonly after: ClaimChange['before']
}

export interface RecordChange {
  readonly scenario: string
  /** What both vary; absent when that is nothing. */
  readonly sweep?: NonNullable<ScenarioRecord['sweep']>
  readonly variants: readonly VariantChange[]
  readonly onlyBefore: readonly string[]
  readonly onlyAfter: readonly string[]
  readonly claims: readonly ClaimChange[]
  /** What makes the two hard to compare, in full sentences. */
  readonly cautions: readonly string[]
}

/** @throws UsageError when the scenarios differ, or a record is of an invalid run, whose numbers do not count. */
export function compareRecords(before: ScenarioRecord, after: ScenarioRecord): RecordChange {
  if (before.scenario !== after.scenario) {
    throw new UsageError(`compare: ${before.scenario} and ${after.scenario} given; allowed: two runs of one scenario`)
  }
  for (const { valid, startedAt } of [before, after]) {
    if (!valid.ok) throw new UsageError(`compare: the run of ${startedAt} is invalid; allowed: valid runs`)
  }
  const [left, right] = [variantsThatRan(before), variantsThatRan(after)]
  return {
    scenario: before.scenario,
    ...(before.sweep && { sweep: before.sweep }),
    variants: left.filter(name => right.includes(name)).map(name => changeOf(before, after, name)),
    onlyBefore: left.filter(name => !right.includes(name)),
    onlyAfter: right.filter(name => !left.includes(name)),
    claims: claimChanges(before, after),
    cautions: cautionsOf(before, after),
  }
}

function changeOf(before: ScenarioRecord, after: ScenarioRecord, name: string): VariantChange {
  const later = metricsOf(after)
  const metrics = metricsOf(before).flatMap(metric => {
    const same = later.find(({ label }) => label === metric.label)
    if (!same) return []
    const [left, right] = [valuesOf(before, name, metric), valuesOf(after, name, same)]
    const change = metricChange(metric, left, right)
    return change.before === null && change.after === null ? [] : [change]
  })
  const [{ point }] = runsOf(before, name) as [Run, ...Run[]]
  return { name, ...(point && { point }), metrics }
}

function valuesOf(record: ScenarioRecord, variant: string, metric: Metric): number[] {
  return runsOf(record, variant)
    .map(metric.of)
    .filter(value => value !== null)
}

function metricChange({ label, unit }: Metric, left: readonly number[], right: readonly number[]): MetricChange {
  const shown = { label, unit, before: median([...left]), after: median([...right]) }
  const positive = left.length > 0 && right.length > 0 && [...left, ...right].every(value => value > 0)
  if (!positive) return { ...shown, ratio: null, interval: null }
  const [a, b] = [left.map(Math.log), right.map(Math.log)]
  return { ...shown, ratio: Math.exp(mean(b) - mean(a)), interval: welchInterval(a, b) }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** The square of a mean's standard error. */
function squaredError(values: readonly number[]): number {
  const centre = mean(values)
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1) / values.length
}

/** The 95 % interval of exp(mean of b - mean of a), or null with fewer than three values on a side. */
function welchInterval(a: readonly number[], b: readonly number[]): [number, number] | null {
  if (Math.min(a.length, b.length) < repeatsForInterval) return null
  const [ofA, ofB] = [squaredError(a), squaredError(b)]
  const both = ofA + ofB
  const freedom = both === 0 ? Infinity : both ** 2 / (ofA ** 2 / (a.length - 1) + ofB ** 2 / (b.length - 1))
  const half = studentT(freedom) * Math.sqrt(both)
  const centre = mean(b) - mean(a)
  return [Math.exp(centre - half), Math.exp(centre + half)]
}

/** How sure a difference is, in words. */
export function certaintyOf({ ratio, interval }: MetricChange): string {
  if (ratio === null) return 'no ratio: a value is 0 or missing'
  if (interval === null) return 'too few repeats to say'
  const [low, high] = interval
  if (low === 1 && high === 1) return 'the same in every repeat'
  const range = `95 % interval ${low.toFixed(2)} to ${high.toFixed(2)}`
  return low > 1 || high < 1 ? `differs (${range})` : `no difference shown (${range})`
}

function claimChanges(before: ScenarioRecord, after: ScenarioRecord): ClaimChange[] {
  const statusIn = ({ claims }: ScenarioRecord, text: string): ClaimChange['before'] => {
    const found = claims.find(({ claim }) => claim === text)
    return found ? claimStatus(found) : 'absent'
  }
  const texts = new Set([...before.claims, ...after.claims].map(({ claim }) => claim))
  return [...texts]
    .map(claim => ({ claim, before: statusIn(before, claim), after: statusIn(after, claim) }))
    .filter(change => change.before !== change.after)
}

function cautionsOf(before: ScenarioRecord, after: ScenarioRecord): string[] {
  const facts = (record: ScenarioRecord): [string, string | number][] => [
    ['processor', record.machine.cpu],
    ['number of cores', record.machine.cores],
    ['Node', record.machine.node],
    ['pinning', record.machine.pinned],
    ['seed', record.seed],
    ['load', record.load.summary.replace(/\.+$/, '')],
    ['phases', record.load.phases.map(({ name, durationMs }) => `${name} ${durationMs / 1000} s`).join(', ')],
  ]
  const now = new Map(facts(after))
  const differing = facts(before)
    .filter(([what, value]) => now.get(what) !== value)
    .map(([what, value]) => `The ${what} differs: ${value}, then ${now.get(what)}.`)
  return [
    'The runs were made at different times: what the machine was doing meanwhile is in the ratios and not in the intervals.',
    'Of many metrics without a difference, one in twenty shows one by chance.',
    ...differing,
  ]
}
