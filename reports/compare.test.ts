// Two records side by side: known ratios, how sure they are, what changed and what is refused.
import { expect, test } from 'vitest'
import type { ScenarioRecord } from '../core/record.ts'
import { certaintyOf, compareRecords, type MetricChange } from './compare.ts'
import { renderComparison, renderComparisonMarkdown } from './compare-text.ts'
import { failingRecord, invalidRecord, slowlorisRecord, steadyRecord } from './fixture.ts'
import { studentT } from './student.ts'

const label = 'CPU per request'

/** A steady record whose repeats cost these microseconds per request. */
function costing(...costsUs: number[]): ScenarioRecord {
  const record = steadyRecord()
  const runs = costsUs.map((cost, repeat) => {
    const run = structuredClone(record.runs[0]!)
    for (const phase of run.phases) phase.cpuUsPerRequest = cost
    return { ...run, repeat }
  })
  return { ...record, runs }
}

function cpuChange(before: ScenarioRecord, after: ScenarioRecord): MetricChange {
  return compareRecords(before, after).variants[0]!.metrics.find(metric => metric.label === label)!
}

test('a doubled cost is a ratio of two, and sure when the repeats agree', () => {
  const change = cpuChange(costing(40, 41, 40), costing(80, 82, 80))
  expect(change).toMatchObject({ before: 40, after: 80 })
  expect(change.ratio).toBeCloseTo(2, 10)
  expect(change.interval![0]).toBeGreaterThan(1.9)
  expect(change.interval![1]).toBeLessThan(2.1)
  expect(certaintyOf(change)).toMatch(/^differs \(95 % interval 1\.9\d to 2\.0\d\)$/)
})

test('the interval is that of Welch on logarithms', () => {
  const e = Math.E
  // Means 0 and 1, variances of the means 1/3 each, four degrees of freedom.
  const change = cpuChange(costing(1 / e, 1, e), costing(1, e, e ** 2))
  const half = 2.776 * Math.sqrt(2 / 3)
  expect(Math.log(change.interval![0])).toBeCloseTo(1 - half, 10)
  expect(Math.log(change.interval![1])).toBeCloseTo(1 + half, 10)
  expect(certaintyOf(change)).toMatch(/^no difference shown/)
})

test('two repeats are too few to say, equal values are the same', () => {
  expect(certaintyOf(cpuChange(costing(40, 41), costing(80, 82, 80)))).toBe('too few repeats to say')
  expect(certaintyOf(cpuChange(costing(40, 40, 40), costing(40, 40, 40)))).toBe('the same in every repeat')
})

test('claims that came out otherwise, and variants of one side, are named', () => {
  const after = failingRecord()
  after.runs = after.runs.filter(run => run.variant !== 'haproxy')
  const change = compareRecords(slowlorisRecord(), after)
  expect(change.claims).toEqual([{ claim: after.claims[3]!.claim, before: 'holds', after: 'fails' }])
  expect(change.onlyBefore).toEqual(['haproxy'])
  expect(renderComparison(change)).toContain(`Claim changed from holds to fails: ${after.claims[3]!.claim}`)
})

test('another machine, seed or load is a caution', () => {
  const after = costing(40)
  after.machine = { ...after.machine, node: 'v27.0.0' }
  const { cautions } = compareRecords(costing(40), after)
  expect(cautions).toContain('The Node differs: v26.10.0, then v27.0.0.')
  expect(cautions.filter(caution => caution.includes('differs'))).toHaveLength(1)
})

test('another scenario and an invalid run are refused', () => {
  expect(() => compareRecords(slowlorisRecord(), steadyRecord())).toThrow(
    'compare: slowloris and steady given; allowed: two runs of one scenario',
  )
  expect(() => compareRecords(slowlorisRecord(), invalidRecord())).toThrow('is invalid; allowed: valid runs')
})

test('as Markdown a hostile name stays text, in one row per metric', () => {
  const record = costing(40)
  record.runs[0]!.variant = '<b>|x|'
  const text = renderComparisonMarkdown(compareRecords(record, record))
  expect(text).toContain('### &lt;b&gt;\\|x\\|')
  expect(text).toContain(`| ${label} | 40 µs | 40 µs | 1.00 | too few repeats to say |`)
})

test('Student’s t falls to the normal quantile, and a fraction errs to the wide side', () => {
  expect([1, 2, 2.9, 30, 31, Infinity].map(studentT)).toEqual([12.706, 4.303, 4.303, 2.042, 1.96, 1.96])
})
