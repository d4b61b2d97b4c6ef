// The claims of `noisy-neighbours`, played from its data: each fails when the knob it rests on is turned. That all hold as it
// stands takes a quarter of a minute and is seen by the long checks.
import { expect, test, vi } from 'vitest'
import type { Scenario } from '../core/scenario.ts'
import { holdsWhenPlayed, shortened } from '../tests/playing.ts'
import scenario from './noisy-neighbours.ts'

// Minutes of traffic are played; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 120_000 })

const only = (some: Scenario, ...names: string[]): Scenario => ({
  ...shortened(some, 0.6),
  variants: some.variants.filter(({ name }) => names.some(one => name.startsWith(one))),
})

test('without neighbours even shares do', async () => {
  expect(await holdsWhenPlayed({ ...only(scenario, 'edf'), faults: [] })).toEqual([false])
})

test('weights that have not come into force yet are no better than even shares', async () => {
  const some = only(scenario, 'edf', 'orca-weights', 'prequal')
  const variants = some.variants.map(one =>
    one.name.startsWith('orca')
      ? { ...one, settings: { ...one.settings, balancer: 'orca-weights:blackoutMs=60000' } }
      : one,
  )
  expect((await holdsWhenPlayed({ ...some, variants })).at(-1)).toBe(false)
})

test('a proxy that knows of all requests needs to ask nobody', async () => {
  const some = only(scenario, 'edf', 'power-of-two', 'least-request', 'prequal')
  const alone = { ...some, virtual: { ...some.virtual!, proxies: { count: 1 } } }
  const [, order] = await holdsWhenPlayed(alone)
  expect(order).toBe(false)
})

test('who hardly ever gets an answer in time misses the deadline, too', async () => {
  const variants = only(scenario, 'prequal').variants.map(one => ({
    ...one,
    settings: { ...one.settings, balancer: 'prequal:timeoutMs=0.1' },
  }))
  expect(await holdsWhenPlayed({ ...scenario, variants })).toEqual([false])
})

test('one proxy is in step with nobody', async () => {
  const some = only(scenario, 'edf', 'weighted-round-robin')
  const alone = { ...some, virtual: { ...some.virtual!, proxies: { count: 1 } } }
  expect((await holdsWhenPlayed(alone)).at(-1)).toBe(false)
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
