// The claims of `slow-uploads` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf, type Row, samplesUntil } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './slow-uploads.ts'

interface Story {
  /** Shares of honest requests that fail in the two phases. */
  drip: number
  lump: number
  /** Slow uploads that reached the origin. */
  reached: number
  heldPeakBytes: number
}

const { phases } = scenario.effort.normal
const indexOf = (name: string) => phases.findIndex(phase => phase.name === name)
const startOf = (name: string) => phases.slice(0, indexOf(name)).reduce((sum, phase) => sum + phase.durationMs, 0)

function rowsOf(name: string, failedShare: number): Row[] {
  const count = phases[indexOf(name)]!.durationMs / 10
  const failed = Math.round(count * failedShare)
  return [
    ...every10Ms(count - failed, startOf(name)),
    ...every10Ms(failed, startOf(name) + 10 * (count - failed), { fate: 'timeout', latencyMs: 500, seen: false }),
  ]
}

function runOf(name: string, { drip, lump, reached, heldPeakBytes }: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const rows = [...rowsOf('calm', 0), ...rowsOf('drip', drip), ...rowsOf('lump', lump)]
  const ledger = { ...inputOf([]).observations.ledger, requestsNotHonest: reached }
  const stats = [{ at: 1_000_000, loopDelayMaxMs: 1, gcMs: 0, counters: { heldPeakBytes } }]
  const { load, measuredPhase } = scenario
  const samples = samplesUntil(startOf('lump') + phases.at(-1)!.durationMs)
  return summarise(inputOf(rows, { samples, ledger }, { variant, load, phases, measuredPhase, stats }))
}

const kept = { drip: 0, lump: 0, reached: 0 }
const usual: Record<string, Story> = {
  streaming: { drip: 0.75, lump: 0.75, reached: 80, heldPeakBytes: 0 },
  'one-buffer': { drip: 0, lump: 0.75, reached: 40, heldPeakBytes: 2e5 },
  'full-request': { ...kept, heldPeakBytes: 4e6 },
  spool: { ...kept, heldPeakBytes: 1e6 },
  'nginx full-request': { ...kept, heldPeakBytes: 0 },
}
const holdsWith = (turned: Record<string, Partial<Story>> = {}) =>
  scenario
    .judge(Object.entries(usual).map(([name, story]) => runOf(name, { ...story, ...turned[name] })))
    .map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(Object.keys(usual)).toEqual(scenario.variants.map(variant => variant.name))
  expect(holdsWith()).toEqual([true, true, true, true, true])
})

test.each<[string, number, Record<string, Partial<Story>>]>([
  ['a drip that takes no slots', 0, { streaming: { drip: 0.1 } }],
  ['one buffer that does not keep a drip away', 1, { 'one-buffer': { drip: 0.2 } }],
  ['one buffer that keeps a lump away', 1, { 'one-buffer': { lump: 0 } }],
  ['a lump that takes slots though it is collected', 2, { spool: { lump: 0.05 } }],
  ['an upload that reaches the origin', 3, { 'full-request': { reached: 1 } }],
  ['uploads that pile up', 4, { 'full-request': { heldPeakBytes: 7e6 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsWith(turned)).toEqual([0, 1, 2, 3, 4].map(claim => claim !== index))
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
  expect(scenario.judge([runOf('streaming', usual.streaming!)])).toHaveLength(2)
})
