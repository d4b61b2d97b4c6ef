// What an origin says of its latency: learnt level by level of its load, so that one that fills up says what that will cost.
import { expect, test } from 'vitest'
import { LoadReports } from './load-reports.ts'

function originWith(present: { now: number }): LoadReports {
  return new LoadReports(1, { present: () => present.now, slots: () => 1 }, { now: 1000 })
}

/** Answers to requests that met `met` others, each of which took so long. */
function answer(reports: LoadReports, met: number, ...tookMs: number[]): void {
  for (const took of tookMs) reports.onAnswer(0, met, took, 10, 200)
}

test('the median of the last five times at the present load', () => {
  const load = { now: 2 }
  const reports = originWith(load)
  expect(reports.of(0).latencyMs).toBe(0)
  answer(reports, 2, 900, 900, 31, 33, 29, 30, 32)
  expect(reports.of(0)).toMatchObject({ inFlight: 2, latencyMs: 31 })
})

test('many quick answers of an empty origin do not make a full one quick', () => {
  const load = { now: 9 }
  const reports = originWith(load)
  answer(reports, 9, 100)
  answer(reports, 0, ...new Array<number>(1000).fill(10))
  expect(reports.of(0).latencyMs).toBe(100)
  load.now = 0
  expect(reports.of(0).latencyMs).toBe(10)
})

test('where nothing is known of a load, the nearest that is known counts, also far above', () => {
  const load = { now: 5 }
  const reports = originWith(load)
  answer(reports, 3, 40)
  answer(reports, 8, 90)
  expect(reports.of(0).latencyMs).toBe(40)
  load.now = 6
  expect(reports.of(0).latencyMs).toBe(90)
  load.now = 100_000
  expect(reports.of(0).latencyMs).toBe(90)
  // Far up, numbers that are within a third of each other are one level.
  answer(reports, 90_000, 5000)
  expect(reports.of(0).latencyMs).toBe(5000)
})
