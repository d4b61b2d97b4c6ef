// The claims of `pool-scope`, played from its data: all hold, and fail when the data they rest on is turned.
import { expect, test } from 'vitest'
import { holdsWhenPlayed } from '../tests/playing.ts'
import scenario from './pool-scope.ts'

/** The same with one and with sixteen workers only: what fails there fails the claim. */
const few = {
  ...scenario,
  sweep: { ...scenario.sweep!, points: scenario.sweep!.points.filter(({ at }) => at === 1 || at === 16) },
}
const withScope = (poolScope: 'worker' | 'proxy') => ({
  ...few,
  variants: few.variants.map(one => ({ ...one, virtual: { proxies: { poolScope } } })),
})

test('all claims hold as the scenario stands', async () => {
  expect(await holdsWhenPlayed(scenario)).toEqual([true, true, true, true, true])
})

test('one pool in the place of a pool each, and the other way round', async () => {
  expect(await holdsWhenPlayed(withScope('proxy'))).toEqual([false, true, false, false, true])
  expect(await holdsWhenPlayed(withScope('worker'))).toEqual([true, false, false, false, true])
})

test('connections that are kept for long are found again by everybody', async () => {
  const kept = (pool: string) => pool.replace(/idleMs=\d+/, 'idleMs=600000')
  const variants = few.variants.map(one => ({ ...one, settings: { ...one.settings, pool: kept(one.settings.pool) } }))
  const [each, , saving] = await holdsWhenPlayed({ ...few, variants })
  expect([each, saving]).toEqual([false, false])
})

test('on a network without round trips nobody notices a dial', async () => {
  const [, , , tail] = await holdsWhenPlayed({ ...few, virtual: { ...few.virtual!, network: { rttMs: 0 } } })
  expect(tail).toBe(false)
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
