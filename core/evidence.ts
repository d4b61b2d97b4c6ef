// What the claims of scenarios share: the wording of evidence, and a few figures.
import type { Claim, PhaseSummary, Run } from './record.ts'

/** One sentence with a part per variant, in the order of the runs: `say` is given all repeats of one variant. */
export function perVariant(runs: readonly Run[], say: (runs: readonly Run[]) => string): string {
  const variants = [...new Set(runs.map(run => run.variant))]
  return `${variants.map(name => `${name}: ${say(runs.filter(run => run.variant === name))}`).join('; ')}.`
}

/** The arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** The middle value: one repeat beside a busy neighbour does not move it far. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

/**
 * What a claim rests on that may be missing because the instrument was slow: what was seen stands, whatever the instrument
 * did; what should have been seen and was not is a matter of timing.
 */
export function kindWhen(holds: boolean): Claim['kind'] {
  return holds ? 'count' : 'timing'
}

/** The runs of one balancer, whatever its parameters, at one point of a sweep. */
export function atPoint(runs: readonly Run[], balancer: string, at: number): readonly Run[] {
  return runs.filter(run => `${run.settings.balancer}`.split(':')[0] === balancer && run.point?.at === at)
}

/** The mean over repeats of the mean latency in the first phase. */
export function meanLatencyMs(runs: readonly Run[]): number {
  return mean(runs.map(run => run.phases[0]!.latency.meanMs!))
}

export function phaseOf(run: Run, name: string): PhaseSummary {
  return run.phases.find(phase => phase.name === name)!
}

/** The share, over all repeats, of the requests due in a phase that failed. */
export function failedShare(runs: readonly Run[], phase: string): number {
  const phases = runs.map(run => phaseOf(run, phase))
  const failed = phases.flatMap(({ errors }) => Object.values(errors))
  return sum(failed) / Math.max(1, sum(phases.map(({ requests }) => requests)))
}
