// From measurements to a record and its reports: verdicts, guards, and what a reader is told.
import { expect, test } from 'vitest'
import { designs, type Judgement, judge } from './design.ts'
import { facts, restartOf } from './gate.fixture.ts'
import { gateRecord } from './gate.ts'
import { gateAnnotations, gateMarkdown, gateNotes, gateTable } from './gate-reports.ts'
import { countNotices, sentenceOf, signedPercent } from './gate-words.ts'
import type { MeasuredRestart } from './measure.ts'

/** Plays the rule over ratios and makes the record of it; every batch asked for is measured with the same ratios. */
function recordOf(ratios: readonly number[], control = 1) {
  const restarts: MeasuredRestart[] = []
  const rule = judge(designs.normal, facts.tolerance)
  let step = rule.next()
  while (!step.done) {
    const { name, restarts: wanted } = step.value
    const batch = Array.from({ length: wanted }, (_, index) =>
      restartOf(ratios[index % ratios.length]!, control * (1 + index / 10_000), name),
    )
    restarts.push(...batch)
    step = rule.next(batch.map(restart => restart.estimates.cpuUsPerRequest.headLog))
  }
  return gateRecord({ ...facts, judgement: step.value as Judgement }, { restarts, spoilt: 0 })
}

const same = [0.99, 1, 1.01, 0.995, 1.005, 1.002, 0.998, 1.001, 0.999, 1.003]

test.each([
  ['ok', same, '=', 'No change beyond the tolerance'],
  ['better', same.map(ratio => 0.8 * ratio), '▼', 'The head needs less'],
  ['slower-but-within-tolerance', same.map(ratio => 1.02 * ratio), '▲', 'within the tolerance'],
  ['undecided', same.map(ratio => 1 + 20 * (ratio - 0.998)), '?', 'neither excluded nor confirmed'],
  ['regression', same.map(ratio => 1.8 * ratio), '✗', 'a second batch agrees'],
] as const)('%s, in the record and in words', (verdict, ratios, symbol, words) => {
  const record = recordOf(ratios)
  expect(record.verdict).toBe(verdict)
  expect(sentenceOf(record)).toContain(words)
  const markdown = gateMarkdown(record)
  expect(markdown.split('\n').slice(0, 3)).toEqual([
    '<!-- windtunnel:gate -->',
    '',
    expect.stringContaining(`## ${symbol} `),
  ])
  expect(markdown).toContain('four times in five')
  expect(markdown).toContain('<details>')
})

test('the estimate, the smallest detectable effect and every restart are in the record', () => {
  const record = recordOf(same.map(ratio => 1.8 * ratio))
  expect(record.rows[0]!.change.estimate).toBeCloseTo(0.8, 2)
  expect(record.rows[0]).toMatchObject({ metric: 'CPU per request', unit: 'us', gated: true, base: 40 })
  expect(record.smallestDetectable).toBeGreaterThan(0.05)
  expect(record.smallestDetectable).toBeLessThan(0.08)
  expect(record.restarts.map(restart => restart.batch)).toEqual([
    ...Array(10).fill('first look'),
    ...Array(8).fill('confirmation'),
  ])
  expect([record.p, record.confirmationP]).toEqual([2 ** -10, 2 ** -8])
  expect(gateNotes(record).join('\n')).toContain('over 10 restarts; in a second batch p = 0.0039')
})

test('a base that differs from itself makes the run invalid, and no number is shown', () => {
  const record = recordOf(same, 1.03)
  expect(record.verdict).toBe('invalid')
  expect(record.reasons[0]).toContain('A/A control')
  expect(gateTable(record).rows).toEqual([])
  expect(gateMarkdown(record)).not.toContain('| metric |')
  expect(gateAnnotations(record)).toEqual([expect.stringMatching(/^::error title=.*No verdict: A\/A control/)])
})

test('a base that differs from itself by next to nothing is no reason', () => {
  expect(recordOf(same, 1.005).verdict).toBe('ok')
})

test('a gate that broke off is invalid and says why, with or without a restart', () => {
  for (const restarts of [[], [restartOf(1)]]) {
    const record = gateRecord(
      { ...facts, reasons: ['the head proxy ended with signal SIGSEGV'] },
      { restarts, spoilt: 0 },
    )
    expect(record).toMatchObject({ verdict: 'invalid', p: null, guards: [] })
    expect(sentenceOf(record)).toBe('No verdict: the head proxy ended with signal SIGSEGV.')
    expect(gateMarkdown(record)).toContain('SIGSEGV')
  }
})

test('errors and changed connections are printed, whatever the verdict', () => {
  const calm = recordOf(same)
  expect(countNotices(calm)).toEqual([])
  expect(gateAnnotations(calm)).toEqual([])
  const { arms } = calm
  const head = { ...arms.head, errors: { reset: 3 }, upstreamConnectionsPer1000: 1000 }
  const noticed = { ...calm, arms: { ...arms, head } }
  expect(countNotices(noticed)).toEqual([
    'upstream connections per 1,000 requests: 0.0 in the base, 1000.0 in the head',
    '3 connection reset in the head, of 210000 requests',
  ])
  expect(gateAnnotations(noticed)).toHaveLength(2)
  expect(gateMarkdown(noticed)).toContain('3 connection reset in the head')
})

test('annotations escape what GitHub would read as its own', () => {
  const record = recordOf(same.map(ratio => 1.8 * ratio))
  const [line] = gateAnnotations(record)
  expect(line).toMatch(/^::error title=Windtunnel performance gate::/)
  expect(line).toContain('%25')
  expect(line).not.toMatch(/%(?!25)/)
})

test('Markdown escapes what a ref may hold', () => {
  const odd = { ...recordOf(same), base: { given: 'a|b<c>`', commit: null, dirty: null } }
  expect(gateMarkdown(odd)).toContain('a\\|b\\<c\\>\\`')
})

test('signed percentages', () => {
  expect([0.0123, -0.0123, 0.0001, -0.0001].map(signedPercent)).toEqual(['+1.2 %', '−1.2 %', '±0.0 %', '±0.0 %'])
})
