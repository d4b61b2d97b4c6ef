// The claims of `hedging` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './hedging.ts'

interface Story {
  p99Ms: number | null
  /** Requests that reach an origin per request. */
  attempts: number
}

function runOf(name: string, { p99Ms, attempts }: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const { phases } = scenario.effort.normal
  const { load, measuredPhase } = scenario
  const run = summarise(inputOf(every10Ms(800, 0), {}, { variant, repeat: 0, load, phases, measuredPhase }))
  const asked = run.generator.scheduled + run.counters.warmUpRequests!
  return {
    ...run,
    counters: { ...run.counters, originRequests: attempts * asked },
    phases: run.phases.map(phase => ({ ...phase, latency: { ...phase.latency, p99Ms } })),
  }
}

const asSaid: Record<string, Story> = {
  once: { p99Ms: 201, attempts: 1 },
  hedged: { p99Ms: 14, attempts: 1.07 },
  twice: { p99Ms: 11, attempts: 2 },
}
const holdsOf = (turned: Record<string, Story> = {}) =>
  scenario
    .judge(Object.entries({ ...asSaid, ...turned }).map(([name, story]) => runOf(name, story)))
    .map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf()).toEqual([true, true, true, true, true])
})

test.each<[string, readonly number[], Record<string, Story>]>([
  ['a tail that is not there', [0], { once: { p99Ms: 20, attempts: 1 } }],
  ['a hedge that gains nothing', [1, 4], { hedged: { p99Ms: 201, attempts: 1.07 } }],
  ['a budget that is overspent', [2], { hedged: { p99Ms: 14, attempts: 1.2 } }],
  ['a second request that is not sent', [3], { twice: { p99Ms: 11, attempts: 1.3 } }],
  ['two requests that are slower than one', [4], { twice: { p99Ms: 150, attempts: 2 } }],
])('%s fails its claim and no other', (_, failing, turned) => {
  expect(holdsOf(turned)).toEqual([0, 1, 2, 3, 4].map(claim => !failing.includes(claim)))
})

test('too few requests for a p99 leave the counts to be judged, and nothing leaves nothing', () => {
  const few = Object.fromEntries(Object.entries(asSaid).map(([name, story]) => [name, { ...story, p99Ms: null }]))
  expect(holdsOf(few)).toEqual([true, true])
  expect(scenario.judge([])).toEqual([])
})
