// The claims of `retry-stability`, played from its data: all hold, and fail when the data they rest on is turned.
import { expect, test } from 'vitest'
import { holdsWhenPlayed } from '../tests/playing.ts'
import scenario from './retry-stability.ts'

/** The same with two loads only: what fails at one point fails the claim. */
const few = {
  ...scenario,
  sweep: { ...scenario.sweep!, points: scenario.sweep!.points.filter(({ at }) => at === 55 || at === 87) },
}

test('all claims hold as the scenario stands', async () => {
  expect(await holdsWhenPlayed(scenario)).toEqual([true, true, true, true, true])
})

test('an origin that notices what has been given up recovers with any retries', async () => {
  const holds = await holdsWhenPlayed({ ...few, virtual: { ...few.virtual!, cancelsWork: true } })
  expect(holds).toEqual([true, false, true, false, false])
})

test('an outage shorter than clients wait brings nobody down', async () => {
  const faults = [{ ...few.faults![0]!, during: [0, 0.1] as const }]
  expect(await holdsWhenPlayed({ ...few, faults })).toEqual([true, false, true, false, false])
})

test('an outage that lasts leaves no load well', async () => {
  const faults = [{ ...few.faults![0]!, phase: 'long after' }]
  const [before, , none] = await holdsWhenPlayed({ ...few, faults })
  expect([before, none]).toEqual([true, false])
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
