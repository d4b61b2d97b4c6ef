// A mean with its confidence interval, over independent replications of a simulation: what a law of queueing is held to.
import type { Model, Policies } from '../../simulation/model.ts'
import { simulate } from '../../simulation/simulate.ts'

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

/** The mean time of a request, ms, in each of `replications` of the model. Policies are made anew for each. */
export function timesOf(model: Model, policies: () => Policies, replications = 10): number[] {
  return Array.from({ length: replications }, (_, replication) => {
    const { latency } = simulate(model, policies(), 1, replication)
    return latency.sumMs / latency.count
  })
}
