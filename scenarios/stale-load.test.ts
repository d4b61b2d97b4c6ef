// The claims of `stale-load`, played from its data: all hold, and fail when the age of the figures is turned.
import { expect, test, vi } from 'vitest'
import { holdsWhenPlayed, shortened } from '../tests/playing.ts'
import scenario from './stale-load.ts'

/** The points as they are named, all with figures of one age. */
const allAged = (refreshMs: number) => ({
  ...shortened(scenario, 0.3),
  sweep: {
    ...scenario.sweep!,
    points: scenario.sweep!.points.map(point => ({
      ...point,
      virtual: { proxies: { view: { kind: 'shared' as const, refreshMs } } },
    })),
  },
})

// Minutes of traffic are played; on a busy machine that takes a while.
vi.setConfig({ testTimeout: 120_000 })

test('all claims hold, also in less time than the scenario takes', async () => {
  expect(await holdsWhenPlayed(shortened(scenario, 0.4))).toEqual([true, true, true, true, true])
})

test('figures that are always fresh never turn the order', async () => {
  expect(await holdsWhenPlayed(allAged(0))).toEqual([true, false, false, false, false])
})

test('figures that are never fresh have it turned from the beginning', async () => {
  expect(await holdsWhenPlayed(allAged(500))).toEqual([false, true, false, false, false])
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
