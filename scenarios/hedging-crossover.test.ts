// The claims of `hedging-crossover`, played from its data: all hold, and fail when the data they rest on is turned.
import { expect, test } from 'vitest'
import { holdsWhenPlayed } from '../tests/playing.ts'
import scenario from './hedging-crossover.ts'

/** The same at three loads only: what fails there fails the claim. */
const few = {
  ...scenario,
  sweep: { ...scenario.sweep!, points: scenario.sweep!.points.filter(({ at }) => [10, 40, 80].includes(at)) },
}

test('all claims hold as the scenario stands', async () => {
  expect(await holdsWhenPlayed(scenario)).toEqual([true, true, true, true, true, true])
})

test('where origins cancel what another has answered, hedges bring nobody down and two are no outage', async () => {
  const holds = await holdsWhenPlayed({ ...few, virtual: { ...few.virtual!, cancelsWork: true } })
  expect([holds[3], holds[5]]).toEqual([false, false])
})

test('with many slots for each origin a hedge does not hurt', async () => {
  const [, budgeted, following] = await holdsWhenPlayed({ ...few, origins: { ...few.origins, slots: 4 } })
  expect([budgeted, following]).toEqual([false, false])
})

test('a request that is slow by itself is slow everywhere: hedging does not shorten the tail', async () => {
  const holds = await holdsWhenPlayed({ ...few, origins: { ...few.origins, service: 'fixed:ms=10' } })
  expect([holds[0], holds[1]]).toEqual([false, false])
})

test('without its limit a budget bounds nothing', async () => {
  const [within] = scenario.variants.filter(one => one.name === 'hedged, budget')
  const variants = few.variants.map(one =>
    one === within
      ? { ...one, settings: { ...one.settings, retries: one.settings.retries.replace('share=0.1', 'share=1') } }
      : one,
  )
  const holds = await holdsWhenPlayed({
    ...few,
    variants,
    judge: runs =>
      scenario.judge(
        runs.map(run =>
          run.point!.series === within!.name
            ? { ...run, settings: { ...run.settings, retries: within!.settings.retries } }
            : run,
        ),
      ),
  })
  expect(holds[4]).toBe(false)
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
