// One restart's turns become one log ratio, and spoilt turns take their whole triple with them.
import { expect, test } from 'vitest'
import { estimate, lagLimitMs, runQueueLimit } from './estimates.ts'
import type { Arm, SliceFigures } from './slices.ts'

const turn = (arm: Arm, cpuUsPerRequest: number | null, more: Partial<SliceFigures> = {}): SliceFigures => ({
  arm,
  cpuUsPerRequest,
  addedP50Ms: 0.2,
  runQueueShare: 0,
  lagP99Ms: 1,
  ...more,
})

/** The machine gets slower from triple to triple; the head always needs a tenth more. */
const triple = (index: number, more: Partial<SliceFigures> = {}) => [
  turn('head', 44 * (1 + index)),
  turn('control', 40 * (1 + index)),
  turn('base', 40 * (1 + index), more),
]

test('a machine that drifts does not touch the ratio', () => {
  const { kept, triples, estimates } = estimate({ slices: [0, 1, 2, 3, 4].flatMap(index => triple(index)) })
  expect([kept, triples]).toEqual([5, 5])
  expect(estimates!.cpuUsPerRequest.headLog).toBeCloseTo(Math.log(1.1), 12)
  expect(estimates!.cpuUsPerRequest.controlLog).toBe(0)
  expect(estimates!.cpuUsPerRequest.base).toBe(120)
  expect(estimates!.addedP50Ms).toEqual({ base: 0.2, head: 0.2, headLog: 0, controlLog: 0 })
})

test.each([
  { runQueueShare: runQueueLimit + 0.01 },
  { lagP99Ms: lagLimitMs + 1 },
  { cpuUsPerRequest: null },
  { addedP50Ms: null },
])('%o in one turn drops its triple', spoilt => {
  const { kept, lagP99Ms, estimates } = estimate({ slices: [...triple(0), ...triple(50, spoilt), ...triple(0)] })
  expect(kept).toBe(2)
  expect(lagP99Ms).toBe(1)
  expect(estimates!.cpuUsPerRequest.base).toBe(40)
})

test('too few triples left say nothing', () => {
  const spoilt = { runQueueShare: 1 }
  expect(estimate({ slices: [...triple(0), ...triple(1, spoilt), ...triple(2, spoilt)] }).estimates).toBeNull()
  expect(estimate({ slices: [] }).estimates).toBeNull()
})
