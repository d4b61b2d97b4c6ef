// Every variant beside the first one (of a sweep: the first at the same point): the ratio of a metric, paired by repeat
// (both saw the same schedule), as the mean of log ratios with a Student t interval. Two repeats say nothing about spread, so
// an interval needs three.
import type { Comparison, Run } from '../core/record.ts'
import { studentT } from '../reports/student.ts'

interface Metric {
  readonly name: string
  readonly unit: string
  of(run: Run, measuredPhase: string): number | null
}

const phaseOf = (run: Run, name: string) => run.phases.find(phase => phase.name === name)

const metrics: readonly Metric[] = [
  { name: 'CPU per request', unit: 'µs', of: run => run.cpu.usPerRequest },
  { name: 'latency p50', unit: 'ms', of: (run, phase) => phaseOf(run, phase)?.latency.p50Ms ?? null },
  { name: 'latency p99', unit: 'ms', of: (run, phase) => phaseOf(run, phase)?.latency.p99Ms ?? null },
  { name: 'resident memory', unit: 'bytes', of: run => run.memory.rssBytes },
]

const pairsForInterval = 3

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** The 95 % interval of exp(mean) of some log ratios, or null with fewer than three. */
export function ratioInterval(logs: readonly number[]): [number, number] | null {
  if (logs.length < pairsForInterval) return null
  const centre = mean(logs)
  const variance = logs.reduce((sum, log) => sum + (log - centre) ** 2, 0) / (logs.length - 1)
  const half = studentT(logs.length - 1) * Math.sqrt(variance / logs.length)
  return [Math.exp(centre - half), Math.exp(centre + half)]
}

/**
 * All comparisons to the first variant in `runs`, of a sweep to the first at each point; a metric without a value above 0 on
 * both sides of a pair is left out.
 */
export function compareVariants(runs: readonly Run[], measuredPhase: string): Comparison[] {
  const points = Map.groupBy(runs, run => run.point?.at)
  return [...points.values()].flatMap(some => compareAtPoint(some, measuredPhase))
}

function compareAtPoint(runs: readonly Run[], measuredPhase: string): Comparison[] {
  const variants = [...new Set(runs.map(run => run.variant))]
  const [baseline, ...others] = variants
  return others.flatMap(variant => metrics.flatMap(metric => compare(runs, measuredPhase, metric, baseline!, variant)))
}

function compare(
  runs: readonly Run[],
  measuredPhase: string,
  metric: Metric,
  baseline: string,
  variant: string,
): Comparison[] {
  const pairs = runs
    .filter(run => run.variant === baseline)
    .flatMap(left => {
      const right = runs.find(run => run.variant === variant && run.repeat === left.repeat)
      const values = [metric.of(left, measuredPhase), right ? metric.of(right, measuredPhase) : null] as const
      return values[0] && values[1] ? [[Math.log(values[0]), Math.log(values[1])] as const] : []
    })
  if (pairs.length === 0) return []
  const logs = pairs.map(([left, right]) => right - left)
  return [
    {
      metric: metric.name,
      unit: metric.unit,
      better: 'lower',
      baseline,
      variant,
      baselineValue: Math.exp(mean(pairs.map(([left]) => left))),
      variantValue: Math.exp(mean(pairs.map(([, right]) => right))),
      ratio: Math.exp(mean(logs)),
      confidence: ratioInterval(logs),
      pairs: pairs.length,
    },
  ]
}
