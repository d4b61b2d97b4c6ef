// Against published tables and samples: critical values of the signed-rank test, and worked examples from textbooks.
import { expect, test } from 'vitest'
import { randomStream } from '../../core/random.ts'
import {
  hodgesLehmann,
  median,
  rankSumDistribution,
  signedRankP,
  standardDeviation,
  walshInterval,
} from './statistics.ts'

/** McCornack, "Extended tables of the Wilcoxon matched pair signed rank statistic", 1965: n = 6 to 20; null: none exists. */
const criticalValues: Record<string, (number | null)[]> = {
  0.05: [2, 3, 5, 8, 10, 13, 17, 21, 25, 30, 35, 41, 47, 53, 60],
  0.025: [0, 2, 3, 5, 8, 10, 13, 17, 21, 25, 29, 34, 40, 46, 52],
  0.01: [null, 0, 1, 3, 5, 7, 9, 12, 15, 19, 23, 27, 32, 37, 43],
  0.005: [null, null, 0, 1, 3, 5, 7, 9, 12, 15, 19, 23, 27, 32, 37],
}

function criticalValue(n: number, alpha: number): number | null {
  const shares = rankSumDistribution(Array.from({ length: n }, (_, index) => index + 1))
  let cumulated = 0
  let value = -1
  while (cumulated + shares[value + 1]! <= alpha) cumulated += shares[++value]!
  return value < 0 ? null : value
}

test.each(Object.keys(criticalValues))('critical values of the signed-rank test at %s, n = 6 to 20', alpha => {
  const computed = criticalValues[alpha]!.map((_, index) => criticalValue(index + 6, Number(alpha)))
  expect(computed).toEqual(criticalValues[alpha])
})

// Hollander & Wolfe, table 3.1: depression factors of nine patients before and after a tranquillizer.
const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
const tranquillizer = before.map((value, index) => value - after[index]!)
// Darwin's maize: height of crossed minus self-fertilised plants, in eighths of an inch.
const darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]

test('the textbook examples of the exact test', () => {
  expect(signedRankP(tranquillizer)).toBeCloseTo(10 / 512, 10)
  expect(2 * signedRankP(darwin)).toBeCloseTo(0.04126, 4)
})

test('the textbook example of estimate and interval', () => {
  expect(hodgesLehmann(tranquillizer)).toBeCloseTo(0.46, 3)
  const { low, high, confidence } = walshInterval(tranquillizer, 0.96)
  expect(low).toBeCloseTo(0.01, 6)
  expect(high).toBeCloseTo(0.786, 6)
  expect(confidence).toBeCloseTo(0.961, 3)
})

test('an interval that cannot be reached is the widest there is, and says what it reaches', () => {
  expect(walshInterval([6, 2, 3, 5, 4, 1], 0.98)).toEqual({ low: 1, high: 6, confidence: 1 - 2 / 64 })
  expect(walshInterval([6, 2, 3, 5, 4, 1, 7], 0.98).confidence).toBe(1 - 2 / 128)
})

test('zeros are left out, and equal sizes share their rank exactly', () => {
  expect(signedRankP([0, 0, 1, 2, 3])).toBe(1 / 8)
  // Sizes 1, 1, 2 have ranks 1.5, 1.5, 3: of the eight sums only 6 and the two of 4.5 reach 4.5.
  expect(signedRankP([1, -1, 2])).toBe(3 / 8)
  expect(signedRankP([])).toBe(1)
})

test('the interval covers the centre as often as it says', () => {
  const rng = randomStream(7, 'coverage')
  let covered = 0
  const games = 4000
  for (let game = 0; game < games; game++) {
    const { low, high } = walshInterval(
      Array.from({ length: 10 }, () => rng.uniform() + rng.uniform() - 1),
      0.98,
    )
    if (low <= 0 && high >= 0) covered++
  }
  expect(covered / games).toBeGreaterThan(0.97)
  expect(covered / games).toBeLessThan(0.99)
})

test('median and standard deviation', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(2.13809, 5)
  expect(standardDeviation([1])).toBe(0)
})
