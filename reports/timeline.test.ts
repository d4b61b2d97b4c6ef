import { describe, expect, test } from 'vitest'
import type { Run } from '../core/record.ts'
import { faultRecord, slowlorisRecord, steadyRecord } from './fixture.ts'
import { answeredShareOf, metricsOf } from './metrics.ts'
import { spreadOf } from './spread.ts'
import {
  answeredShare,
  failedShare,
  faultsOf,
  hasColumn,
  labelledFaults,
  meanOf,
  median,
  overTime,
  phasesOf,
  variantsThatRan,
} from './timeline.ts'

function runWith(columns: Record<string, (number | null)[]>): Run {
  const run = steadyRecord().runs[0]!
  const length = Object.values(columns)[0]!.length
  const entries = Object.entries(columns).map(([name, values]) => [name, { unit: '1/s', values }])
  const atMs = Array.from({ length }, (_, index) => index * 200)
  return { ...run, series: { intervalMs: 200, atMs, columns: Object.fromEntries(entries) } }
}

describe('a record over time', () => {
  test('lays the phases end to end', () => {
    expect(phasesOf(slowlorisRecord()).map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
      [0, 4000],
      [4000, 12_000],
      [12_000, 16_000],
    ])
  })

  test('says what is wrong with origins, and in which phases', () => {
    const record = faultRecord()
    expect(faultsOf(record)).toEqual([{ fromMs: 4000, toMs: 12_000, label: 'kill at o0; stop at o1' }])
    expect(phasesOf(record).map(({ faults }) => faults)).toEqual([[], ['kill at o0; stop at o1'], []])
    record.load.faults = [2, 0].map(origin => ({ fault: 'status', origin, fromMs: 3000, toMs: 5000 }))
    expect(faultsOf(record)).toEqual([{ fromMs: 3000, toMs: 5000, label: 'status at o2, o0' }])
    expect(phasesOf(record).map(({ faults }) => faults.length)).toEqual([1, 1, 0])
    expect(faultsOf(steadyRecord())).toEqual([])
  })

  test('takes the median, the lowest and the highest of the repeats', () => {
    const runs = [1, 2, 9].map(value => runWith({ x: [value, null] }))
    expect(overTime(runs, meanOf('x'), 10)).toEqual([
      { atMs: 100, value: 2, low: 1, high: 9 },
      { atMs: 300, value: null, low: null, high: null },
    ])
  })

  test('joins intervals when there are more than there is room for', () => {
    const points = overTime([runWith({ x: [1, 3, 5, null, 7] })], meanOf('x'), 3)
    expect(points.map(({ atMs, value }) => [atMs, value])).toEqual([
      [200, 2],
      [600, 5],
      [900, 7],
    ])
  })

  test('knows the share answered and the share failed, and when nothing was due', () => {
    const run = runWith({ completed: [3, 0], failed: [1, 0] })
    expect([answeredShare(run, 0, 1), failedShare(run, 0, 1)]).toEqual([0.75, 0.25])
    expect([answeredShare(run, 1, 2), failedShare(run, 1, 2)]).toEqual([null, null])
  })

  test('names many faults of a phase as one, and shades each', () => {
    const record = faultRecord()
    const faults = Array.from({ length: 50 }, (_, index) => ({
      fault: 'stop',
      origin: index % 10,
      fromMs: 4000 + index * 160,
      toMs: 4100 + index * 160,
    }))
    const rolling = { ...record, load: { ...record.load, faults } }
    expect(faultsOf(rolling)).toHaveLength(50)
    const label = 'stop at 10 origins, one after the other'
    expect(labelledFaults(rolling)).toEqual([{ fromMs: 4000, toMs: 11_940, label }])
    expect(phasesOf(rolling).map(phase => phase.faults)).toEqual([[], [label], []])
  })

  test('says whether a column holds anything', () => {
    expect(hasColumn(slowlorisRecord(), 'attackersHeld')).toBe(true)
    expect(hasColumn(steadyRecord(), 'attackersHeld')).toBe(false)
  })

  test('leaves out variants that did not run', () => {
    expect(variantsThatRan(slowlorisRecord())).not.toContain('caddy')
  })

  test.each([
    [[], null],
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
  ])('median of %j is %j', (values, expected) => {
    expect(median(values)).toBe(expected)
  })
})

describe('metrics', () => {
  test('come from the measured phase, with median, lowest and highest over the repeats', () => {
    const record = slowlorisRecord()
    const metric = metricsOf(record).find(({ label }) => label === 'p90')!
    const values = record.runs.filter(run => run.variant === 'nginx').map(run => run.phases[1]!.latency.p90Ms!)
    expect(spreadOf(record, 'nginx', metric)).toEqual({
      median: (values[0]! + values[1]!) / 2,
      min: Math.min(...values),
      max: Math.max(...values),
      repeats: 2,
    })
  })

  test('are null where no repeat has a value, and absent where no variant has one', () => {
    const record = slowlorisRecord()
    const labels = metricsOf(record).map(({ label }) => label)
    const p99 = metricsOf(record).find(({ label }) => label === 'p99')!
    expect(spreadOf(record, 'prefork', p99)).toBeNull()
    expect(labels).toContain('held at once')
    expect(metricsOf(steadyRecord()).map(({ group }) => group)).not.toContain('hostile clients')
  })

  test('pool the answered share over the repeats', () => {
    const record = slowlorisRecord()
    const attacks = record.runs.filter(run => run.variant === 'prefork').map(run => run.phases[1]!)
    const expected = (attacks[0]!.latency.count + attacks[1]!.latency.count) / 6400
    expect(answeredShareOf(record, 'prefork', 'attack')).toBeCloseTo(expected, 12)
    expect(answeredShareOf(record, 'prefork', 'no such phase')).toBeNull()
  })
})
