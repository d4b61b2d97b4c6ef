// The claims of `flapping`, played from its data: all hold, and each fails when the knob it rests on is turned.
import { expect, test } from 'vitest'
import type { Scenario } from '../core/scenario.ts'
import { holdsWhenPlayed } from '../tests/playing.ts'
import scenario from './flapping.ts'

const taking = (from: RegExp | string, to: string): Scenario => ({
  ...scenario,
  variants: scenario.variants.map(one => ({
    ...one,
    settings: { ...one.settings, health: one.settings.health.replace(from, to) },
  })),
})

test('all claims hold as the scenario stands', async () => {
  expect(await holdsWhenPlayed(scenario)).toEqual([true, true, true, true, true])
})

test.each<[string, number[], Scenario]>([
  ['checks that come all the time', [0], taking(/intervalMs=500/, 'intervalMs=50')],
  ['a long row that is not so long', [1, 4], taking('rise=12', 'rise=3')],
  ['ejections that do not grow', [2], taking('maxEjectionMs=20000', 'maxEjectionMs=10')],
  ['a breaker that opens late', [3], taking('failures=5', 'failures=300')],
])('%s: not all claims hold', async (_, broken, turned) => {
  const holds = await holdsWhenPlayed(turned)
  for (const index of broken) expect(holds[index]).toBe(false)
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
