// The claims of `blocking-handler` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf, type Row } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './blocking-handler.ts'

const { phases } = scenario.effort.normal

/** `blockedShare` of the requests of a run take `blockedMs`, the others a millisecond. */
function runOf(name: string, blockedShare: number, extra: readonly Row[] = []): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const { load, measuredPhase } = scenario
  const count = phases[0]!.durationMs / 10 - 10
  const blocked = Math.round(count * blockedShare)
  const rows = [
    ...every10Ms(blocked, 0, { latencyMs: 30 }),
    ...every10Ms(count - blocked, blocked * 10, { latencyMs: 1 }),
    ...extra,
  ]
  return summarise(inputOf(rows, {}, { variant, repeat: 0, load, phases, measuredPhase }))
}

const standard: Record<string, number> = { 'nobody computes': 0, 'one loop': 0.15, processes: 0.05, threads: 0.06 }
const all = (turned: Record<string, number> = {}, extra: readonly Row[] = []) =>
  Object.entries({ ...standard, ...turned }).map(([name, share]) => runOf(name, share, extra))
const holdsOf = (runs: readonly Run[]) => scenario.judge(runs).map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf(all())).toEqual([true, true, true])
})

test.each<[string, boolean[], Run[]]>([
  ['a loop that blocks nobody', [false, false, true], all({ 'one loop': 0.02 })],
  ['processes that wait for each other', [true, false, true], all({ processes: 0.14 })],
  ['threads that wait for each other', [true, false, true], all({ threads: 0.14 })],
  ['a request without an answer', [true, true, false], all({}, [{ dueMs: 5950, fate: 'reset', seen: false }])],
])('%s turns its claim', (_, expected, runs) => {
  expect(holdsOf(runs)).toEqual(expected)
})

test('claims need both sides', () => {
  expect(scenario.judge([])).toEqual([])
  expect(holdsOf([runOf('one loop', 0.2)])).toEqual([true])
})

test('what is quick may have been disturbed, what is slow may not', () => {
  const usedBy = (runs: readonly Run[]) => scenario.judge(runs).map(({ uses }) => uses.map(run => run.variant))
  expect(usedBy(all()).slice(0, 2)).toEqual([['one loop'], ['one loop']])
  const failing = usedBy(all({ 'one loop': 0.02 })).slice(0, 2)
  expect(failing).toEqual([
    ['nobody computes', 'one loop'],
    ['one loop', 'processes', 'threads'],
  ])
})
