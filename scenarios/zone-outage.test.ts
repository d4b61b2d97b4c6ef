// The claims of `zone-outage`, played from its data: all hold, and each fails when the knob it rests on is turned.
import { expect, test } from 'vitest'
import type { Scenario } from '../core/scenario.ts'
import { holdsWhenPlayed } from '../tests/playing.ts'
import scenario from './zone-outage.ts'

const taking = (setting: 'balancer' | 'health', from: RegExp | string, to: string): Scenario => ({
  ...scenario,
  variants: scenario.variants.map(one => ({
    ...one,
    settings: { ...one.settings, [setting]: one.settings[setting].replace(from, to) },
  })),
})

test('all claims hold as the scenario stands', async () => {
  expect(await holdsWhenPlayed(scenario)).toEqual([true, true, true, true])
})

test.each<[string, number, Scenario]>([
  [
    'crossing zones that takes no longer',
    0,
    { ...scenario, virtual: { ...scenario.virtual!, network: { rttMs: 4, crossZoneRttMs: 4 } } },
  ],
  ['checks that take their time', 1, taking('health', 'intervalMs=500', 'intervalMs=1500')],
  [
    'an alarm that is not false',
    3,
    { ...scenario, faults: scenario.faults!.map(one => ({ ...one, fault: one.fault.replace('refuse', 'kill') })) },
  ],
])('%s fails its claim', async (_, index, turned) => {
  expect((await holdsWhenPlayed(turned))[index]).toBe(false)
})

test('a neighbour with most of the proxies is flooded when each keeps to its zone', async () => {
  const proxies = { count: 6, zones: ['a', 'b', 'b'] }
  const turned = { ...scenario, virtual: { ...scenario.virtual!, proxies } }
  const shared = {
    ...turned,
    variants: turned.variants.map(one => ({
      ...one,
      // Each takes its zone for one of three.
      settings: { ...one.settings, balancer: one.settings.balancer.replace('zone-aware', 'zone-aware:zoneShare=0.33') },
    })),
  }
  expect((await holdsWhenPlayed(shared))[2]).toBe(false)
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
