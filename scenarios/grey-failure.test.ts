// The claims of `grey-failure` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './grey-failure.ts'

interface Story {
  /** Failures that users see, and requests that the bad origin gets. */
  failed: number
  asked: number
}

const bad = scenario.faults![0]!.origin

function runOf(name: string, { failed, asked }: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const { phases } = scenario.effort.normal
  const { load, measuredPhase } = scenario
  const run = summarise(inputOf(every10Ms(600, 0), {}, { variant, repeat: 0, load, phases, measuredPhase }))
  return {
    ...run,
    counters: { ...run.counters, [`origin.o${bad}.measuredRequests`]: asked },
    phases: run.phases.map(phase => ({ ...phase, errors: { 'bad-status': failed } })),
  }
}

const asSaid: Record<string, Story> = {
  blind: { failed: 50, asked: 250 },
  'in-a-row': { failed: 48, asked: 250 },
  'success-rate': { failed: 4, asked: 26 },
  'rolling-breaker': { failed: 8, asked: 53 },
}
const holdsOf = (turned: Record<string, Story> = {}) =>
  scenario
    .judge(Object.entries({ ...asSaid, ...turned }).map(([name, story]) => runOf(name, story)))
    .map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf()).toEqual([true, true, true])
})

test.each<[string, readonly number[], Record<string, Story>]>([
  ['five in a row that are noticed', [0], { 'in-a-row': { failed: 10, asked: 50 } }],
  ['a comparison that misses them', [1], { 'success-rate': { failed: 30, asked: 26 } }],
  ['a breaker that never tries again', [2], { 'rolling-breaker': { failed: 8, asked: 20 } }],
  ['a fault that is not there', [0, 1], { blind: { failed: 0, asked: 250 } }],
])('%s fails its claim and no other', (_, failing, turned) => {
  expect(holdsOf(turned)).toEqual([0, 1, 2].map(claim => !failing.includes(claim)))
})

test('what is compared with nothing is not judged', () => {
  expect(scenario.judge([runOf('success-rate', asSaid['success-rate']!)])).toEqual([])
  expect(scenario.judge([runOf('blind', asSaid.blind!)])).toEqual([])
})
