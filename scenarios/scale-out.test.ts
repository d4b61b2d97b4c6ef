// The claims of `scale-out`, played from its data: all hold, and fail when the data they rest on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { holdsWhenPlayed } from '../tests/playing.ts'
import scenario from './scale-out.ts'

/** The scenario with `one` put in the place of `other`, and judged as if it were that. */
function exchanged(one: string, other: string) {
  const judgedAs = (run: Run) =>
    run.variant === other ? { ...run, settings: { ...run.settings, balancer: other } } : run
  return {
    ...scenario,
    variants: scenario.variants.map(variant =>
      variant.name === other ? { ...variant, settings: { ...variant.settings, balancer: one } } : variant,
    ),
    judge: (runs: readonly Run[]) => scenario.judge(runs.map(judgedAs)),
  }
}

test('all claims hold as the scenario stands', async () => {
  expect(await holdsWhenPlayed(scenario)).toEqual([true, true, true, true, true, true])
})

test('when nobody joins, no key moves', async () => {
  const [modulo, exact] = await holdsWhenPlayed({
    ...scenario,
    faults: ['ten', 'eleven'].map(phase => ({ ...scenario.faults![0]!, phase })),
  })
  expect([modulo, exact]).toEqual([false, false])
})

test('a table by remainder in the place of the consistent ones fails their claims', async () => {
  const [, exact] = await holdsWhenPlayed(exchanged('uri-hash', 'rendezvous'))
  const [, , consistent] = await holdsWhenPlayed(exchanged('uri-hash', 'maglev'))
  expect([exact, consistent]).toEqual([false, false])
})

test('Maglev in the place of the ring is even, and a bound that binds nobody changes nothing', async () => {
  const even = await holdsWhenPlayed(exchanged('maglev', 'ring-hash'))
  expect(even[4]).toBe(false)
  const loose = await holdsWhenPlayed(exchanged('bounded-load:factor=100+ring-hash', 'bounded-load+ring-hash'))
  expect(loose[5]).toBe(false)
})

test('who draws by key instead of taking turns keeps caches warm', async () => {
  const holds = await holdsWhenPlayed(exchanged('ring-hash', 'round-robin'))
  expect(holds[3]).toBe(false)
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
