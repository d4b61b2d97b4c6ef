// The claims of `rolling-restart`, played from its data: all hold, and each fails when the knob it rests on is turned.
import { expect, test } from 'vitest'
import type { Scenario } from '../core/scenario.ts'
import { holdsWhenPlayed } from '../tests/playing.ts'
import scenario from './rolling-restart.ts'

const taking = (setting: 'health' | 'retries', from: RegExp | string, to: string): Scenario => ({
  ...scenario,
  variants: scenario.variants.map(one => ({
    ...one,
    settings: { ...one.settings, [setting]: one.settings[setting].replace(from, to) },
  })),
})

test('all claims hold as the scenario stands', async () => {
  expect(await holdsWhenPlayed(scenario)).toEqual([true, true, true, true, true])
})

test.each<[string, number, Scenario]>([
  [
    'origins that are away for a moment only',
    0,
    { ...scenario, faults: scenario.faults!.map(one => ({ ...one, during: [one.during![0], one.during![0] + 0.01] })) },
  ],
  ['checks that come too rarely', 1, taking('health', 'intervalMs=500', 'intervalMs=1500')],
  ['an ejection that ends too soon', 2, taking('health', /baseEjectionMs=1000.*/, 'baseEjectionMs=20')],
  ['a budget that is no budget', 3, taking('retries', 'budgeted:baseMs=1', 'budgeted:share=0,perSecond=0')],
  ['a watcher that never believes', 4, taking('health', 'consecutive=3', 'consecutive=10000')],
])('%s fails its claim', async (_, index, turned) => {
  expect((await holdsWhenPlayed(turned))[index]).toBe(false)
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
