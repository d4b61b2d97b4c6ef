// The claims of `worker-imbalance`, played from its data: all hold, and fail when the data they rest on is turned.
import { expect, test } from 'vitest'
import { holdsWhenPlayed } from '../tests/playing.ts'
import scenario from './worker-imbalance.ts'

/** The same at one point only: what fails there fails the claim. */
const few = { ...scenario, sweep: { ...scenario.sweep!, points: scenario.sweep!.points.slice(0, 1) } }
/** With other proxies at every point, whatever the variants say. */
const withProxies = (proxies: object) => ({
  ...few,
  sweep: {
    ...few.sweep,
    points: few.sweep.points.map(point => ({ ...point, virtual: { ...point.virtual, proxies } })),
  },
})

test('all claims hold as the scenario stands', async () => {
  expect(await holdsWhenPlayed(scenario)).toEqual([true, true, true, true, true])
})

test('when nobody steals, the uneven start decides', async () => {
  const holds = await holdsWhenPlayed(withProxies({ stealing: false }))
  expect(holds.slice(-2)).toEqual([false, false])
})

test('when all steal, nobody is a queue of its own, and no worker is too full', async () => {
  const [lost, counted, stealing, beaten] = await holdsWhenPlayed(withProxies({ stealing: true }))
  expect([lost, counted, stealing, beaten]).toEqual([false, false, true, false])
})

test('equal CPU for all requests halves the queues, which is no longer M/M', async () => {
  const [, counted, stealing] = await holdsWhenPlayed(withProxies({ requestCpu: 'fixed' }))
  expect([counted, stealing]).toEqual([false, false])
})

test('a hash of many connections overloads nobody', async () => {
  const points = scenario.sweep!.points.slice(0, 1).map(point => ({ ...point, virtual: { multiplexed: 8192 } }))
  const [lost] = await holdsWhenPlayed({ ...scenario, sweep: { ...scenario.sweep!, points } })
  expect(lost).toBe(false)
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
