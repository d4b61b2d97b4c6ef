import { expect, test } from 'vitest'
import { LatencyHistogram } from './histogram.ts'

test('quantiles are exact to three digits and withheld when fewer than ten samples lie beyond', () => {
  const histogram = new LatencyHistogram()
  for (let i = 1; i <= 1000; i++) histogram.record(i)
  const summary = histogram.summary()
  expect(summary.count).toBe(1000)
  expect(summary.p50Ms! / 500).toBeCloseTo(1, 2)
  expect(summary.p99Ms! / 990).toBeCloseTo(1, 2)
  expect(summary.p999Ms).toBeNull()
  expect(summary.maxMs! / 1000).toBeCloseTo(1, 2)
})

test('values up to a bound are counted', () => {
  const histogram = new LatencyHistogram()
  for (let i = 1; i <= 1000; i++) histogram.record(i % 2 === 0 ? 10 : 20)
  expect([0, 5, 15, 25].map(ms => histogram.countUpTo(ms))).toEqual([0, 0, 500, 1000])
  expect(new LatencyHistogram().countUpTo(1)).toBe(0)
})

test('what is written can be read back and added up', () => {
  const one = new LatencyHistogram()
  const other = new LatencyHistogram()
  for (let i = 0; i < 100; i++) {
    one.record(1)
    other.record(100)
  }
  const sum = LatencyHistogram.decode(one.summary().histogram)
  sum.add(LatencyHistogram.decode(other.summary().histogram))
  expect(sum.count).toBe(200)
  expect(sum.quantileMs(0.25)! / 1).toBeCloseTo(1, 2)
  expect(sum.quantileMs(0.75)! / 100).toBeCloseTo(1, 2)
})

test('values out of range are clamped, and an empty histogram has no quantiles', () => {
  const histogram = new LatencyHistogram()
  expect(histogram.summary()).toMatchObject({ count: 0, p50Ms: null, maxMs: null })
  histogram.record(-5)
  histogram.record(1e9)
  expect(histogram.count).toBe(2)
  expect(histogram.maxMs! / 60_000).toBeCloseTo(1, 2)
})
