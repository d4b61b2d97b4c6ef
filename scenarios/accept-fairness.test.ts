// The claims of `accept-fairness` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf, type Row } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './accept-fairness.ts'

function runOf(name: string, taken: readonly number[], extra: readonly Row[] = []): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const { phases } = scenario.effort.normal
  const { load, measuredPhase } = scenario
  const rows = [...every10Ms(290, 0), ...extra]
  const run = summarise(inputOf(rows, {}, { variant, repeat: 0, load, phases, measuredPhase }))
  const counters = Object.fromEntries(
    taken.map((count, worker) => [`target.worker${worker}.connectionsAccepted`, count]),
  )
  return { ...run, counters: { ...run.counters, ...counters } }
}

const even = [10, 10, 10, 10]
const others = () => ['round-robin', 'least-connections', 'two-index'].map(name => runOf(name, even))
const holdsOf = (runs: readonly Run[]) => scenario.judge(runs).map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf([runOf('kernel', [13, 8, 9, 10]), ...others()])).toEqual([true, true, true])
})

test('one even draw of the hash among several is no reason to doubt', () => {
  expect(holdsOf([runOf('kernel', even), runOf('kernel', [14, 8, 8, 10])])).toEqual([true, true])
})

test.each<[string, number, () => Run[]]>([
  ['a hash that is always even', 0, () => [runOf('kernel', even), runOf('kernel', [10, 10, 9, 10]), ...others()]],
  [
    'a handover that is uneven',
    1,
    () => [runOf('kernel', [13, 8, 9, 10]), ...others(), runOf('two-index', [12, 10, 9, 9])],
  ],
  [
    'a request without an answer',
    2,
    () => [runOf('kernel', [13, 8, 9, 10], [{ dueMs: 2950, fate: 'reset', seen: false }]), ...others()],
  ],
])('%s fails its claim and no other', (_, index, runs) => {
  expect(holdsOf(runs())).toEqual([0, 1, 2].map(claim => claim !== index))
})
