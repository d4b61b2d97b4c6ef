// The claims of `black-hole` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { inputOf, type Row, samplesUntil } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './black-hole.ts'

interface Story {
  /** Every so many requests of the fault one is answered with an error; 0: none. */
  errorEvery?: number
  /** A request of the calm fails. */
  early?: boolean
}

const { phases } = scenario.effort.normal
const calmMs = phases[0]!.durationMs
const totalMs = calmMs + phases[1]!.durationMs

function runOf(name: string, { errorEvery = 0, early = false }: Story): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const rows = Array.from({ length: totalMs / 5 }, (_, index): Row => {
    const dueMs = index * 5
    const broken = dueMs >= calmMs && errorEvery > 0 && index % errorEvery === 0
    return broken || (early && index === 10) ? { dueMs, latencyMs: 1, originMs: 0, fate: 'bad-status' } : { dueMs }
  })
  const { load, measuredPhase } = scenario
  return summarise(inputOf(rows, { samples: samplesUntil(totalMs) }, { variant, load, phases, measuredPhase }))
}

const usual: Record<string, Story> = {
  'round-robin': { errorEvery: 4 },
  'least-request': { errorEvery: 2 },
  'peak-ewma blind': { errorEvery: 2 },
  'peak-ewma': { errorEvery: 400 },
  'penalised least-request': { errorEvery: 100 },
  'nginx least_conn': { errorEvery: 2 },
}
const holdsWith = (turned: Record<string, Story> = {}) =>
  scenario
    .judge(Object.entries({ ...usual, ...turned }).map(([name, story]) => runOf(name, story)))
    .map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(Object.keys(usual)).toEqual(scenario.variants.map(variant => variant.name))
  expect(holdsWith()).toEqual([true, true, true, true])
})

test.each<[string, number, Record<string, Story>]>([
  ['an error before the fault', 0, { 'round-robin': { errorEvery: 4, early: true } }],
  ['a fifth lost by turn', 1, { 'round-robin': { errorEvery: 5 } }],
  ['a quarter lost by who looks at load', 2, { 'least-request': { errorEvery: 4 } }],
  ['a quarter lost by who measures time', 2, { 'peak-ewma blind': { errorEvery: 4 } }],
  ['a tenth lost although failures are penalised', 3, { 'peak-ewma': { errorEvery: 10 } }],
  ['a tenth lost although failures stay in flight', 3, { 'penalised least-request': { errorEvery: 10 } }],
  ['no error at all: there was no fault', 3, { 'peak-ewma': {} }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsWith(turned)).toEqual([0, 1, 2, 3].map(claim => claim !== index))
})

test('nothing is claimed of nothing', () => {
  expect(scenario.judge([])).toEqual([])
})
