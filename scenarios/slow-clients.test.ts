// The claims of `slow-clients` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf, samplesUntil } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './slow-clients.ts'

interface Story {
  /** How long an answer to a slow reader occupies the origin. */
  heldMs: number
  failedShare: number
  heldPeakBytes: number
}

const { phases } = scenario.effort.normal
const calmMs = phases[0]!.durationMs
const slowRequests = phases[1]!.durationMs / 10
const readers = 8

function runOf(name: string, { heldMs, failedShare, heldPeakBytes }: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const failed = Math.round(slowRequests * failedShare)
  const rows = [
    ...every10Ms(calmMs / 10, 0),
    ...every10Ms(slowRequests - failed, calmMs),
    ...every10Ms(failed, calmMs + 10 * (slowRequests - failed), { fate: 'timeout', latencyMs: 1000, seen: false }),
  ]
  const counts = { requestsNotHonest: readers, othersHeldMs: readers * heldMs }
  const ledger = { ...inputOf([]).observations.ledger, ...counts }
  const stats = [{ at: 1_000_000, loopDelayMaxMs: 1, gcMs: 0, counters: { heldPeakBytes } }]
  const { load, measuredPhase } = scenario
  const samples = samplesUntil(calmMs + phases[1]!.durationMs)
  return summarise(inputOf(rows, { samples, ledger }, { variant, load, phases, measuredPhase, stats }))
}

const usual: Record<string, Story> = {
  streaming: { heldMs: 2000, failedShare: 0.7, heldPeakBytes: 0 },
  'one-buffer': { heldMs: 2000, failedShare: 0.7, heldPeakBytes: 300_000 },
  'full-response': { heldMs: 100, failedShare: 0, heldPeakBytes: 45e6 },
  spool: { heldMs: 400, failedShare: 0.02, heldPeakBytes: 2e6 },
  'nginx spool': { heldMs: 50, failedShare: 0, heldPeakBytes: 0 },
}
const runsOf = (turned: Record<string, Partial<Story>> = {}) =>
  Object.entries(usual).map(([name, story]) => runOf(name, { ...story, ...turned[name] }))
const holdsWith = (turned: Record<string, Partial<Story>> = {}) => scenario.judge(runsOf(turned)).map(one => one.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(Object.keys(usual)).toEqual(scenario.variants.map(variant => variant.name))
  expect(holdsWith()).toEqual([true, true, true])
})

test.each<[string, number, Record<string, Partial<Story>>]>([
  ['an answer in a file that holds the origin like any other', 0, { spool: { heldMs: 900 } }],
  ['an answer that is passed on and holds nothing', 0, { streaming: { heldMs: 100 } }],
  ['others who wait though answers wait in memory', 1, { 'full-response': { failedShare: 0.1 } }],
  ['others who do not wait though answers are passed on', 1, { 'one-buffer': { failedShare: 0.1 } }],
  ['answers that wait nowhere', 2, { 'full-response': { heldPeakBytes: 20e6 } }],
  ['a file that is memory', 2, { spool: { heldPeakBytes: 20e6 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsWith(turned)).toEqual([0, 1, 2].map(claim => claim !== index))
})

test('nothing is claimed of nothing, nor of one side alone', () => {
  expect(scenario.judge([])).toEqual([])
  expect(scenario.judge([runOf('streaming', usual.streaming!)])).toEqual([])
})

test('what was not seen is a matter of timing', () => {
  const kinds = (turned: Record<string, Partial<Story>>) => scenario.judge(runsOf(turned)).map(one => one.kind)
  expect(kinds({})).toEqual(['count', 'count', 'count'])
  expect(kinds({ spool: { heldMs: 900, failedShare: 0.1 } })).toEqual(['timing', 'timing', 'count'])
})
