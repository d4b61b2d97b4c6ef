import { expect, test } from 'vitest'
import { randomStream, uniformAt } from './random.ts'

test('a stream repeats for its seed and name, and differs for another', () => {
  const take = (seed: number, name: string) => {
    const rng = randomStream(seed, name)
    return Array.from({ length: 20 }, () => rng.uniform())
  }
  expect(take(1, 'arrivals')).toEqual(take(1, 'arrivals'))
  expect(take(1, 'arrivals')).not.toEqual(take(2, 'arrivals'))
  expect(take(1, 'arrivals')).not.toEqual(take(1, 'service/o1'))
})

test('uniform numbers fill [0, 1) evenly: chi-square of 100 cells', () => {
  const rng = randomStream(42, 'even')
  const cells = new Array<number>(100).fill(0)
  for (let i = 0; i < 100_000; i++) cells[Math.floor(rng.uniform() * 100)]!++
  const chiSquare = cells.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)
  // 99 degrees of freedom: 0.1 % and 99.9 % points.
  expect(chiSquare).toBeGreaterThan(60)
  expect(chiSquare).toBeLessThan(149)
})

test('exponential numbers have the mean and the spread of the law', () => {
  const rng = randomStream(42, 'exponential')
  const values = Array.from({ length: 50_000 }, () => rng.exponential(5))
  const mean = values.reduce((a, b) => a + b) / values.length
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length)
  expect(Math.abs(mean - 5)).toBeLessThan(0.1)
  expect(Math.abs(deviation - 5)).toBeLessThan(0.15)
})

test('addressed draws are stable, even, and unrelated between neighbours', () => {
  expect(uniformAt(1, 'service/o0', 5)).toBe(uniformAt(1, 'service/o0', 5))
  const values = Array.from({ length: 20_000 }, (_, i) => uniformAt(1, 'service/o0', i))
  const mean = values.reduce((a, b) => a + b) / values.length
  let product = 0
  for (let i = 1; i < values.length; i++) product += (values[i]! - 0.5) * (values[i - 1]! - 0.5)
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.01)
  // Correlation of neighbours: standard error 1/sqrt(n) = 0.007.
  expect(Math.abs(product / values.length / (1 / 12))).toBeLessThan(0.03)
})
