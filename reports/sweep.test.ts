import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { recordSchema } from '../core/record.ts'
import { axisTable, overAxis } from './charts/over-axis.ts'
import { compareRecords } from './compare.ts'
import { renderComparison, renderComparisonMarkdown } from './compare-text.ts'
import { drawnInWords, drawnOf, drawnVariants } from './drawn.ts'
import { standings } from './extremes.ts'
import { slowlorisRecord } from './fixture.ts'
import { sweepRecord } from './fixture-sweep.ts'
import { renderMarkdown } from './markdown.ts'
import { metricsOf } from './metrics.ts'
import { axisTitle, seriesRuns, spreadAt, sweepMetrics, sweepOf, tickOf } from './sweep.ts'
import { renderTerminal } from './terminal.ts'
import { trustChecks } from './trust.ts'

const viewOf = (record = sweepRecord()) => sweepOf(record)!
const metricCalled = (short: string, record = sweepRecord()) =>
  sweepMetrics(record).find(metric => metric.short === short)!

describe('a record over its axis', () => {
  test('is one that the schema allows, with series in the order of the record and rising points', () => {
    expect(recordSchema.safeParse(sweepRecord()).success).toBe(true)
    expect(viewOf(sweepRecord({ points: [10, 1, 100] }))).toEqual({
      axis: 'age',
      unit: 'ms',
      log: true,
      series: ['random', 'two looks', 'all looks'],
      points: [1, 10, 100],
    })
    expect(sweepOf(slowlorisRecord())).toBeNull()
    expect(sweepOf({ ...sweepRecord(), runs: [] })).toBeNull()
    const capacity = { axis: 'load', unit: 'times capacity' }
    expect([tickOf(capacity, 1.5), axisTitle(capacity)]).toEqual(['1.5', 'load, times capacity'])
    expect([tickOf({ unit: '%' }, 95), axisTitle({ axis: 'load', unit: '%' })]).toEqual(['95 %', 'load'])
  })

  test('takes the spread of a metric from the runs of one series at one point', () => {
    const record = sweepRecord()
    const means = seriesRuns(record, 'two looks', 10).map(run => run.phases[0]!.latency.meanMs!)
    expect(means).toHaveLength(2)
    expect(spreadAt(record, 'two looks', 10, metricCalled('mean'))).toEqual({
      median: (means[0]! + means[1]!) / 2,
      min: Math.min(...means),
      max: Math.max(...means),
      repeats: 2,
    })
  })

  test('shows what differs: no answers where all were given, no counter that is even, no cost of a proxy without time', () => {
    const shorts = sweepMetrics(sweepRecord()).map(({ short }) => short)
    expect(shorts).toEqual(['answered', 'done', 'mean', 'p50', 'p99', 'peak/mean'])
    const even = sweepRecord({ series: ['random', 'two looks'], points: [1, 2] })
    expect(sweepMetrics(even).map(({ short }) => short)).toEqual(['mean', 'p50', 'p99'])
    expect(metricsOf(even).map(({ short }) => short)).not.toContain('+p50')
    expect(metricsOf(slowlorisRecord()).map(({ short }) => short)).toContain('+p50')
  })
})

describe('trust in a sweep', () => {
  const traffic = (record = sweepRecord()) => trustChecks(record).find(({ name }) => name === 'Traffic')!

  test('points may see different traffic, the series of one point may not', () => {
    expect(traffic()).toMatchObject({ status: 'good', sentence: expect.stringContaining('At each point') })
    const record = sweepRecord()
    seriesRuns(record, 'random', 10)[1]!.generator.scheduleHash = 'another'
    expect(traffic(record)).toMatchObject({
      status: 'bad',
      sentence: 'Within 1 point of repeat 2 the schedules differ, so variants do not compare.',
    })
  })

  test('nothing is said of the cores of a simulation', () => {
    const names = trustChecks(sweepRecord()).map(({ name }) => name)
    expect(names).toEqual(['Accounting', 'Traffic', 'Virtual clock'])
  })
})

describe('a chart over the axis', () => {
  interface Compiled {
    scales: { name: string; type: string; domain: number[] }[]
  }
  const scalesOf = (record = sweepRecord(), short = 'mean') => {
    const view = viewOf(record)
    const { scales } = overAxis(record, view, metricCalled(short, record), view.series)!.spec as Compiled
    return Object.fromEntries(scales.map(scale => [scale.name, scale]))
  }

  test('has the axis of the sweep, and logarithms for values over a decade', () => {
    expect(scalesOf()).toMatchObject({ x: { type: 'log', domain: [1, 100] }, y: { type: 'log' } })
    expect(scalesOf(sweepRecord(), 'answered').y!.type).toBe('linear')
  })

  test('has room for a point at 0 on a logarithmic axis', () => {
    expect(scalesOf(sweepRecord({ points: [0, 1, 100] })).x).toMatchObject({ type: 'symlog', domain: [0, 100] })
  })

  test('is not drawn for a single point', () => {
    const record = sweepRecord({ points: [10] })
    expect(overAxis(record, viewOf(record), metricCalled('mean', record), ['random'])).toBeNull()
  })

  test('has its data as a table with a row for each point', () => {
    const { head, rows } = axisTable(sweepRecord(), viewOf(), metricCalled('answered'))
    expect(head).toEqual(['age', 'random', 'two looks', 'all looks'])
    expect(rows).toEqual([
      ['1 ms', '100 %', '100 %', '100 %'],
      ['10 ms', '100 %', '100 %', '100 %'],
      ['100 ms', '100 %', '100 %', '50 %'],
    ])
  })
})

