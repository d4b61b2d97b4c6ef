// The claims of `accept-fairness` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf, type Row } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './accept-fairness.ts'

interface Story {
  readonly kept: readonly number[]
  readonly taken?: readonly number[]
  readonly extra?: readonly Row[]
}

const even = [10, 11, 11, 12]
const fair = [250, 250, 251, 250]
const uneven: Story = { kept: [15, 9, 10, 11], taken: [240, 262, 251, 248] }

function runOf(name: string, { kept, taken = fair, extra = [] }: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const { phases } = scenario.effort.normal
  const { load, measuredPhase } = scenario
  const rows = [...every10Ms(290, 0), ...extra]
  const run = summarise(inputOf(rows, {}, { variant, repeat: 0, load, phases, measuredPhase }))
  const counters = Object.fromEntries([
    ...taken.map((count, worker) => [`target.worker${worker}.connectionsAccepted`, count]),
    ...kept.map((count, worker) => [`target.worker${worker}.connectionsOpenPeak`, count]),
  ])
  return { ...run, counters: { ...run.counters, ...counters } }
}

const handing = ['round-robin', 'least-connections', 'two-index', 'threads']
const others = (turned: Record<string, Story> = {}) => handing.map(name => runOf(name, turned[name] ?? { kept: even }))
const holdsOf = (runs: readonly Run[]) => scenario.judge(runs).map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf([runOf('kernel', uneven), ...others()])).toEqual([true, true, true, true, true])
})

test('one even draw of the hash among several is no reason to doubt', () => {
  expect(holdsOf([runOf('kernel', { kept: even }), runOf('kernel', uneven)])).toEqual([true, true, true])
})

test('in turn those that stay may fall as they like', () => {
  expect(holdsOf([runOf('round-robin', { kept: [16, 7, 9, 12] })])).toEqual([true, true])
})

test.each<[string, number, () => Run[]]>([
  ['a hash that is always even', 0, () => [runOf('kernel', { kept: even }), ...others()]],
  [
    'a count that leaves workers uneven',
    1,
    () => [runOf('kernel', uneven), ...others({ 'two-index': { kept: [14, 9, 11, 11] } })],
  ],
  [
    'threads that keep uneven shares',
    1,
    () => [runOf('kernel', uneven), ...others({ threads: { kept: [14, 9, 11, 11] } })],
  ],
  [
    'turns that leave one out',
    2,
    () => [runOf('kernel', uneven), ...others({ 'round-robin': { kept: even, taken: [250, 280, 230, 240] } })],
  ],
  [
    'a hash that crowds connections on one worker',
    3,
    () => [runOf('kernel', { ...uneven, taken: [400, 200, 200, 200] }), ...others()],
  ],
  [
    'a request without an answer',
    4,
    () => [runOf('kernel', { ...uneven, extra: [{ dueMs: 2950, fate: 'reset', seen: false }] }), ...others()],
  ],
])('%s fails its claim and no other', (_, index, runs) => {
  expect(holdsOf(runs())).toEqual([0, 1, 2, 3, 4].map(claim => claim !== index))
})
