// The fast histogram: quantiles within its promised error over twelve orders of magnitude, and merging is adding.
import { expect, test } from 'vitest'
import { randomStream } from '../core/random.ts'
import { SimulatedHistogram } from './histogram.ts'

test('quantiles are right to within 0.4 %, however small or large', () => {
  const rng = randomStream(1, 'values')
  const values = Array.from({ length: 20_000 }, () => 10 ** (rng.uniform() * 12 - 4)).sort((a, b) => a - b)
  const histogram = new SimulatedHistogram()
  for (const value of values) histogram.record(value)
  for (const q of [0.001, 0.1, 0.5, 0.9, 0.999]) {
    const exact = values[Math.ceil(q * values.length) - 1]!
    expect(Math.abs(histogram.quantileMs(q)! / exact - 1)).toBeLessThan(0.004)
  }
  expect(histogram.quantileMs(1)).toBe(values.at(-1))
  expect(histogram.meanMs).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 6)
  expect(histogram.shareAbove(values[15_000]! * 1.004)).toBeCloseTo(0.25, 2)
})

test('0 and what is beyond the range are counted; nothing recorded has no mean', () => {
  const histogram = new SimulatedHistogram()
  expect([histogram.meanMs, histogram.quantileMs(0.5)]).toEqual([null, null])
  for (const value of [0, 1e-9, 1e12]) histogram.record(value)
  expect(histogram.count).toBe(3)
  expect(histogram.quantileMs(0.3)).toBeLessThan(1e-5)
})

test('two halves added up are the whole', () => {
  const [whole, one, other] = [new SimulatedHistogram(), new SimulatedHistogram(), new SimulatedHistogram()]
  for (let value = 1; value <= 1000; value++) {
    whole.record(value)
    ;(value % 3 === 0 ? one : other).record(value)
  }
  one.add(other)
  expect(one.counts).toEqual(whole.counts)
  expect([one.count, one.maxMs, one.sumMs]).toEqual([whole.count, whole.maxMs, whole.sumMs])
})
