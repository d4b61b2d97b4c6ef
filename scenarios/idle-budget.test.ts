// The claims of `idle-budget` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf, samplesUntil } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './idle-budget.ts'

interface Story {
  opened: number
  peak: number
  waits?: number
  failed?: number
}

const { phases } = scenario.effort.quick

function runOf(name: string, { opened, peak, waits = 0, failed = 0 }: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const rows = [...every10Ms(300 - failed, 0), ...every10Ms(failed, 3000, { fate: 'bad-status' })]
  const { load, measuredPhase } = scenario
  const { ledger } = inputOf([]).observations
  const counted = { ...ledger, requests: 300, inFlightPeak: 8, connectionsOpened: opened, connectionsOpenPeak: peak }
  const stats = [{ at: 1_005_000, loopDelayMaxMs: 0, gcMs: 0, counters: { upstreamWaits: waits } }]
  const more = { variant, load, phases: phases, measuredPhase, stats: variant.target === 'windtunnel' ? stats : [] }
  return summarise(inputOf(rows, { ledger: counted, samples: samplesUntil(4000) }, more))
}

const usual: Record<string, Story> = {
  'for each': { opened: 100, peak: 20 },
  'for all': { opened: 20, peak: 20 },
  capped: { opened: 16, peak: 16, waits: 50 },
  nginx: { opened: 22, peak: 22 },
}
const holdsWith = (turned: Record<string, Story> = {}) =>
  scenario
    .judge(Object.entries({ ...usual, ...turned }).map(([name, story]) => runOf(name, story)))
    .map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(Object.keys(usual)).toEqual(scenario.variants.map(variant => variant.name))
  expect(holdsWith()).toEqual([true, true, true, true])
})

test.each<[string, number, Record<string, Story>]>([
  ['a request that fails', 0, { 'for each': { opened: 100, peak: 20, failed: 1 } }],
  ['a shared budget that opens nearly as many', 1, { 'for all': { opened: 90, peak: 20 } }],
  ['a shared budget that is not kept', 2, { nginx: { opened: 22, peak: 50 } }],
  ['a cap under which nobody waits', 3, { capped: { opened: 16, peak: 16, waits: 0 } }],
  ['a cap that is exceeded', 3, { capped: { opened: 40, peak: 49, waits: 50 } }],
  ['a pool without a cap that lets requests wait', 3, { 'for each': { opened: 100, peak: 20, waits: 1 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsWith(turned)).toEqual([0, 1, 2, 3].map(claim => claim !== index))
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
