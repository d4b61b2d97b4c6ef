import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { failingRecord, invalidRecord, slowlorisRecord, steadyRecord, undecidedRecord } from './fixture.ts'
import { metricsOf } from './metrics.ts'
import { spreadOf } from './spread.ts'
import { renderTerminal } from './terminal.ts'
import { formatValue } from './units.ts'
import { verdictOf } from './verdict.ts'

const plain = { colour: false, width: 100, unicode: true }
const flat = (text: string) => text.replace(/\s+/g, ' ')
const records = { slowlorisRecord, undecidedRecord, failingRecord, steadyRecord, invalidRecord }

describe('the terminal report', () => {
  test('holds the medians of the record in the row of their variant', () => {
    const record = slowlorisRecord()
    const lines = renderTerminal(record, plain).split('\n')
    for (const variant of ['prefork', 'loop-defended', 'haproxy']) {
      const row = lines.find(line => line.startsWith(`${variant} `))!
      for (const short of ['answered', 'p50', 'p99', 'CPU/request', 'peak memory']) {
        const metric = metricsOf(record).find(candidate => candidate.short === short)!
        expect(row).toContain(` ${formatValue(metric.unit, spreadOf(record, variant, metric)?.median ?? null)}`)
      }
    }
  })

  test('ends with the verdict, then where the files are', () => {
    const record = slowlorisRecord()
    const text = renderTerminal(record, { ...plain, directory: 'runs/here' })
    expect(
      flat(text).endsWith(`${verdictOf(record).sentence} report.html, summary.md and record.json are in runs/here `),
    ).toBe(true)
  })

  test('signs claims and draws the attack and the starving', () => {
    const record = failingRecord()
    record.claims.push(...undecidedRecord().claims.slice(-1))
    const text = renderTerminal(record, plain)
    expect(text).toContain('✔ A process per connection')
    expect(text).toContain('✘ Every slow connection')
    expect(text).toContain('? Recovery takes')
    expect(text).toMatch(/┄calm ┄+━attack ━+┄/)
    expect(text).toMatch(/loop-no-timeout █{10,}▂{10,}[▂-▇]*█{5,} +26 %/)
  })

  test.each(Object.entries(records))('%s: no line is too long, no escape without colour', (_name, make) => {
    for (const width of [40, 57, 80, 140]) {
      for (const unicode of [true, false]) {
        const text = renderTerminal(make(), { colour: false, width, unicode })
        expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThanOrEqual(width)
        expect(text).not.toContain('\x1b')
      }
    }
  })

  test('says the same with colour', () => {
    const coloured = renderTerminal(undecidedRecord(), { ...plain, colour: true })
    expect(coloured).toContain('\x1b[')
    expect(stripVTControlCharacters(coloured)).toBe(renderTerminal(undecidedRecord(), plain))
  })

  test('is pure ASCII when asked', () => {
    const text = renderTerminal(undecidedRecord(), { ...plain, unicode: false })
    expect(text).toMatch(/^[\x20-\x7e\n]*$/)
    expect(text).toContain('+ A process per connection')
  })

  test('shows no number of an invalid run', () => {
    const text = renderTerminal(invalidRecord(), plain)
    expect(text).toContain('3 of 6,400 requests have no fate')
    expect(text).not.toContain('p50')
    expect(text).not.toContain('█')
  })

  test('lets no control character of a record through', () => {
    const record = steadyRecord()
    record.question = 'red\x1b[31m\x07 and\r\nmore'
    expect(renderTerminal(record, plain)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/)
  })
})
