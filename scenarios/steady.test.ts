// The claims of `steady` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf, type Row, sampleAt } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './steady.ts'

interface Story {
  cpuShare?: number
  idleBytes?: number
  latencyMs?: number
  extra?: readonly Row[]
}

function runOf(
  name: string,
  { cpuShare = 0.1, idleBytes = 3000, latencyMs = 5.3, extra = [] }: Story = {},
  repeat = 0,
): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const { phases } = scenario.effort.normal
  const samples = Array.from({ length: 81 }, (_, index) => {
    const held = Math.min(5000, Math.max(0, (index - 40) * 200))
    return sampleAt(index * 100, { cpuShare, held, rssBytes: 60e6 + held * idleBytes })
  })
  const { load, measuredPhase } = scenario
  const rows = [...every10Ms(800, 0, { latencyMs }), ...extra]
  return summarise(inputOf(rows, { samples }, { variant, repeat, load, phases, measuredPhase }))
}

const names = ['windtunnel', 'nginx', 'haproxy']
const all = (turned: Record<string, Story> = {}) =>
  names.flatMap(name => [0, 1, 2].map(repeat => runOf(name, turned[name], repeat)))
const holdsOf = (runs: readonly Run[]) => scenario.judge(runs).map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf(all())).toEqual([true, true, true, true])
})

test.each<[string, number, Record<string, Story>]>([
  ['an unanswered request', 0, { haproxy: { extra: [{ dueMs: 7400, fate: 'reset', seen: false }] } }],
  ['CPU above 1.4 times that of nginx', 1, { windtunnel: { cpuShare: 0.15 } }],
  ['an idle connection of 6 KB', 2, { windtunnel: { idleBytes: 6000 } }],
  ['more than a millisecond added', 3, { nginx: { latencyMs: 6.5 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsOf(all(turned))).toEqual([0, 1, 2, 3].map(claim => claim !== index))
})

test('the memory of a peer is shown and not judged beside ours', () => {
  expect(holdsOf(all({ nginx: { idleBytes: 9000 } }))).toEqual([true, true, true, true])
  expect(holdsOf(all({ nginx: { idleBytes: 9000 } }).filter(run => run.target === 'nginx'))).toContain(false)
})

test('the CPU claim needs both sides, and a pool that keeps connections', () => {
  expect(
    scenario
      .judge([runOf('windtunnel')])
      .map(claim => claim.claim)
      .join(),
  ).not.toMatch(/times the CPU/)
  const perRequest = { ...runOf('windtunnel'), settings: { ...scenario.base, pool: 'per-request' } }
  expect(
    scenario
      .judge([perRequest, runOf('nginx')])
      .map(claim => claim.claim)
      .join(),
  ).not.toMatch(/times the CPU/)
  expect(scenario.judge([])).toEqual([])
})
