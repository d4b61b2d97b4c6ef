// The few statistics that the regression gate rests on: distribution-free, exact and without chance, so that the same
// numbers always give the same verdict. Tested against published tables.
// Source: Wilcoxon, "Individual Comparisons by Ranking Methods", 1945; Hodges & Lehmann, "Estimates of Location Based on
// Rank Tests", 1963; Hollander, Wolfe & Chicken, "Nonparametric Statistical Methods", sections 3.1 to 3.3.

/** An interval and the confidence it really has, 0 to 1; few values cannot reach every confidence. */
export interface Interval {
  readonly low: number
  readonly high: number
  readonly confidence: number
}

/** The middle value, or the mean of the two in the middle. NaN without values. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The standard deviation of a sample, with n − 1; 0 with fewer than two values. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
}

/** The averages of all pairs, every value paired with itself too: n(n+1)/2 of them, ascending. */
export function walshAverages(values: readonly number[]): Float64Array {
  const averages = values.flatMap((left, index) => values.slice(index).map(right => (left + right) / 2))
  return Float64Array.from(averages).sort()
}

/** The Hodges–Lehmann estimate of the centre: the median of the Walsh averages. NaN without values. */
export function hodgesLehmann(values: readonly number[]): number {
  return median([...walshAverages(values)])
}

/**
 * The distribution of the sum of those ranks whose coin shows heads: `shares[s]` is the probability of the sum s. The
 * ranks are whole numbers. Each is added in turn, which makes all 2^n outcomes n passes over one array.
 */
export function rankSumDistribution(ranks: readonly number[]): Float64Array {
  const largest = ranks.reduce((sum, rank) => sum + rank, 0)
  const shares = new Float64Array(largest + 1)
  shares[0] = 1
  let reached = 0
  for (const rank of ranks) {
    reached += rank
    for (let sum = reached; sum >= 0; sum--) {
      shares[sum] = (shares[sum]! + (sum >= rank ? shares[sum - rank]! : 0)) / 2
    }
  }
  return shares
}

/**
 * Wilcoxon's signed-rank test, exact and one-sided: how likely the values would lie this far above 0 if they were
 * symmetric about 0. Zeros are left out; equal sizes share their mean rank, and the distribution is that of the shared ranks.
 * @returns p, from 2^-n to 1.
 */
export function signedRankP(values: readonly number[]): number {
  const counted = values.filter(value => value !== 0).sort((a, b) => Math.abs(a) - Math.abs(b))
  const doubled = doubledRanks(counted.map(Math.abs))
  const positive = counted.reduce((sum, value, index) => sum + (value > 0 ? doubled[index]! : 0), 0)
  return rankSumDistribution(doubled)
    .subarray(positive)
    .reduce((sum, share) => sum + share, 0)
}

/** Twice the rank of each of some ascending sizes, so that the mean rank of two equals is a whole number as well. */
function doubledRanks(sizes: readonly number[]): number[] {
  return sizes.map(size => sizes.indexOf(size) + sizes.lastIndexOf(size) + 2)
}

/**
 * The interval of the centre that belongs to the signed-rank test, between two Walsh averages: the narrowest whose
 * confidence is at least `confidence`, or all of them where n is too small for it (below 7 for 0.98).
 */
export function walshInterval(values: readonly number[], confidence: number): Interval {
  const averages = walshAverages(values)
  const shares = rankSumDistribution(values.map((_, index) => index + 1))
  let tail = shares[0]!
  let cut = 0
  while (tail + shares[cut + 1]! <= (1 - confidence) / 2) tail += shares[++cut]!
  return { low: averages[cut]!, high: averages[averages.length - 1 - cut]!, confidence: 1 - 2 * tail }
}
