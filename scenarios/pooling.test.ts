// The claims of `pooling` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf, type Row, samplesUntil } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './pooling.ts'

interface Story {
  addedMs?: number
  opened?: number
  cpuShare?: number
  /** Connections that requests waited for. */
  waitedFor?: number
  extra?: readonly Row[]
}

const requests = 400

function runOf(name: string, story: Story = {}, repeat = 0): Run {
  const variant = scenario.variants.find(one => one.name === name)!
  const pooled = variant.settings.pool !== 'per-request'
  const link = variant.linkMs!
  const {
    addedMs = pooled ? link + 0.2 : 2 * link + 0.35,
    opened = pooled ? 8 : requests,
    cpuShare = pooled ? 0.1 : 0.2,
    waitedFor = name.startsWith('pre-connect') ? 1 : opened,
    extra = [],
  } = story
  const rows = [...every10Ms(requests, 0, { originMs: 0.1, latencyMs: addedMs + 0.1 }), ...extra]
  const ledger = { ...inputOf([]).observations.ledger, connectionsOpened: opened, requests }
  const samples = samplesUntil(4000, { cpuShare })
  const counters = { upstreamDials: opened, upstreamSpareDials: opened - waitedFor }
  const stats = [{ at: 1_000_000, loopDelayMaxMs: 1, gcMs: 0, counters }]
  const { load, measuredPhase } = scenario
  const { phases } = scenario.effort.normal
  return summarise(inputOf(rows, { samples, ledger }, { variant, repeat, load, phases, measuredPhase, stats }))
}

const names = scenario.variants.map(variant => variant.name)
const all = (turned: Record<string, Story> = {}) =>
  names.flatMap(name => [0, 1].map(repeat => runOf(name, turned[name], repeat)))
const holdsOf = (runs: readonly Run[]) => scenario.judge(runs).map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf(all())).toEqual([true, true, true, true, true])
})

const dear = Object.fromEntries(
  names.filter(name => !name.startsWith('per-request')).map(name => [name, { cpuShare: 0.3 }]),
)

test.each<[string, number, Record<string, Story>]>([
  ['an unanswered request', 0, { 'keep-alive 1 ms': { extra: [{ dueMs: 3990, fate: 'reset', seen: false }] } }],
  ['a pool that opens a connection for every fifth request', 1, { 'keep-alive 0 ms': { opened: requests / 5 } }],
  ['no pool, and yet a connection that is used twice', 1, { 'per-request 10 ms': { opened: requests - 1 } }],
  ['a pool that saves nothing', 2, { 'keep-alive 10 ms': { addedMs: 20 } }],
  ['a pool that saves two round trips', 2, { 'per-request 1 ms': { addedMs: 3.3 } }],
  ['connections that cost nothing to open', 3, dear],
  ['connections opened ahead that nobody finds', 4, { 'pre-connect 10 ms': { waitedFor: 8 } }],
])('%s fails its claim and no other', (_, index, turned) => {
  expect(holdsOf(all(turned))).toEqual([0, 1, 2, 3, 4].map(claim => claim !== index))
})

test('claims that need both sides, or a link, are left out without them', () => {
  expect(scenario.judge([])).toEqual([])
  expect(scenario.judge([runOf('keep-alive 10 ms')])).toHaveLength(2)
  const near = [runOf('keep-alive 0 ms'), runOf('per-request 0 ms')]
  expect(scenario.judge(near).map(claim => claim.claim)).toEqual([
    'Every request is answered.',
    expect.stringContaining('opens a connection'),
    expect.stringContaining('costs the proxy more CPU'),
  ])
})

test('the link of a run is in its settings', () => {
  expect(runOf('per-request 10 ms').settings.linkMs).toBe(10)
})
