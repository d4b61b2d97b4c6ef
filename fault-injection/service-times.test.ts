import { describe, expect, test } from 'vitest'
import type { AnyStrategy, ServiceTime } from '../core/contracts.ts'
import { choose, make, namesOf } from '../core/registry.ts'

const points = 200_000

describe.each([...namesOf('service'), 'fixed:ms=7', 'exponential:meanMs=0.5', 'normal:meanMs=167,deviation=0.25'])(
  'service time %s',
  spec => {
    test('never decreases with the quantile, is never negative, and has the mean it claims', async () => {
      const law = make(await choose<AnyStrategy<ServiceTime>>('service', spec), 1, 'service/o0')
      let sum = 0
      let previous = 0
      let falls = 0
      for (let point = 0; point < points; point++) {
        const value = law.quantile((point + 0.5) / points)
        if (value < previous) falls++
        previous = value
        sum += value
      }
      expect(falls).toBe(0)
      expect(law.quantile(0)).toBeGreaterThanOrEqual(0)
      // The midpoint rule loses about ln(2)/2 of a point in an exponential tail.
      expect(Math.abs(sum / points - law.meanMs)).toBeLessThanOrEqual(law.meanMs * 1e-4)
    })
  },
)

test('the normal law has the quantiles of the tables', async () => {
  const law = make(
    await choose<AnyStrategy<ServiceTime>>('service', 'normal:meanMs=100,deviation=0.1'),
    1,
    'service/o0',
  )
  for (const [u, deviations] of [
    [0.0001, -3.719016],
    [0.025, -1.959964],
    [0.5, 0],
    [0.841345, 1],
    [0.999, 3.090232],
  ] as const) {
    expect((law.quantile(u) - 100) / 10).toBeCloseTo(deviations, 4)
  }
})
