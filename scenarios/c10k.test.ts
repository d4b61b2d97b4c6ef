// The claims of `c10k` on made-up runs: each holds, and fails when the number it rests on is turned.
import { describe, expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { inputOf, phasesAt, type Row, sampleAt } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './c10k.ts'

const phases = scenario.effort.normal.phases
const [calmMs, crowdMs] = phases.map(phase => phase.durationMs) as [number, number]

interface Story {
  bytesPerHeld?: number
  held?: number
  /** Honest requests due so long after the crowd began time out. */
  failsFromMs?: number
  /** Memory goes up and down by so much, whatever is held. */
  noiseBytes?: number
}

function runOf(name: string, story: Story = {}): Run {
  const { bytesPerHeld = 3000, held: most = 4000, failsFromMs = Number.POSITIVE_INFINITY, noiseBytes = 0 } = story
  const variant = scenario.variants.find(one => one.name === name)!
  const rows = Array.from({ length: (calmMs + crowdMs) / 10 }, (_, index): Row => {
    const dueMs = index * 10
    return dueMs - calmMs >= failsFromMs ? { dueMs, fate: 'timeout', latencyMs: 1000, seen: false } : { dueMs }
  })
  const samples = Array.from({ length: (calmMs + crowdMs) / 100 }, (_, index) => {
    const held = Math.min(most, Math.max(0, (index * 100 - calmMs) * 1.6))
    const noise = (index >> 1) % 2 === 0 ? noiseBytes : 0
    return sampleAt(index * 100, { held, rssBytes: 50e6 + held * bytesPerHeld + noise })
  })
  const report = { opened: 4000, held: most, heldPeak: most, endedByServer: 0, refused: 0, longestHeldMs: 0 }
  const observed = { samples, hostile: [report], phasesAt }
  const { load, measuredPhase } = scenario
  return summarise(inputOf(rows, observed, { variant, load, phases, measuredPhase }))
}

const usual: Record<string, Story> = { prefork: { held: 767, failsFromMs: 200 } }
const all = (turned: Record<string, Story> = {}) =>
  scenario.variants.map(({ name }) => runOf(name, { ...usual[name], ...turned[name] }))
const claims = ['kept', 'memory', 'served', 'shut out']

test('all claims hold when things are as they are said to be', () => {
  expect(scenario.judge(all()).map(claim => claim.holds)).toEqual(claims.map(() => true))
  expect(scenario.judge(all())[1]!.evidence).toContain('event-loop: 2.9 KB each, R² 1.000')
})

describe.each<[string, Record<string, Story>]>([
  ['memory', { 'event-loop': { bytesPerHeld: 17_000 } }],
  ['served', { nginx: { failsFromMs: crowdMs - 50 } }],
  ['shut out', { prefork: { failsFromMs: crowdMs - 500 } }],
])('turning the number of "%s"', (name, turned) => {
  test('fails that claim and no other', () => {
    expect(scenario.judge(all(turned)).map(claim => claim.holds)).toEqual(claims.map(claim => claim !== name))
  })
})

test('a crowd that was not let in is not held, and says nothing of what a connection costs', () => {
  const [kept, memory] = scenario.judge(all({ haproxy: { held: 3000 } }))
  expect(kept).toMatchObject({ holds: false, kind: 'timing' })
  expect(memory).toMatchObject({ holds: false, undecided: expect.stringContaining('too few') })
})

test('memory that does not follow the connections leaves their cost undecided', () => {
  const memory = scenario.judge(all({ nginx: { bytesPerHeld: 100, noiseBytes: 5e6 } }))[1]
  expect(memory?.undecided).toContain('did not grow in a line')
})

test('users who were not served before the crowd came are not shut out by it', () => {
  expect(scenario.judge(all({ prefork: { failsFromMs: -calmMs } })).at(-1)!.holds).toBe(false)
})

test('settings decide rather than names, and nothing is claimed of no runs', () => {
  expect(scenario.judge([{ ...runOf('prefork', usual.prefork), variant: 'other' }])).toHaveLength(1)
  expect(scenario.judge([])).toEqual([])
})
