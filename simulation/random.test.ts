// The fast streams: exponential draws have the moments and the tail of the law, and streams differ by name and seed.
import { expect, test } from 'vitest'
import { FastStream } from './random.ts'

const draws = 400_000

test('exponential draws have mean, variance and tail of the law', () => {
  const rng = new FastStream(1, 'exponential')
  const values = Float64Array.from({ length: draws }, () => rng.exponential(2))
  const mean = values.reduce((sum, value) => sum + value, 0) / draws
  const square = values.reduce((sum, value) => sum + value * value, 0) / draws
  // Standard errors: 2/√n for the mean, √20·4/√n for the square.
  expect(Math.abs(mean - 2)).toBeLessThan((4 * 2) / Math.sqrt(draws))
  expect(Math.abs(square - 8)).toBeLessThan((4 * Math.sqrt(20) * 4) / Math.sqrt(draws))
  for (const at of [0.1, 1, 4, 10, 16, 20]) {
    const share = Math.exp(-at / 2)
    const beyond = values.reduce((sum, value) => sum + (value > at ? 1 : 0), 0) / draws
    expect(Math.abs(beyond - share), `beyond ${at}`).toBeLessThan(4.5 * Math.sqrt((share * (1 - share)) / draws))
  }
})

test('integers are even and within their bound', () => {
  const rng = new FastStream(1, 'integers')
  const counts = new Array<number>(10).fill(0)
  for (let draw = 0; draw < draws; draw++) counts[rng.integer(10)]!++
  const chiSquare = counts.reduce((sum, count) => sum + (count - draws / 10) ** 2 / (draws / 10), 0)
  // 99.99 % of chi-square with nine degrees of freedom.
  expect(chiSquare).toBeLessThan(33.72)
})

test('streams are repeatable and unlike each other', () => {
  const some = (seed: number, name: string) => {
    const rng = new FastStream(seed, name)
    return Array.from({ length: 5 }, () => rng.uniform())
  }
  expect(some(1, 'a')).toEqual(some(1, 'a'))
  expect(some(1, 'a')).not.toEqual(some(1, 'b'))
  expect(some(1, 'a')).not.toEqual(some(2, 'a'))
  expect(some(1, 'a').every(value => value >= 0 && value < 1)).toBe(true)
})
