// Service that hardly varies: a bell around its mean, as of a request that does the same work each time.
// F⁻¹(u) = m·(1 + s·Φ⁻¹(u)), and not below 0.
import { defineServiceTime } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

/** Half the distance between two neighbouring uniform numbers: 0 itself would take infinitely less than no time. */
const leastQuantile = 2 ** -33

export default defineServiceTime({
  about: 'Normally distributed service: most requests take about as long as the mean.',
  source: 'Φ⁻¹ by Acklam, "An algorithm for computing the inverse normal cumulative distribution function", 2003',
  params: {
    meanMs: number({ default: 5, min: 0.001, max: 600_000, unit: 'ms', doc: 'mean service time' }),
    deviation: number({
      default: 0.1,
      min: 0,
      max: 0.25,
      unit: 'of the mean',
      doc: 'standard deviation; at most a quarter, so that hardly anything would take less than no time',
    }),
  },
  make: ({ meanMs, deviation }) => ({
    meanMs,
    quantile: u => Math.max(0, meanMs * (1 + deviation * standardNormal(Math.max(leastQuantile, u)))),
  }),
})

// Quotients of polynomials, highest power first: one for the middle, one for each tail. Off by at most 1.2e-9 of the value.
const middleAbove = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
]
const middleBelow = [
  -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
]
const tailAbove = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
]
const tailBelow = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1]
const tailFrom = 0.02425

/** Φ⁻¹: the value that a standard normal variable stays below with probability `p`, above 0 and below 1. */
function standardNormal(p: number): number {
  if (p > 1 - tailFrom) return -standardNormal(1 - p)
  if (p < tailFrom) {
    const x = Math.sqrt(-2 * Math.log(p))
    return polynomial(tailAbove, x) / polynomial(tailBelow, x)
  }
  const x = p - 0.5
  return (x * polynomial(middleAbove, x * x)) / polynomial(middleBelow, x * x)
}

function polynomial(factors: readonly number[], x: number): number {
  return factors.reduce((sum, factor) => sum * x + factor)
}
