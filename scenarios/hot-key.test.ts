// The claims of `hot-key` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { inputOf, type Row, samplesUntil } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './hot-key.ts'

interface Story {
  /** The origin of request `index`, which asks for `key`. */
  readonly pick: (key: number, index: number) => number
  /** Two requests in five ask for key 0; false: all keys are asked for alike. */
  readonly hot?: boolean
}

const { phases } = scenario.effort.normal
const totalMs = phases[0]!.durationMs
const count = totalMs / 2
const tally = { requests: 0, connectionsOpened: 0, inFlightPeak: 0 }

function runOf(name: string, { pick, hot = true }: Story): Run {
  const keys = Int32Array.from({ length: count }, (_, index) => (hot && index % 5 < 2 ? 0 : index % 40))
  const variant = scenario.variants.find(one => one.name === name)!
  const rows = Array.from({ length: count }, (_, index): Row => {
    return { dueMs: index * 2, origin: pick(keys[index]!, index) }
  })
  const observed = { samples: samplesUntil(totalMs), origins: Array(4).fill(tally), keys }
  const { load, measuredPhase } = scenario
  return summarise(inputOf(rows, observed, { variant, load, phases, measuredPhase }))
}

const hashed: Story = { pick: key => key % 4 }
const drawn: Story = { pick: (_, index) => Math.floor(index / 41) % 4 }
/** Every other request for the hottest key goes to the next origin. */
const bounded: Story = { pick: (key, index) => (key === 0 && index % 2 === 0 ? 1 : key % 4) }
const usual: Record<string, Story> = {
  random: drawn,
  'ring-hash': hashed,
  'bounded ring-hash': bounded,
  'nginx hash': hashed,
  'haproxy uri': hashed,
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
  ['a hashed key that wanders once', 0, { 'ring-hash': { pick: (key, index) => (index === 700 ? 3 : key % 4) } }],
  ['keys that stay although nobody hashes', 1, { random: { ...hashed, hot: false } }],
  ['a hash with an even load', 2, { 'nginx hash': { ...hashed, hot: false } }],
  ['a bound that binds nobody', 4, { 'bounded ring-hash': hashed }],
  ['a bound that scatters every key', 4, { 'bounded ring-hash': drawn }],
  ['a draw with a favourite', 3, { random: { pick: (key, index) => (index % 5 === 0 ? 0 : drawn.pick(key, index)) } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsWith(turned)).toEqual([0, 1, 2, 3, 4].map(claim => claim !== index))
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
