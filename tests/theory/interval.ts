// A mean with its confidence interval, over independent replications of a simulation: what a law of queueing is held to.
import { expect } from 'vitest'
import type { Model, Policies } from '../../simulation/model.ts'
import { type Result, simulate } from '../../simulation/simulate.ts'

export interface Interval {
  readonly mean: number
  /** Half the width of the 99.9 % interval. */
  readonly half: number
}

/** Student's t at 0.9995, by degrees of freedom. */
const tAt: Readonly<Record<number, number>> = { 7: 5.408, 9: 4.781, 15: 4.073 }

/** Of values that are independent of each other; 8, 10 or 16 of them. */
export function intervalOf(values: readonly number[]): Interval {
  const t = tAt[values.length - 1]
  if (t === undefined) throw new Error(`${values.length} replications: no quantile of t is known for them`)
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length
  const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (values.length - 1)
  return { mean, half: t * Math.sqrt(variance / values.length) }
}

/** Of a share: `hits` among `count` draws that are independent of each other. */
export function shareOf(hits: number, count: number): Interval {
  const mean = hits / count
  return { mean, half: 3.291 * Math.sqrt((mean * (1 - mean)) / count) }
}

/** Theory lies within the interval, of which half is at most `widest` of the mean, so that it says something. */
export function expectTheory({ mean, half }: Interval, theory: number, widest: number): void {
  const text = `${theory.toFixed(5)} against ${mean.toFixed(5)} ± ${half.toFixed(5)}`
  expect(half, text).toBeLessThan(widest * mean)
  expect(Math.abs(mean - theory), text).toBeLessThanOrEqual(half)
}

/** Replications of the model. Policies are made anew for each. */
export function replicated(model: Model, policies: () => Policies, replications = 10): Result[] {
  return Array.from({ length: replications }, (_, replication) => simulate(model, policies(), 1, replication))
}

/** The mean time of a request, ms, in each replication. */
export function timesOf(model: Model, policies: () => Policies, replications = 10): number[] {
  return replicated(model, policies, replications).map(({ latency }) => latency.sumMs / latency.count)
}
