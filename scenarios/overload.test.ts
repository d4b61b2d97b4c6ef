// The claims of `overload` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './overload.ts'

interface Story {
  served?: number
  p50Ms?: number
  refused?: number
  timedOut?: number
  /** Requests at the origins at once. */
  atOnce?: number
}

function runOf(name: string, story: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const { phases } = scenario.effort.normal
  const { load, measuredPhase } = scenario
  const run = summarise(inputOf(every10Ms(600, 0), {}, { variant, repeat: 0, load, phases, measuredPhase }))
  const [phase] = run.phases as [Run['phases'][number]]
  const { served = 385, p50Ms = 30, refused = 900, timedOut = 0, atOnce = 12 } = story
  const latency = { ...phase.latency, p50Ms }
  const throughput = { offeredPerSecond: 600, completedPerSecond: served }
  const counters = { ...run.counters, originInFlightPeak: atOnce }
  return {
    ...run,
    counters,
    phases: [{ ...phase, latency, throughput, errors: { 'bad-status': refused, timeout: timedOut } }],
  }
}

const open = { served: 80, p50Ms: 390, refused: 0, timedOut: 3000 }
const holdsOf = (noLimit: Story, limited: Story) =>
  scenario.judge([runOf('no-limit', noLimit), runOf('limited', limited)]).map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf(open, {})).toEqual([true, true, true, true])
})

test.each<[string, number, Story, Story]>([
  ['an open proxy that serves well', 0, { ...open, served: 300 }, {}],
  ['a limit that starves the origins', 1, open, { served: 200 }],
  ['a limit that leaves requests waiting', 2, open, { p50Ms: 150 }],
  ['a request that is let in and times out', 3, open, { timedOut: 1 }],
  ['a limit that refuses nobody', 3, open, { refused: 0 }],
])('%s fails its claim and no other', (_, index, noLimit, limited) => {
  expect(holdsOf(noLimit, limited)).toEqual([0, 1, 2, 3].map(claim => claim !== index))
})

const found = { gradient: { atOnce: 10 }, gradient2: { atOnce: 40, p50Ms: 120 }, vegas: {}, aimd: { atOnce: 28 } }
const foundHolds = (turned: Record<string, Story>) =>
  scenario
    .judge(Object.entries({ ...found, ...turned }).map(([name, story]) => runOf(name, story)))
    .map(claim => claim.holds)

test('limits that find themselves are judged as limits, by their queue, and beside each other', () => {
  expect(foundHolds({})).toEqual([true, true, true, true, true])
})

test.each<[string, number, Record<string, Story>]>([
  ['a limit that starves the origins', 0, { vegas: { served: 200 } }],
  ['a limit that leaves requests waiting', 1, { aimd: { ...found.aimd, p50Ms: 150 } }],
  ['a request that is let in and times out', 2, { gradient2: { ...found.gradient2, timedOut: 1 } }],
  ['a limit that has found nothing', 3, { vegas: { atOnce: 90 } }],
  ['a measured limit like one that creeps', 4, { gradient: { atOnce: 30 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(foundHolds(turned)).toEqual([0, 1, 2, 3, 4].map(claim => claim !== index))
})

test('each side is judged without the other', () => {
  expect(scenario.judge([runOf('limited', {})])).toHaveLength(3)
  expect(scenario.judge([runOf('no-limit', open)])).toHaveLength(1)
  expect(scenario.judge([])).toEqual([])
})
