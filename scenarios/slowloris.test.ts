// The claims of `slowloris` on made-up runs: each holds, and fails when the number it rests on is turned.
import { describe, expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { inputOf, phasesAt, type Row, sampleAt } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './slowloris.ts'

const phases = scenario.effort.normal.phases
const [calmMs, attackMs, recoveryMs] = phases.map(phase => phase.durationMs) as [number, number, number]
const totalMs = calmMs + attackMs + recoveryMs

interface Story {
  /** Honest requests due in this span of the attack (from its start) time out. */
  starvedMs?: [number, number]
  /** How long failures go on after the attack. */
  sickMs?: number
  longestHeldMs?: number
  withoutRequest?: number
  bytesPerHeld?: number
}

function runOf(name: string, story: Story = {}, repeat = 0): Run {
  const { starvedMs = [0, 0], sickMs = 0, longestHeldMs = 1100, withoutRequest = 0, bytesPerHeld = 5000 } = story
  const variant = scenario.variants.find(one => one.name === name)!
  const inSpan = (dueMs: number, from: number, to: number) => dueMs >= from && dueMs < to
  const rows = Array.from({ length: totalMs / 10 }, (_, index): Row => {
    const dueMs = index * 10
    const attacked = dueMs - calmMs
    const fails = inSpan(attacked, ...starvedMs) || inSpan(attacked, attackMs, attackMs + sickMs)
    return fails ? { dueMs, fate: 'timeout', latencyMs: 1000, seen: false } : { dueMs }
  })
  const samples = Array.from({ length: totalMs / 100 }, (_, index) => {
    const held = Math.min(300, Math.max(0, (index * 100 - calmMs) * 0.3))
    return sampleAt(index * 100, { held, rssBytes: 50e6 + held * bytesPerHeld })
  })
  const ledger = { ...inputOf([]).observations.ledger, connectionsWithoutRequest: withoutRequest }
  const report = { opened: 1200, held: 0, heldPeak: 300, endedByServer: 900, refused: 0, longestHeldMs }
  const observed = { samples, ledger, hostile: [report], phasesAt }
  const { load, measuredPhase } = scenario
  return summarise(inputOf(rows, observed, { variant, repeat, load, phases, measuredPhase }))
}

const starved: Record<string, Story> = {
  prefork: { starvedMs: [200, attackMs] },
  'no-head-timeout': { starvedMs: [2000, attackMs] },
}
const names = scenario.variants.map(variant => variant.name)
const all = (turned: Record<string, Story> = {}) =>
  names.flatMap(name => [0, 1].map(repeat => runOf(name, turned[name] ?? starved[name], repeat)))
const holdsOf = (runs: readonly Run[]) => scenario.judge(runs).map(claim => claim.holds)

const claims = ['prefork', 'cap only', 'served', 'gone', 'upstream', 'memory', 'recovery']

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf(all())).toEqual(claims.map(() => true))
})

describe.each<[string, Record<string, Story>]>([
  // Starved for a while, but served again before the attack ends.
  ['prefork', { prefork: { starvedMs: [200, 1500] } }],
  ['cap only', { 'no-head-timeout': {} }],
  ['served', { defended: { starvedMs: [1000, 1020] } }],
  ['gone', { haproxy: { longestHeldMs: 2001 } }],
  ['upstream', { nginx: { withoutRequest: 1 } }],
  ['memory', { defended: { bytesPerHeld: 60_000 } }],
  ['recovery', { prefork: { starvedMs: [200, attackMs], sickMs: 1100 } }],
])('turning the number of "%s"', (name, turned) => {
  test('fails that claim and no other', () => {
    expect(holdsOf(all(turned))).toEqual(claims.map(claim => claim !== name))
  })
})

test('the cap must fill later than the slots', () => {
  const sameOnset = { 'no-head-timeout': { starvedMs: [200, attackMs] as [number, number] } }
  expect(holdsOf(all(sameOnset))[1]).toBe(false)
})

test('what was seen is a count; what was not seen is a matter of timing', () => {
  const kindsOf = (runs: readonly Run[]) =>
    scenario
      .judge(runs)
      .slice(0, 3)
      .map(claim => claim.kind)
  expect(kindsOf(all())).toEqual(['count', 'count', 'count'])
  const turned = { prefork: {}, 'no-head-timeout': {}, defended: { starvedMs: [1000, 1020] as [number, number] } }
  expect(kindsOf(all(turned))).toEqual(['timing', 'timing', 'timing'])
})

test('users who were not served in calm either do not count as starved by the attack', () => {
  const sick = { prefork: { starvedMs: [-calmMs, attackMs] as [number, number] } }
  expect(holdsOf(all(sick))[0]).toBe(false)
})

test('a claim that has no run to rest on is left out, and settings decide rather than names', () => {
  const defended = { ...runOf('defended'), variant: 'windtunnel limiter=none' }
  const claimed = scenario.judge([defended]).map(claim => claim.claim)
  expect(claimed).toHaveLength(5)
  expect(claimed.join()).not.toMatch(/slot per connection|cap without/)
  expect(scenario.judge([])).toEqual([])
  const alone = { ...runOf('no-head-timeout', starved['no-head-timeout']), variant: 'windtunnel requestHeadMs=0' }
  expect(scenario.judge([alone])[0]).toMatchObject({
    claim: 'A connection cap without a head timeout starves them too.',
    holds: true,
  })
})
