// The claims of `one-slow-backend`, played from its data: all hold, and fail when the data they rest on is turned.
import { expect, test } from 'vitest'
import { holdsWhenPlayed } from '../tests/playing.ts'
import scenario from './one-slow-backend.ts'

const slow = (fault: string) => ({ ...scenario, faults: [{ ...scenario.faults![0]!, fault }] })

test('all claims hold as the scenario stands', async () => {
  expect(await holdsWhenPlayed(scenario)).toEqual([true, true, true, true, true])
})

test('a backend that is slow for less than clients wait takes nobody with it, against all the theory of lost ones', async () => {
  const [inTurn, , , , measured] = await holdsWhenPlayed(slow('slow:factor=0,addMs=900'))
  expect([inTurn, measured]).toEqual([false, false])
})

test('one that is slower still keeps more away from itself, unless a time-out frees its places', async () => {
  const [inTurn, counted, timed] = await holdsWhenPlayed(slow('slow:factor=0,addMs=6000'))
  expect([inTurn, counted, timed]).toEqual([true, false, true])
})

test('without a penalty a time-out costs as much as it did', async () => {
  const variants = scenario.variants.map(one => ({
    ...one,
    settings: {
      ...one.settings,
      balancer: one.settings.balancer.replace(/^failure-penalty:.*\+/, 'failure-penalty:penaltyMs=1+'),
    },
  }))
  const renamed = (spec: unknown) => `${spec}`.replace('penaltyMs=1+', 'penaltyMs=5000+')
  const holds = await holdsWhenPlayed({
    ...scenario,
    variants,
    judge: runs =>
      scenario.judge(
        runs.map(run => ({ ...run, settings: { ...run.settings, balancer: renamed(run.settings.balancer) } })),
      ),
  })
  expect(holds).toEqual([true, true, true, false, true])
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
