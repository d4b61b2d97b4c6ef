// The claims of `many-proxies`, played from its data: all hold, and each fails when the knob it rests on is turned.
import { expect, test, vi } from 'vitest'
import type { Scenario } from '../core/scenario.ts'
import type { ProxiesModel } from '../core/virtual.ts'
import { holdsWhenPlayed, shortened } from '../tests/playing.ts'
import scenario from './many-proxies.ts'

/** With these balancers only, by the beginning of their names. */
const only = (...names: string[]): Scenario => ({
  ...shortened(scenario, 0.4),
  variants: scenario.variants.filter(({ name }) => names.some(one => name.startsWith(one))),
})
/** Where the proxies of every point see this. */
const seeing = (some: Scenario, view: ProxiesModel['view'] & {}): Scenario => ({
  ...some,
  virtual: { ...some.virtual!, proxies: { view } },
})
const taking = (some: Scenario, ...balancers: string[]): Scenario => ({
  ...some,
  variants: some.variants.map((one, i) => ({ ...one, settings: { ...one.settings, balancer: balancers[i]! } })),
})
const ends = (some: Scenario): Scenario => ({
  ...some,
  sweep: { ...some.sweep!, points: some.sweep!.points.filter(({ at }) => at === 1 || at === 100) },
})

// Minutes of traffic are played; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 120_000 })

test('all claims hold, also in less time than the scenario takes', async () => {
  expect(await holdsWhenPlayed(shortened(scenario, 0.5))).toEqual([true, true, true, true, true])
})

test('with two slots for each origin a draw is quicker than the theory of one queue', async () => {
  const random = ends(only('random'))
  expect(await holdsWhenPlayed({ ...random, origins: { ...random.origins, slots: 2 } })).toEqual([false])
})

test('counts that all share and that are fresh lose nothing', async () => {
  const [fading, noHerd] = await holdsWhenPlayed(seeing(only('least-request'), { kind: 'shared', refreshMs: 0 }))
  expect([fading, noHerd]).toEqual([false, true])
})

test('counts that all share and that are old do harm', async () => {
  const herd = seeing(ends(only('least-request')), { kind: 'shared', refreshMs: 500 })
  expect(await holdsWhenPlayed(herd)).toEqual([false])
})

test('asking one origin in ten requests is hardly asking', async () => {
  const some = taking(ends(only('least-request', 'prequal')), 'least-request', 'prequal:probesPerRequest=0.1')
  expect(await holdsWhenPlayed(some)).toEqual([true, false])
})

test('a slice that is everything is no slice', async () => {
  const some = ends(only('power-of-two', 'deterministic-aperture'))
  const [, sliced] = await holdsWhenPlayed(taking(some, 'power-of-two', 'deterministic-aperture:min=100'))
  expect(sliced).toBe(false)
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
