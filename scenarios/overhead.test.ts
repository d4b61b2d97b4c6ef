// The claims of `overhead` on made-up runs: each holds, and fails when the number it rests on is turned.
import { expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { every10Ms, inputOf, phasesAt, type Row, sampleAt } from '../harness/observed.fixture.ts'
import { summarise } from '../harness/summary.ts'
import scenario from './overhead.ts'

interface Story {
  cpuShare?: number
  answered?: number
  failures?: Record<string, number>
  idleBytes?: number
  idle?: number
  latencyMs?: number
  extra?: readonly Row[]
}

const idleReport = { opened: 2000, endedByServer: 0, refused: 0, longestHeldMs: 0 }

const peer: Story = { cpuShare: 0.4, idleBytes: 900 }
const nodeProxy: Story = { cpuShare: 1, answered: 9000, idleBytes: 12_000, latencyMs: 5.4 }
const standard: Record<string, Story> = {
  windtunnel: { cpuShare: 0.9, answered: 24_000, idleBytes: 2500, latencyMs: 5.2 },
  nginx: peer,
  haproxy: peer,
  caddy: { cpuShare: 0.9, answered: 11_000 },
  'http-proxy': nodeProxy,
  'http-proxy-3': nodeProxy,
  'fast-proxy': { ...nodeProxy, answered: 10_000 },
  'fastify-http-proxy': nodeProxy,
}

const { phases } = scenario.effort.normal
const phasesMs = phases.reduce((sum, phase) => sum + phase.durationMs, 0)

function runOf(name: string, turned: Story = {}, repeat = 0): Run {
  const story = { ...standard[name], ...turned }
  const {
    cpuShare = 0.5,
    answered = 12_000,
    failures = {},
    idleBytes = 3000,
    latencyMs = 5.3,
    extra = [],
    idle = 2000,
  } = story
  const variant = scenario.variants.find(one => one.name === name)!
  const flatOutAt = phasesAt + phasesMs + 1000
  const samples = Array.from({ length: (phasesMs + 4000) / 100 }, (_, index) => {
    const held = Math.min(2000, Math.max(0, (index * 100 - phases[0]!.durationMs) * 3))
    return sampleAt(index * 100, { cpuShare, held, rssBytes: 60e6 + held * idleBytes })
  })
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
  const accounts = { answered, ok: answered, sent: answered + failed, failures, unanswered: 0 }
  const flatOut = { fromAt: flatOutAt, toAt: flatOutAt + 1000, ...accounts }
  const hostile = [{ ...idleReport, held: idle, heldPeak: idle }]
  const loops = { ...flatOut, flatOut: { ...flatOut, failures: {}, sent: answered } }
  const observed = { samples, hostile, capacity: { ...loops, connections: 50, originRequests: 2 * answered } }
  const { load, measuredPhase } = scenario
  const rows = [...every10Ms(phasesMs / 10, 0, { latencyMs }), ...extra]
  return summarise(inputOf(rows, observed, { variant, repeat, load, phases, measuredPhase }))
}

const names = scenario.variants.map(variant => variant.name)
const all = (turned: Record<string, Story> = {}) =>
  names.flatMap(name => [0, 1, 2].map(repeat => runOf(name, turned[name], repeat)))
const holdsOf = (runs: readonly Run[]) => scenario.judge(runs).map(claim => claim.holds)

test('all claims hold when things are as they are said to be', () => {
  expect(holdsOf(all())).toEqual([true, true, true, true, true, true])
  expect(scenario.judge(all()).map(claim => claim.kind)).toEqual([
    'count',
    'count',
    'count',
    'count',
    'timing',
    'timing',
  ])
})

test.each<[string, number[], Record<string, Story>]>([
  [
    'an unanswered request of the open loop',
    [0],
    { windtunnel: { extra: [{ dueMs: 4400, fate: 'reset', seen: false }] } },
  ],
  ['a failure in the closed loop', [0], { windtunnel: { failures: { closed: 1 } } }],
  ['CPU above 1.3 times that of nginx', [1], { nginx: { cpuShare: 0.3 } }],
  ['CPU above 0.45 times that of one Node proxy', [2], { 'fast-proxy': { cpuShare: 0.6 } }],
  ['idle memory above a third of that of one Node proxy', [3], { 'http-proxy-3': { idleBytes: 7000 } }],
  ['more time added than by one Node proxy', [4], { 'fastify-http-proxy': { latencyMs: 5.1 } }],
  ['less carried than by one Node proxy', [5], { 'http-proxy-3': { answered: 25_000, cpuShare: 2.6 } }],
])('%s fails its claim and no other', (_, indexes, turned) => {
  expect(holdsOf(all(turned))).toEqual([0, 1, 2, 3, 4, 5].map(claim => !indexes.includes(claim)))
})

test('a cost that is too high rests on timing, so that a neighbour is not taken for it', () => {
  expect(scenario.judge(all({ nginx: { cpuShare: 0.3 } }))[1]).toMatchObject({ holds: false, kind: 'timing' })
})

test('what one repeat shows is not enough to turn the middle of three', () => {
  const runs = all().map(run =>
    run.variant === 'nginx' && run.repeat === 1 ? runOf('nginx', { cpuShare: 0.1 }, 1) : run,
  )
  expect(holdsOf(runs)).toEqual([true, true, true, true, true, true])
})

test('claims need both sides', () => {
  expect(scenario.judge([])).toEqual([])
  expect(holdsOf([runOf('nginx')])).toEqual([])
  expect(holdsOf([runOf('windtunnel')])).toEqual([true])
  expect(holdsOf([runOf('windtunnel'), runOf('nginx')])).toEqual([true, true])
})

test('memory is compared only where the clients came in and cost something', () => {
  const memoryClaims = (turned: Story) =>
    scenario.judge([runOf('windtunnel'), runOf('fast-proxy', turned)]).filter(({ claim }) => /idle/.test(claim)).length
  expect([memoryClaims({}), memoryClaims({ idle: 1000 }), memoryClaims({ idleBytes: -500 })]).toEqual([1, 0, 0])
})