describe('in words', () => {
  test('the terminal has a row for each series and a column for each point, and no line over time', () => {
    const text = renderTerminal(sweepRecord(), { colour: false, width: 100, unicode: true })
    expect(text).toMatch(/requests answered\nage +1 ms +10 ms +100 ms\nrandom +100 % +100 % +100 %\n/)
    expect(text).toMatch(/all looks +100 % +100 % +50 %/)
    expect(text).not.toContain('█')
    for (const width of [40, 57]) {
      const narrow = renderTerminal(sweepRecord({ points: [1, 10, 20, 50, 100, 200, 500] }), {
        colour: false,
        width,
        unicode: true,
      })
      expect(Math.max(...narrow.split('\n').map(line => line.length))).toBeLessThanOrEqual(width)
      expect(narrow).toContain('500 ms')
      expect(narrow.replace(/\s+/g, ' ')).toContain('The points that have no room are in report.html.')
    }
  })

  test('the terminal says the same with colour', () => {
    const long = {
      ...sweepRecord(),
      sweep: { axis: 'offered load', unit: 'times what it can do', scale: 'log' as const },
    }
    const options = { width: 60, unicode: true }
    const coloured = renderTerminal(long, { ...options, colour: true })
    expect(stripVTControlCharacters(coloured)).toBe(renderTerminal(long, { ...options, colour: false }))
  })

  test('Markdown has a table for each metric', () => {
    const text = renderMarkdown(sweepRecord())
    expect(text).toContain('**Latency, p99**\n\n| age | 1 ms | 10 ms | 100 ms |\n|:--|--:|--:|--:|\n| random |')
    expect(text).toContain('| all looks | 100 % | 100 % | 50 % |')
  })
})

describe('of many variants', () => {
  const many = Array.from({ length: 12 }, (_, index) => `v${index}`)

  test('eight are drawn: those named first, the two best and the two worst', () => {
    const record = sweepRecord({ series: many, points: [1], repeats: 1 })
    const drawn = drawnOf(record, many, name => seriesRuns(record, name))
    expect(drawn.names).toEqual(['v0', 'v1', 'v2', 'v3', 'v4', 'v5', 'v10', 'v11'])
    expect(drawnInWords(drawn)).toMatch(/^8 of 12 are drawn: .* In the tables only: v6, v7, v8, v9\.$/)
    expect(drawnInWords(drawnVariants(slowlorisRecord()))).toBe('')
  })

  test('who fails is worse than who is slow', () => {
    const record = sweepRecord({ series: ['all looks', ...many], points: [1], repeats: 1 })
    const names = [...many.slice(0, 6), 'all looks', ...many.slice(6)]
    expect(drawnOf(record, names, name => seriesRuns(record, name)).names).toContain('all looks')
  })

  test('the best and the worst are those that stand alone as they are printed', () => {
    const latency = { unit: 'ms', better: 'lower' } as const
    expect(standings(latency, [3, 1, null, 2])).toEqual(['worst', 'best', null, null])
    expect(standings(latency, [1.0001, 1.0002, 2])).toEqual([null, null, 'worst'])
    expect(standings({ unit: 'share', better: 'higher' }, [1, 1, 0.5])).toEqual([null, null, 'worst'])
    expect(standings({ unit: 'count' }, [1, 2, 3])).toEqual([null, null, null])
  })

  test('they are the rows in Markdown, and the terminal draws only those that failed', () => {
    const record = slowlorisRecord()
    const [like] = record.runs.filter(run => run.variant === 'loop-defended')
    const others = many.map(variant => ({ ...like!, variant }))
    const crowd = { ...record, runs: [...record.runs, ...others] }
    expect(renderMarkdown(crowd)).toMatch(/\n\| v11 \| 100 % \|/)
    const text = renderTerminal(crowd, { colour: false, width: 100, unicode: true })
    expect(text).toMatch(/loop-no-timeout █/)
    expect(text).not.toMatch(/v3 █/)
    expect(text).toContain('answered every request.')
  })
})

describe('two sweeps side by side', () => {
  test('have a table of ratios for each metric that differs', () => {
    const before = sweepRecord({ repeats: 3 })
    const after = sweepRecord({ repeats: 3 })
    for (const run of seriesRuns(after, 'random', 10)) run.phases[0]!.latency.p50Ms! *= 2
    const change = compareRecords(before, after)
    const text = renderComparison(change)
    expect(text).toMatch(/p50.* 1 ms .* 10 ms .* 100 ms/)
    expect(text).toMatch(/random.* 1\.00 .* 2\.00 \* .* 1\.00/)
    expect(text).not.toContain('p99')
    expect(renderComparisonMarkdown(change)).toContain('| random | 1.00 | 2.00 \\* | 1.00 |')
    expect(renderComparison(compareRecords(before, before))).toContain('What is the same everywhere is left out.')
  })
})
