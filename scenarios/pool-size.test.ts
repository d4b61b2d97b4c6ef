// The claims of `pool-size` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { inputOf, type Row, samplesUntil } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './pool-size.ts'

interface Story {
  /** Of 400 requests per second, how many are answered; the rest is refused. */
  perSecond?: number
  latencyMs?: number
  peak?: number
  waits?: number
}

const durationMs = 5000
const all400 = 400 * (durationMs / 1000)

function runOf(size: number, story: Story = {}, repeat = 0): Run {
  const variant = scenario.variants.find(one => one.name === `max ${size}`)!
  const {
    perSecond = Math.min(400, size * 48),
    latencyMs = size < 8 ? 150 : 21,
    peak = Math.min(size, 17),
    waits = size < 12 ? 300 : size < 16 ? 40 : 0,
  } = story
  const rows = Array.from({ length: all400 }, (_, index): Row => {
    const dueMs = index * 2.5
    // Answered ones are spread evenly over all.
    const answered = Math.floor(((index + 1) * perSecond) / 400) > Math.floor((index * perSecond) / 400)
    return answered ? { dueMs, latencyMs } : { dueMs, latencyMs: 1, fate: 'bad-status', seen: false }
  })
  const ledger = { ...inputOf([]).observations.ledger, connectionsOpenPeak: peak, inFlightPeak: peak }
  const counters = { upstreamWaits: waits, requests: all400 }
  const stats = [{ at: 1_000_000, loopDelayMaxMs: 1, gcMs: 0, counters }]
  const { load, measuredPhase } = scenario
  const { phases } = scenario.effort.normal
  const samples = samplesUntil(durationMs)
  return summarise(inputOf(rows, { samples, ledger }, { variant, repeat, load, phases, measuredPhase, stats }))
}

const sizes = [4, 6, 8, 12, 16, 32]
const all = (turned: Record<number, Story> = {}) =>
  sizes.flatMap(size => [0, 1].map(at => runOf(size, turned[size], at)))
const holdsOf = (runs: readonly Run[]) => scenario.judge(runs).map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf(all())).toEqual([true, true, true, true])
})

test.each<[string, number, Record<number, Story>]>([
  ['one connection more than the cap', 0, { 12: { peak: 13 } }],
  ['more requests per second than size and service time allow', 1, { 4: { perSecond: 220 } }],
  ['far fewer requests per second than that', 1, { 6: { perSecond: 200 } }],
  ['one in twenty that waits in spite of room', 2, { 16: { waits: all400 / 20 } }],
  ['no queue where the pool is too small', 3, { 4: { latencyMs: 30 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsOf(all(turned))).toEqual([0, 1, 2, 3].map(claim => claim !== index))
})

test('refusals in spite of room fail the claim, and those of a small pool are its mark', () => {
  expect(holdsOf(all({ 32: { perSecond: 390 } }))).toEqual([true, true, false, true])
})

test('a law that is broken upwards is a count; what a busy machine can explain is a matter of timing', () => {
  const kindOf = (perSecond: number) => scenario.judge(all({ 4: { perSecond } }))[1]!.kind
  expect([kindOf(220), kindOf(195), kindOf(120)]).toEqual(['count', 'count', 'timing'])
})

test('claims without runs to rest on are left out, and the size is read from the settings', () => {
  expect(scenario.judge([])).toEqual([])
  expect(scenario.judge([runOf(12)])).toHaveLength(1)
  const unbounded = { ...runOf(32), settings: { ...scenario.base, pool: 'keep-alive' } }
  expect(scenario.judge([unbounded]).map(claim => claim.claim)).toEqual([expect.stringMatching(/^From 2 · L = 16/)])
  const standard = { ...runOf(32), settings: { ...scenario.base, pool: 'capped' } }
  expect(scenario.judge([standard])[0]!.evidence).toMatch(/17 at most/)
})
