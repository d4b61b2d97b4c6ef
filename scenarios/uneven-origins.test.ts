// The claims of `uneven-origins` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { inputOf, type Row, samplesUntil } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './uneven-origins.ts'

interface Story {
  /** The origins in the order in which they are picked, over and over. */
  order: string
  /** The most requests at a small origin at once. */
  crowd: number
}

const { phases } = scenario.effort.normal
const totalMs = phases[0]!.durationMs

function runOf(name: string, { order, crowd }: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const rows = Array.from(
    { length: totalMs / 2 },
    (_, index): Row => ({ dueMs: index * 2, origin: Number(order[index % order.length]) }),
  )
  const tallies = [9, 3, crowd, 3].map(inFlightPeak => ({ requests: 0, connectionsOpened: 0, inFlightPeak }))
  const observed = { samples: samplesUntil(totalMs), origins: tallies }
  const { load, measuredPhase } = scenario
  return summarise(inputOf(rows, observed, { variant, load, phases, measuredPhase }))
}

const byWeight: Story = { order: '00102030', crowd: 8 }
const blind: Story = { order: '0123', crowd: 90 }
const usual: Record<string, Story> = {
  'round-robin': blind,
  weighted: byWeight,
  random: byWeight,
  'least-request': byWeight,
  'nginx weighted': byWeight,
  'haproxy weighted': byWeight,
}
const holdsWith = (turned: Record<string, Story> = {}) =>
  scenario
    .judge(Object.entries({ ...usual, ...turned }).map(([name, story]) => runOf(name, story)))
    .map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(Object.keys(usual)).toEqual(scenario.variants.map(variant => variant.name))
  expect(holdsWith()).toEqual([true, true, true, true, true])
})

test.each<[string, number, Record<string, Story>]>([
  ['round robin by weight', 0, { 'round-robin': { ...blind, order: '00102030' } }],
  ['weights that did not arrive at a peer', 1, { 'nginx weighted': { ...byWeight, order: '0123' } }],
  ['weights of 4, 1, 1, 1', 1, { weighted: { ...byWeight, order: '0102030' } }],
  ['a draw without weights', 2, { random: { ...byWeight, order: '0123' } }],
  ['load without weights', 3, { 'least-request': { ...byWeight, order: '0123' } }],
  ['a short queue at the small ones', 4, { 'round-robin': { ...blind, crowd: 12 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsWith(turned)).toEqual([0, 1, 2, 3, 4].map(claim => claim !== index))
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
