// The bench: its table and comparison from made-up results, and every task done a few times.
import { describe, expect, test } from 'vitest'
import { namesOf } from '../../core/registry.ts'
import { simulate } from '../../simulation/simulate.ts'
import { bookkeepingTasks } from './bookkeeping.ts'
import { messageTasks, requestHeadOf } from './messages.ts'
import { policyTasks } from './policies.ts'
import { type BenchResult, type BenchRun, benchComparison, benchTable, changeOf, parseBenchRun } from './results.ts'
import { simulationCases } from './simulations.ts'
import { sink } from './task.ts'

const result = (name: string, lowestNs: number, ns: number, highestNs: number): BenchResult => ({
  group: 'pick',
  name,
  ns,
  lowestNs,
  highestNs,
  samples: 100,
})

function run(...results: BenchResult[]): BenchRun {
  return {
    schema: 'windtunnel.bench/1',
    startedAt: '2026-01-01T00:00:00.000Z',
    tookMs: 1000,
    timeMs: 100,
    machine: {
      cpu: 'Example CPU',
      cores: 2,
      memoryBytes: 8e9,
      kernel: 'Linux 6.1.0',
      node: 'v26.10.0',
      pinned: 'not pinned',
      commit: null,
      dirty: null,
      versions: { tinybench: '6.2.3' },
    },
    results,
  }
}

describe('results', () => {
  test('are a table of nanoseconds with their spread', () => {
    const table = benchTable(run(result('random, 10', 9.5, 12.34, 99.6)))
    expect(table).toMatch(/pick +│ random, 10 +│ +12\.3 │ +9\.5 to 100 │ +100/)
  })

  test('name what looks at all upstreams, and show the simulator apart', () => {
    const simulated = { ...result('M/M/1', 90, 100, 110), group: 'simulate', eventsPerSecond: 1e7, residentBytes: 95e6 }
    const picks = [result('all, 100', 90, 100, 110), result('all, 10000', 9000, 1e4, 11_000)]
    const few = [result('two, 100', 9, 10, 11), result('two, 10000', 30, 40, 50)]
    const stored = run(...picks, ...few, simulated)
    const table = benchTable(stored)
    expect(table.match(/all, 100(00)? .* O\(n\)/g)).toHaveLength(2)
    expect(table).not.toMatch(/two, 100(00)? .* O\(n\)/)
    expect(table).toMatch(/simulate │ M\/M\/1 │ +10\.00 │ 100 │ +90\.0 to 110 │ +95/)
    expect(parseBenchRun(JSON.stringify(stored), 'x')).toEqual(stored)
    expect(benchComparison(stored, stored)).toMatch(/M\/M\/1 .* 1\.00 │ within the spread/)
  })

  test('differ when the rounds of one lie outside those of the other', () => {
    const then = result('a', 10, 11, 12)
    expect(changeOf(then, result('a', 13, 22, 24))).toEqual({
      ratio: 2,
      statement: 'slower, beyond the spread of both',
    })
    expect(changeOf(then, result('a', 4, 5.5, 9))).toEqual({
      ratio: 0.5,
      statement: 'faster, beyond the spread of both',
    })
    expect(changeOf(then, result('a', 12, 22, 24)).statement).toBe('within the spread')
  })

  test('beside a stored run name what only one has, and another machine', () => {
    const then = run(result('a', 1, 2, 3), result('gone', 1, 2, 3))
    then.machine = { ...then.machine, cpu: 'Another CPU' }
    const text = benchComparison(then, run(result('a', 1, 2, 3), result('new', 1, 2, 3)))
    expect(text).toContain('Only now: pick new.')
    expect(text).toContain('Only then: pick gone.')
    expect(text).toContain('Another machine: cpu was Another CPU, is Example CPU.')
  })

  test('are read back, and nothing else is', () => {
    const stored = run(result('a', 1, 2, 3))
    expect(parseBenchRun(JSON.stringify(stored), 'x')).toEqual(stored)
    expect(() => parseBenchRun('{}', 'compare=x')).toThrow('compare=x is no bench run')
    expect(() => parseBenchRun('no JSON', 'compare=x')).toThrow('compare=x is no bench run')
  })
})

test('request heads have the size they say', () => {
  expect([40, 350, 700].map(bytes => requestHeadOf(bytes).length)).toEqual([40, 350, 700])
})

test.each(simulationCases)('$name is simulated without a failure', ({ model, policies }) => {
  const { events, errors } = simulate({ ...model, durationMs: model.durationMs / 100 }, policies, 1)
  expect(events).toBeGreaterThan(10_000)
  expect(errors).toEqual({ 'bad-status': 0, timeout: 0 })
})

test('every task does its operation, and every balancer and pool has one', async () => {
  const tasks = [...messageTasks(), ...(await policyTasks()), ...bookkeepingTasks()]
  for (const task of tasks) task.run(3)
  // A refused head or a null pick would have taken the sum below what the parsed bytes alone amount to.
  expect(sink.value).toBeGreaterThan(3 * (40 + 350 + 700))
  const names = tasks.map(({ group, name }) => `${group} ${name}`)
  expect(new Set(names).size).toBe(tasks.length)
  for (const balancer of namesOf('balancer')) expect(names).toContain(`pick ${balancer}, 10000`)
  for (const pool of namesOf('pool')) expect(names).toContain(`lend acquire and release, ${pool}`)
})
