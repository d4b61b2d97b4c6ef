// The claims of `event-stream` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf, samplesUntil } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './event-stream.ts'

interface Story {
  /** From the send to the first event; null: with the last. */
  firstMs: number | null
  failed?: number
}

const { phases } = scenario.effort.normal
const durationMs = phases[0]!.durationMs
const allMs = 560

function runOf(name: string, { firstMs, failed = 0 }: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const first = firstMs === null ? {} : { firstByteMs: firstMs }
  const answered = every10Ms(durationMs / 10 - failed, 0, { originMs: 540, latencyMs: allMs, ...first })
  const rows = [...answered, ...every10Ms(failed, durationMs - 10 * failed, { fate: 'closed', seen: false })]
  const { load, measuredPhase } = scenario
  const samples = samplesUntil(durationMs)
  return summarise(inputOf(rows, { samples }, { variant, load, phases, measuredPhase }))
}

const usual: Record<string, Story> = {
  streaming: { firstMs: 2 },
  'full-response': { firstMs: null },
  'full-response, X-Accel-Buffering: no': { firstMs: 2 },
  'full-response, flushed': { firstMs: 3 },
  'nginx full-response, chunks': { firstMs: 2 },
  'nginx full-response, until close': { firstMs: 550 },
}
const holdsWith = (turned: Record<string, Story> = {}) =>
  scenario
    .judge(Object.entries({ ...usual, ...turned }).map(([name, story]) => runOf(name, story)))
    .map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(Object.keys(usual)).toEqual(scenario.variants.map(variant => variant.name))
  expect(holdsWith()).toEqual([true, true, true, true, true, true])
})

test.each<[string, number, Record<string, Story>]>([
  ['a first event that waits though nothing collects', 0, { streaming: { firstMs: null } }],
  ['a first event that does not wait though it is collected', 1, { 'full-response': { firstMs: 60 } }],
  ['NGINX that waits for no full buffer', 1, { 'nginx full-response, until close': { firstMs: 2 } }],
  ['an origin that asks in vain', 2, { 'full-response, X-Accel-Buffering: no': { firstMs: 540 } }],
  ['a small unit that changes nothing', 3, { 'full-response, flushed': { firstMs: null } }],
  ['NGINX that holds chunks back', 4, { 'nginx full-response, chunks': { firstMs: null } }],
  ['a stream that breaks off', 5, { streaming: { firstMs: 2, failed: 1 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsWith(turned)).toEqual([0, 1, 2, 3, 4, 5].map(claim => claim !== index))
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
  expect(scenario.judge([runOf('streaming', usual.streaming!)])).toHaveLength(2)
})

test('what the origin was asked for is in the settings of a run', () => {
  expect(runOf('full-response, X-Accel-Buffering: no', { firstMs: 2 }).settings.request).toContain('unbuffered')
  expect(runOf('streaming', { firstMs: 2 }).settings.request).toBeUndefined()
})
