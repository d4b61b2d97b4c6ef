// What the lesson on means says in words, held to the modules that its page runs.
import { expect, test } from 'vitest'
import recorded from '../recorded/slow-origin.json' with { type: 'json' }
import { allowedShare, loadPages, meanMs, respond, services, slowMsFor, slowPages, twoServers } from './tails.ts'

test('all three services have one mean, and their p99 are more than ten times apart', () => {
  const times = services.map(name => respond(name, 0.02))
  for (const { mean } of times) expect(Math.abs(mean / meanMs - 1)).toBeLessThan(0.05)
  const p99s = times.map(({ p99 }) => p99)
  expect(Math.max(...p99s) / Math.min(...p99s)).toBeGreaterThan(10)
})

test('with one slow request in two hundred p99 calls the third service the best, and each slow one takes a second', () => {
  const [steady, varied, mostlyQuick] = services.map(name => respond(name, 0.005).p99)
  expect(mostlyQuick).toBeLessThan(Math.min(steady!, varied!))
  expect(slowMsFor(0.005)).toBeCloseTo(1010)
  expect(respond('mostly quick', 0.005)['p99.9']).toBeGreaterThan(900)
})

test('of pages with a hundred parts most wait, as the formula says', () => {
  const simulated = loadPages(0.01, 'chance')
  expect(slowPages(100, 0.01)).toBeCloseTo(0.634, 3)
  for (const parts of [1, 10, 50, 100, 200]) {
    expect(Math.abs(simulated[parts]! - slowPages(parts, 0.01))).toBeLessThan(0.04)
  }
  expect(simulated[100]).toBeGreaterThan(0.5)
})

test('for one slow page in a hundred, one part in about ten thousand may be slow', () => {
  expect(slowPages(100, allowedShare(100, 0.01))).toBeCloseTo(0.01)
  expect(1 / allowedShare(100, 0.01)).toBeCloseTo(9950, -2)
})

test('when parts are slow together, as many pages are slow as parts, however many parts there are', () => {
  const together = loadPages(0.01, 'moments')
  for (const parts of [1, 100, 200]) expect(together[parts]).toBeCloseTo(0.01)
})

test('the mean of two p99 does not know where the users are; the truth runs from below it to above it', () => {
  const [few, half] = [twoServers(0.01), twoServers(0.5)]
  expect(few.allP99Ms).toBeLessThan(few.meanOfP99sMs / 2)
  expect(half.allP99Ms).toBeGreaterThan(half.meanOfP99sMs * 1.3)
  expect(Math.abs(few.meanOfP99sMs / half.meanOfP99sMs - 1)).toBeLessThan(0.15)
})

test('in the recorded run the first variant chose at random, and its p99 was far from its median', () => {
  const [blind] = recorded.variants
  expect(blind?.balancer).toBe('random')
  expect(blind!.p99Ms / blind!.p50Ms).toBeGreaterThan(10)
})
