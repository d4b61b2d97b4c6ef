// The figures of a run on a log that is made up: who counts, and what the quantiles are.
import { expect, test } from 'vitest'
import { RequestLog } from '../../core/request-log.ts'
import { runFigures } from './run-figures.ts'

const plan = {
  phases: [
    { name: 'calm', durationMs: 1000 },
    { name: 'load', durationMs: 10_000 },
  ],
  measuredPhase: 'load',
  seed: 7,
}

/** A warm-up of 500 ms, then a request each ms; request k of the measured phase takes k / 10 + 0.1 ms, every tenth fails. */
function logOf(): RequestLog {
  const log = new RequestLog(11_500)
  for (let row = 0; row < log.size; row++) {
    const measured = row - 1500
    log.dueAt[row] = row
    log.sentAt[row] = row
    log.originInAt[row] = row + 0.01
    log.originOutAt[row] = row + 0.02
    log.origin[row] = measured >= 0 && measured % 4 === 0 ? 1 : 0
    const tookMs = measured < 0 ? 5000 : (measured + 1) / 10
    if (measured >= 0 && measured % 10 === 0) log.end(row, 'bad-status', row + 1, 503)
    else log.end(row, 'ok', row + tookMs, 200)
  }
  return log
}

test('the measured phase counts and nothing else; latency is of answered requests', () => {
  const figures = runFigures({ log: logOf(), phasesAt: 500, result: { origins: [0, 1] }, keys: null }, plan)
  expect(figures).toMatchObject({ seed: 7, requests: 10_000, errorShare: 1 - 9000 / 10_000 })
  // Nine of every ten values 0.1, 0.2 … 1000: the 4,500th, and the 8,910th.
  expect(figures.p50Ms).toBeCloseTo(500, 9)
  expect(figures.p99Ms).toBeCloseTo(990, 9)
  expect(figures.meanMs).toBeCloseTo(500.1, 1)
  expect(figures.imbalance).toBeCloseTo(1.5, 9)
  // Nine of 9,000 lie beyond the last one: too few.
  expect(figures.p999Ms).toBe(null)
})

test('with keys it says whose origin met a key for the first time', () => {
  // All ask for key 0 until the measured phase, at origin 0; then five keys in turn, each of which comes to both origins.
  const keys = Int32Array.from({ length: 11_500 }, (_, row) => (row < 1500 ? 0 : row % 5))
  const { coldShare } = runFigures({ log: logOf(), phasesAt: 500, result: { origins: [0, 1] }, keys }, plan)
  expect(coldShare).toBeCloseTo((2 * 5 - 1) / 10_000, 9)
})

test('a request without a fate makes the run invalid', () => {
  const log = new RequestLog(1)
  expect(() => runFigures({ log, phasesAt: 500, result: { origins: [0] }, keys: null }, plan)).toThrow(
    '1 requests were scheduled and 0 have ended',
  )
})
