import { expect, test } from 'vitest'
import { fitLine } from './line-fit.ts'

test('points on a line give that line', () => {
  const fit = fitLine([0, 10, 20, 50].map(x => [x, 7 + 3 * x] as const))!
  expect(fit.slope).toBeCloseTo(3, 9)
  expect(fit.intercept).toBeCloseTo(7, 9)
  expect(fit.rSquared).toBeCloseTo(1, 9)
})

test('scattered points give the slope and R² worked out by hand', () => {
  // Means 2 and 4; sums of squares: xx 10, xy 6, yy 6.
  const points = [
    [0, 2],
    [1, 4],
    [2, 5],
    [3, 4],
    [4, 5],
  ] as const
  const fit = fitLine(points)!
  expect(fit.slope).toBeCloseTo(0.6, 9)
  expect(fit.intercept).toBeCloseTo(2.8, 9)
  expect(fit.rSquared).toBeCloseTo(0.6, 9)
})

test('too few points, or all at one x, give no line; a level y is fitted wholly', () => {
  const two = [0, 1].map(x => [x, x] as const)
  expect(fitLine(two)).toBeNull()
  expect(fitLine([1, 2, 3].map(y => [5, y] as const))).toBeNull()
  expect(fitLine([1, 2, 3].map(x => [x, 5] as const))).toEqual({ slope: 0, intercept: 5, rSquared: 1 })
})
