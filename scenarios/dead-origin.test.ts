// The claims of `dead-origin` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf, type Row, samplesUntil } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './dead-origin.ts'

const { phases } = scenario.effort.normal
const totalMs = phases.reduce((sum, phase) => sum + phase.durationMs, 0)
const startOf = (name: string) => {
  const at = phases.findIndex(phase => phase.name === name)
  return phases.slice(0, at).reduce((sum, phase) => sum + phase.durationMs, 0)
}

/** For how long after the start of each fault one request in four fails; and in the calm, from the start. */
interface Story {
  kill?: number
  refuse?: number
  stop?: number
  calm?: number
}

function runOf(name: string, story: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const broken = (dueMs: number) =>
    Object.entries(story).some(([phase, ms]) => dueMs >= startOf(phase) && dueMs < startOf(phase) + ms)
  const rows = every10Ms(totalMs / 10, 0).map(
    (row, index): Row => (index % 4 === 0 && broken(row.dueMs) ? { ...row, fate: 'bad-status', latencyMs: 1 } : row),
  )
  const { load, measuredPhase, faults } = scenario
  const more = { variant, load, phases, measuredPhase, faults: faults! }
  return summarise(inputOf(rows, { samples: samplesUntil(totalMs) }, more))
}

const usual: Record<string, Story> = {
  always: { kill: 1600, refuse: 1600, stop: 1600 },
  'active checks': { kill: 500, refuse: 400, stop: 500 },
  'outlier ejection': { kill: 100, refuse: 200, stop: 500 },
  'circuit breaker': { kill: 60, refuse: 200, stop: 300 },
  'ejection + retries': {},
  'nginx max_fails': { kill: 100, refuse: 200, stop: 400 },
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
  ['somebody who fails in the calm', 0, { 'ejection + retries': { calm: 10 } }],
  ['a death that is noticed without anybody looking', 1, { always: { ...usual.always, refuse: 500 } }],
  ['a death that costs less than a fifth', 1, { always: { ...usual.always, kill: 1000 } }],
  ['a stopped origin that is found after a second', 2, { 'nginx max_fails': { stop: 1000 } }],
  ['a refusal that checks do not see', 2, { 'active checks': { ...usual['active checks'], refuse: 1600 } }],
  ['checks that are quicker than failures', 3, { 'active checks': { ...usual['active checks'], kill: 40 } }],
  ['a breaker that lets all through again', 4, { 'circuit breaker': { ...usual['circuit breaker'], kill: 100 } }],
  ['a second attempt that does not help', 5, { 'ejection + retries': { stop: 300 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsWith(turned)).toEqual([0, 1, 2, 3, 4, 5].map(claim => claim !== index))
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
