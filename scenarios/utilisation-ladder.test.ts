// The claims of `utilisation-ladder`, played from its data: all hold, and fail when the data they rest on is turned.
import { expect, test } from 'vitest'
import { holdsWhenPlayed, shortened } from '../tests/playing.ts'
import ladder from './utilisation-ladder.ts'

/** The whole length is among the long checks. */
const scenario = shortened(ladder, 0.4)

const within = (balancer: string) => ({
  ...scenario,
  variants: scenario.variants.map(one =>
    one.name === balancer
      ? { ...one, settings: { ...one.settings, balancer: `stale-view:everyMs=500+${balancer}` } }
      : one,
  ),
})

test('all claims hold, also in less time than the scenario takes', async () => {
  expect(await holdsWhenPlayed(scenario)).toEqual([true, true, true, true, true])
})

test('with two slots for each origin a draw is quicker than the theory of one queue, and the gain is smaller', async () => {
  const points = scenario.sweep!.points.map(point => ({ ...point, origins: { slots: 2 } }))
  const [theory, , , , growing] = await holdsWhenPlayed({ ...scenario, sweep: { ...scenario.sweep!, points } })
  expect([theory, growing]).toEqual([false, false])
})

test('balancers that see old counts fail the claim on looking', async () => {
  const renamed = within('least-request')
  const judged = scenario.judge
  const holds = await holdsWhenPlayed({
    ...renamed,
    judge: runs =>
      judged(
        runs.map(run => ({
          ...run,
          settings: { ...run.settings, balancer: `${run.settings.balancer}`.split('+').at(-1)! },
        })),
      ),
  })
  expect(holds[3]).toBe(false)
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
