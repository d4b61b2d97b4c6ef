// The claims of `adaptive-limits`, played from its data: all hold, and fail when the data they rest on is turned.
import { expect, test } from 'vitest'
import { holdsWhenPlayed } from '../tests/playing.ts'
import scenario from './adaptive-limits.ts'

/** The two points that claims rest on, the second with a load of so many times what the origins can do. */
const withMost = (times: number) => {
  const [least, most] = [scenario.sweep!.points[0]!, scenario.sweep!.points.at(-1)!]
  const ratePerSecond = (times / 3) * Number(/=(\d+)/.exec(most.profile!)![1])
  const points = [least, { ...most, profile: `poisson:ratePerSecond=${ratePerSecond}` }]
  return { ...scenario, sweep: { ...scenario.sweep!, points } }
}
const few = withMost(3)
const withLimiter = (name: string, limiter: string) => ({
  ...few,
  variants: few.variants.map(one => (one.name === name ? { ...one, settings: { ...one.settings, limiter } } : one)),
})

test('all claims hold as the scenario stands', async () => {
  expect(await holdsWhenPlayed(scenario)).toEqual([true, true, true, true, true])
})

test('at less than they can do nobody needs a limit', async () => {
  const [open] = await holdsWhenPlayed(withMost(0.8))
  expect(open).toBe(false)
})

test('when the origins stay as quick as they were, a rate is as good as any other limit', async () => {
  const [, , , byRate] = await holdsWhenPlayed({ ...few, faults: [] })
  expect(byRate).toBe(false)
})

test('a limit that is too wide lets everything wait, and one that is too narrow refuses for nothing', async () => {
  const [, wide, , , slower] = await holdsWhenPlayed(withLimiter('fixed-inflight', 'fixed-inflight:max=2000'))
  expect([wide, slower]).toEqual([false, false])
  const [, , narrow] = await holdsWhenPlayed(withLimiter('fixed-inflight', 'fixed-inflight:max=8'))
  expect(narrow).toBe(false)
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
