// The claims of `slow-origin` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { inputOf, type Row, samplesUntil } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './slow-origin.ts'

interface Story {
  /** Every so many requests one goes to the slow origin. */
  slowEvery: number
  slowMs: number
}

const { phases } = scenario.effort.normal
const totalMs = phases[0]!.durationMs
const tally = { requests: 0, connectionsOpened: 0, inFlightPeak: 0 }

function runOf(name: string, { slowEvery, slowMs }: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const rows = Array.from({ length: totalMs / 2 }, (_, index): Row => {
    const slow = index % slowEvery === 0
    return { dueMs: index * 2, origin: slow ? 3 : index % 3, latencyMs: slow ? slowMs : 10 }
  })
  const observed = { samples: samplesUntil(totalMs), origins: Array(4).fill(tally) }
  const { load, measuredPhase } = scenario
  return summarise(inputOf(rows, observed, { variant, load, phases, measuredPhase }))
}

const usual: Record<string, Story> = {
  'round-robin': { slowEvery: 4, slowMs: 1000 },
  'power-of-two': { slowEvery: 20, slowMs: 100 },
  'least-request': { slowEvery: 25, slowMs: 100 },
  'peak-ewma': { slowEvery: 50, slowMs: 60 },
  'nginx least_conn': { slowEvery: 25, slowMs: 100 },
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
  ['a fifth by turn', 0, { 'round-robin': { slowEvery: 5, slowMs: 1000 } }],
  ['a fifth by who looks', 1, { 'least-request': { slowEvery: 5, slowMs: 100 } }],
  ['as much by time as by count', 2, { 'peak-ewma': { slowEvery: 20, slowMs: 60 } }],
  ['a short queue by turn', 3, { 'round-robin': { slowEvery: 4, slowMs: 150 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsWith(turned)).toEqual([0, 1, 2, 3].map(claim => claim !== index))
})

test('nothing is claimed of nothing, nor of the time of one side alone', () => {
  expect(scenario.judge([])).toEqual([])
  expect(scenario.judge([runOf('round-robin', usual['round-robin']!)])).toHaveLength(1)
})
