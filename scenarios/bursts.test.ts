// The claims of `bursts` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './bursts.ts'

interface Story {
  /** Shares of the requests. */
  refused?: number
  delayed?: number
  /** Requests at the origin at once. */
  atOnce?: number
  p50Ms?: number
}

function runOf(name: string, { refused = 0, delayed = 0, atOnce = 20, p50Ms = 35 }: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const { phases } = scenario.effort.normal
  const { load, measuredPhase } = scenario
  const run = summarise(inputOf(every10Ms(500, 0), {}, { variant, repeat: 0, load, phases, measuredPhase }))
  const [phase] = run.phases as [Run['phases'][number]]
  const asked = run.generator.scheduled + run.counters.warmUpRequests!
  return {
    ...run,
    counters: { ...run.counters, originInFlightPeak: atOnce, 'target.requestsDelayed': delayed * asked },
    phases: [{ ...phase, latency: { ...phase.latency, p50Ms }, errors: { 'bad-status': refused * phase.requests } }],
  }
}

const asSaid: Record<string, Story> = {
  'token-bucket': { refused: 0.6 },
  gcra: { refused: 0.59 },
  'leaky-short': { refused: 0.6, delayed: 0.38, atOnce: 4 },
  'leaky-long': { delayed: 0.98, atOnce: 4, p50Ms: 270 },
  'sliding-window': { atOnce: 50 },
}
const holdsOf = (turned: Record<string, Story> = {}) =>
  scenario
    .judge(Object.entries({ ...asSaid, ...turned }).map(([name, story]) => runOf(name, story)))
    .map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf()).toEqual([true, true, true, true, true])
})

test.each<[string, readonly number[], Record<string, Story>]>([
  ['a bucket in which somebody waits', [0], { 'token-bucket': { refused: 0.6, delayed: 0.01 } }],
  ['a bucket that refuses nobody', [0, 1], { 'token-bucket': {} }],
  ['an algorithm that decides otherwise', [1], { gcra: { refused: 0.52 } }],
  ['a leaky bucket that passes the burst on', [2], { 'leaky-short': { refused: 0.6, atOnce: 15 } }],
  ['a leaky bucket that refuses fewer', [2], { 'leaky-short': { refused: 0.3, atOnce: 4 } }],
  ['a queue that refuses', [3], { 'leaky-long': { refused: 0.1, p50Ms: 270 } }],
  ['a queue in which nobody waits', [3], { 'leaky-long': { p50Ms: 40 } }],
  ['a window that protects the origin', [4], { 'sliding-window': { atOnce: 20 } }],
])('%s fails its claim and no other', (_, failing, turned) => {
  expect(holdsOf(turned)).toEqual([0, 1, 2, 3, 4].map(claim => !failing.includes(claim)))
})

test('the knobs are in the data: the queue that holds all is the one with room for a burst', () => {
  const limiters = scenario.variants.map(variant => variant.settings.limiter)
  expect(new Set(limiters).size).toBe(5)
  const swapped = runOf('leaky-long', asSaid['leaky-long']!)
  const short = { ...swapped, settings: { ...swapped.settings, limiter: 'leaky-bucket:ratePerSecond=100,burst=19' } }
  expect(scenario.judge([runOf('token-bucket', asSaid['token-bucket']!), short]).map(claim => claim.holds)).toContain(
    false,
  )
  expect(scenario.judge([])).toEqual([])
})
