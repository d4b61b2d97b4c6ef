// Executions and the cost of faults, counted on made-up runs.
import { expect, test } from 'vitest'
import { executionCounters } from './execution-counters.ts'
import { faultCounters } from './fault-counters.ts'
import { every10Ms, inputOf, logOf, phasesAt, type Row } from './observed.fixture.ts'
import { summarise } from './summary.ts'

const rows: Row[] = [
  { dueMs: 0 },
  { dueMs: 1, executions: 3 },
  { dueMs: 2, executions: 2, fate: 'bad-status' },
  { dueMs: 3, executions: 1, fate: 'reset' },
  { dueMs: 4, executions: 0, fate: 'refused' },
]

test('what was done twice, and what was done and not told', () => {
  const { log } = logOf(rows)
  expect(executionCounters(log, { posts: null, firsts: null })).toEqual({
    'origin.duplicateExecutions': 3,
    'origin.executedUnanswered': 2,
  })
  const [posts, firsts] = [Uint8Array.of(0, 0, 1, 1, 0), Uint8Array.of(1, 1, 0, 0, 1)]
  const marked = {
    'posts.asked': 2,
    'posts.failed': 2,
    'posts.duplicateExecutions': 1,
    'firsts.asked': 3,
    'firsts.failed': 1,
    'firsts.executedUnanswered': 0,
  }
  expect(executionCounters(log, { posts, firsts })).toMatchObject(marked)
  expect(summarise(inputOf(rows, { posts, firsts })).counters).toMatchObject(marked)
})

const phases = [
  { name: 'calm', durationMs: 1000 },
  { name: 'dead', durationMs: 1000 },
]
const faults = [{ fault: 'kill', origin: 0, phase: 'dead' }]
const cost = (failedAtMs: readonly number[], more: readonly Row[] = []) => {
  const failed = failedAtMs.map(dueMs => ({ dueMs, latencyMs: 1, fate: 'bad-status' as const }))
  const all = [...every10Ms(200, 0), ...failed, ...more].sort((a, b) => a.dueMs - b.dueMs)
  const { 'fault.dead.failed': failures, 'fault.dead.foundMs': foundMs } = faultCounters(
    logOf(all).log,
    phasesAt,
    phases,
    faults,
  )
  return [failures, foundMs]
}

test('a fault is found when a quarter of a second passes without a failure', () => {
  expect(cost([])).toEqual([0, 0])
  expect(cost([1005, 1105, 1205])).toEqual([3, 205])
  expect(cost([1005, 1105, 1205, 1800])).toEqual([4, 205])
  // Found late, but from its first failure on.
  expect(cost([1400, 1450])).toEqual([2, 450])
  expect(cost(Array.from({ length: 100 }, (_, k) => 1005 + 10 * k))).toEqual([100, 995])
})

test('what was in flight when it struck is part of the cost; what failed before or is due after is not', () => {
  expect(cost([], [{ dueMs: 995, latencyMs: 20, fate: 'reset' }])).toEqual([1, 0])
  expect(cost([], [{ dueMs: 995, latencyMs: 1, fate: 'reset' }])).toEqual([0, 0])
  expect(cost([], [{ dueMs: 2000, latencyMs: 1, fate: 'reset' }])).toEqual([0, 0])
  expect(faultCounters(logOf(rows).log, phasesAt, phases, [])).toEqual({})
})
