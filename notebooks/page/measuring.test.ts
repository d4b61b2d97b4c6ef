// What the lesson on means says in words of those who measure, held to the modules that its page runs.
import { expect, test } from 'vitest'
import { capacity, closedCapacity, closedLoop, openLoop, pressed, runMs, serviceMs } from './measuring.ts'

const stallMs = 1000
const usualRate = 1000 / serviceMs

test('the closed loop reports the usual time, the open loop nearly the whole stall', () => {
  expect(closedLoop(1, stallMs).p99Ms).toBeLessThan(2 * serviceMs)
  // A share f of the run is stalled and waits evenly up to all of it: P(wait > x) = f (1 − x / stall) = 0.01.
  const expected = stallMs * (1 - 0.01 / (stallMs / runMs))
  expect(Math.abs(openLoop(usualRate, stallMs).p99Ms / expected - 1)).toBeLessThan(0.05)
})

test('each connection of a closed loop meets the stall once; the share of slow requests is the same with many', () => {
  const [one, many] = [closedLoop(1, stallMs), closedLoop(32, stallMs)]
  expect([one.slow, many.slow]).toEqual([1, 32])
  expect(many.slow / many.requests).toBeCloseTo(one.slow / one.requests, 6)
  expect(many.p99Ms).toBeLessThan(2 * serviceMs)
  expect(one.maxMs).toBeGreaterThan(stallMs)
})

test('without a stall both see the same', () => {
  const [closed, open] = [closedLoop(1, 0), openLoop(usualRate, 0)]
  expect([closed.p99Ms, open.p99Ms]).toEqual([serviceMs, serviceMs])
  expect(Math.abs(closed.requests - open.requests)).toBeLessThanOrEqual(1)
})

test('beyond what the service can do, the open loop finds the length of the test and the closed loop the capacity', () => {
  expect(pressed(1.1 * capacity, 20) / pressed(1.1 * capacity, 5)).toBeGreaterThan(3)
  expect(pressed(0.5 * capacity, 20) / pressed(0.5 * capacity, 5)).toBeCloseTo(1)
  expect(closedCapacity(16)).toBeCloseTo(capacity)
  expect(closedCapacity(1)).toBeCloseTo(capacity / 4)
})
