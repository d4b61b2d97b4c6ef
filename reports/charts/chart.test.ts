import { describe, expect, test } from 'vitest'
import { slowlorisRecord, steadyRecord } from '../fixture.ts'
import { colourOf, compileSpec, dashOf, logDomain, valueAxis } from './chart.ts'
import { columnOverTime, columnTable } from './column-over-time.ts'
import { percentileTable, pooledLatency } from './percentile-curve.ts'

const ticksOf = (domain: [number, number], log: boolean, unit: string) => {
  const { axis } = valueAxis('x', domain, log, unit) as { axis: { values: number[]; labelExpr: string } }
  const words = JSON.parse(axis.labelExpr.replace('[datum.value]', ''))
  return axis.values.map(value => words[String(value)])
}

describe('axes', () => {
  test.each([
    [[0.8, 1200], true, 'ms', ['1 ms', '10 ms', '100 ms', '1 s']],
    [[5, 900], true, 'ms', ['10 ms', '30 ms', '100 ms', '300 ms']],
    [[5.2, 9.1], true, 'ms', ['6 ms', '7 ms', '8 ms', '9 ms']],
    [[8e6, 1.2e9], true, 'bytes', ['10 MB', '30 MB', '100 MB', '300 MB', '1,000 MB']],
    [[0, 62 * 1024 ** 2], false, 'bytes', ['0 B', '20 MB', '40 MB', '60 MB']],
    [[0, 640], false, 'connections', ['0', '200', '400', '600']],
    [[0, 1], false, 'share', ['0 %', '100 %']],
  ] as const)('%j, log %s, %s', (domain, log, unit, expected) => {
    expect(ticksOf([...domain], log, unit)).toEqual(expected)
  })

  test('a log scale has no room for nothing and for nought', () => {
    expect(logDomain([null, 0])).toBeNull()
    expect(logDomain([2, null, 8])).toEqual([1.6, 10])
  })
})

test('no two of twelve variants share colour and dash', () => {
  const looks = Array.from({ length: 12 }, (_, index) => `${colourOf(index)} ${dashOf(index).join()}`)
  expect(new Set(looks).size).toBe(12)
})

test('a warning of the compiler stops the report', () => {
  const bad = {
    mark: 'line',
    data: { values: [] },
    encoding: { x: { field: 'a', type: 'quantitative', scale: { type: 'log', zero: true } } },
  }
  expect(() => compileSpec(bad)).toThrow('a chart is wrong')
})

describe('the data behind the charts', () => {
  test('the percentile table pools the repeats and leaves a dash where samples are too few', () => {
    const record = slowlorisRecord()
    const each = record.runs.filter(run => run.variant === 'nginx').map(run => run.phases[1]!.latency.count)
    expect(pooledLatency(record, 'nginx').count).toBe(each[0]! + each[1]!)
    const { head, rows } = percentileTable(record)
    expect(head).toEqual(['came faster', 'prefork', 'loop-no-timeout', 'loop-defended', 'nginx', 'haproxy'])
    const p995 = rows.find(row => row[0] === '99.5 %')!
    expect(p995[1]).toBe('–')
    expect(p995[4]).toMatch(/ms$/)
    expect(rows.map(row => row[0])).not.toContain('99.99 %')
  })

  test('a column nobody measured has no chart; tables have at most 40 rows', () => {
    expect(columnOverTime(steadyRecord(), 'attackersHeld', 'x')).toBeNull()
    expect(columnTable(slowlorisRecord(), 'rssBytes').rows).toHaveLength(40)
  })
})
