// Who is better for sure, on figures that are made up so that the answer is known.
import { describe, expect, test } from 'vitest'
import type { TournamentRun } from '../../core/tournament.ts'
import { estimate, isBetter, ranksOf, standings } from './standings.ts'

const run = (p99Ms: number | null, errorShare = 0, meanMs = 1): TournamentRun => ({
  seed: 1,
  requests: 10_000,
  meanMs,
  p50Ms: 1,
  p99Ms,
  p999Ms: null,
  imbalance: 1,
  errorShare,
  coldShare: null,
})
const runs = (...p99s: (number | null)[]) => p99s.map(p99Ms => run(p99Ms))
const losing = (...shares: number[]) => shares.map(share => run(10, share))

describe('an estimate', () => {
  test('has the interval of Student', () => {
    // Mean 12, standard deviation 2, t of two degrees of freedom 4.303: half the width is 4.303 × 2 / √3.
    const { mean, interval } = estimate([10, 12, 14])!
    expect(mean).toBe(12)
    expect(interval![0]).toBeCloseTo(12 - 4.9687, 3)
    expect(interval![1]).toBeCloseTo(12 + 4.9687, 3)
  })

  test('has no interval of two values, is cut to what is possible, and is null when a value is missing', () => {
    expect(estimate([1, 3])).toEqual({ mean: 2, interval: null })
    expect(estimate([0, 0, 0.9], [0, 1])!.interval).toEqual([0, 1])
    expect(estimate([1, null, 3])).toBe(null)
    expect(estimate([])).toBe(null)
  })
})

describe('better', () => {
  test('is said of the same difference in every repeat, however much repeats differ among themselves', () => {
    expect(isBetter(runs(10, 50, 200), runs(11, 55, 220))).toBe(true)
    expect(isBetter(runs(11, 55, 220), runs(10, 50, 200))).toBe(false)
  })

  test('is not said when chance may have done it, nor of equals, nor of two repeats', () => {
    const [one, other] = [runs(10, 12, 9), runs(11, 10, 14)]
    expect(isBetter(one, other) || isBetter(other, one)).toBe(false)
    expect(isBetter(runs(10, 20, 30), runs(10, 20, 30))).toBe(false)
    expect(isBetter(runs(10, 10), runs(99, 99))).toBe(false)
  })

  test('looks at errors before latency, when they differ by more than chance and by enough', () => {
    const quickLoser = [run(1, 0.2), run(1, 0.21), run(1, 0.22)]
    expect(isBetter(runs(10, 10, 10), quickLoser)).toBe(true)
    expect(isBetter(quickLoser, runs(10, 10, 10))).toBe(false)
    const hardlyLosing = [run(1, 0.0001), run(1, 0.0002), run(1, 0.0001)]
    expect(isBetter(hardlyLosing, runs(10, 10, 10))).toBe(true)
    expect(isBetter(losing(0, 0.3, 0), losing(0.1, 0, 0.1))).toBe(false)
  })

  test('looks at the mean where the p99 cannot tell', () => {
    const withMeans = (p99s: number[], ...means: number[]) => means.map((meanMs, at) => run(p99s[at]!, 0, meanMs))
    expect(isBetter(withMeans([10, 12, 9], 4, 5, 6), withMeans([10, 12, 9], 5, 6.2, 7.5))).toBe(true)
    expect(isBetter(withMeans([10, 12, 9], 4, 5, 6), withMeans([9, 10.8, 8.1], 5, 6.2, 7.5))).toBe(false)
  })

  test('without a p99 errors can tell', () => {
    expect(isBetter(runs(10, 10, 10), runs(null, null, null))).toBe(false)
    expect(isBetter(runs(10, 10, 10), [run(null, 0.9), run(null, 0.9), run(null, 0.9)])).toBe(true)
  })
})

describe('standings', () => {
  const best = runs(10, 20, 30)
  const twin = runs(10, 20, 30)
  const near = runs(11, 22.1, 33.2)
  const far = runs(20, 41, 62)
  const failing = runs(50, 110, 170)
  const loser = losing(0.2, 0.2, 0.21)

  test('rank by how many are better for sure, so that ties share a rank', () => {
    expect(ranksOf([best, twin, near, far, failing, loser])).toEqual([1, 1, 3, 4, 5, 6])
  })

  test('name the best, the first of equals, and who is near it, fails, or is between', () => {
    const { best: at, judged } = standings([loser, failing, near, best, twin, far])
    expect(at).toBe(3)
    expect(judged.map(({ standing }) => standing)).toEqual(['fails', 'fails', 'good', 'good', 'good', 'between'])
    expect(judged[3]!.toBest.p99Ratio).toEqual({ mean: 1, interval: [1, 1] })
    expect(judged[5]!.toBest.p99Ratio!.mean).toBeCloseTo((2 * 2.05 * (62 / 30)) ** (1 / 3), 9)
    expect(judged[0]!.estimates.errorShare!.mean).toBeCloseTo(0.2033, 3)
    expect(judged[0]!.toBest.moreErrors!.mean).toBeCloseTo(0.2033, 3)
  })

  test('who is slow on average is not good, whatever the p99', () => {
    const slow = [run(10, 0, 3), run(20, 0, 3.1), run(30, 0, 3)]
    expect(standings([best, slow]).judged[1]).toMatchObject({ rank: 2, standing: 'between' })
  })

  test('a ratio that chance may have made is no failure', () => {
    const { judged } = standings([runs(10, 10, 10), runs(9, 300, 11)])
    expect(judged.map(({ rank, standing }) => [rank, standing])).toEqual([
      [1, 'good'],
      [1, 'between'],
    ])
  })
})
