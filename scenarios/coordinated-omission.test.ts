// The claims of `coordinated-omission` on made-up runs: each holds, and fails when the number it rests on is turned; and in
// the simulator, where it is the run itself that says so.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf } from '../harness/observed.fixture.ts'
import { planOf } from '../harness/plan.ts'
import { simulatedPlanOf } from '../harness/simulated/run-simulated.ts'
import { simulateVariant } from '../harness/simulated/simulate-variant.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './coordinated-omission.ts'

interface Story {
  fromSendMs: number | null
  fromDueMs: number | null
  failed: number
}

function runOf({ fromSendMs, fromDueMs, failed }: Story): Run {
  const variant = scenario.variants[0]!
  const { phases } = scenario.effort.normal
  const { load, measuredPhase } = scenario
  const run = summarise(inputOf(every10Ms(1000, 0), {}, { variant, repeat: 0, load, phases, measuredPhase }))
  return {
    ...run,
    generator: { ...run.generator, failed },
    phases: run.phases.map(phase => ({
      ...phase,
      latency: { ...phase.latency, p99Ms: fromDueMs },
      service: { ...phase.service, p99Ms: fromSendMs },
    })),
  }
}

const asSaid: Story = { fromSendMs: 8, fromDueMs: 900, failed: 0 }
const holdsOf = (turned: Partial<Story> = {}) =>
  scenario.judge([runOf({ ...asSaid, ...turned })]).map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf()).toEqual([true, true, true])
})

test.each<[string, number, Partial<Story>]>([
  ['a stop that shows from the send', 0, { fromSendMs: 600 }],
  ['a stop that shows on neither clock', 1, { fromDueMs: 20 }],
  ['a request that fails', 2, { failed: 1 }],
])('%s fails its claim and no other', (_, failing, turned) => {
  expect(holdsOf(turned)).toEqual([0, 1, 2].map(claim => claim !== failing))
})

test('without a p99 there is nothing to claim, and of nothing nothing', () => {
  expect(holdsOf({ fromSendMs: null })).toEqual([])
  expect(scenario.judge([])).toEqual([])
})

test('a simulated run bears all of it out, and without the stop both clocks say the same', async () => {
  const plan = await planOf(['coordinated-omission', 'engine=simulation', 'effort=quick'], new Date(0))
  const runWith = (faults: typeof scenario.faults) => {
    const own = simulatedPlanOf({ ...plan, scenario: { ...scenario, ...(faults && { faults }) } }, 0)
    return simulateVariant(own, plan.variants[0]!, 0)
  }
  const stopped = await runWith(scenario.faults)
  expect(scenario.judge([stopped]).map(claim => claim.holds)).toEqual([true, true, true])
  const [calm] = (await runWith([])).phases
  expect(calm!.latency.p99Ms! / calm!.service.p99Ms!).toBeCloseTo(1, 1)
})
