import { describe, expect, test } from 'vitest'
import { invalidRecord, slowlorisRecord, steadyRecord, undecidedRecord } from './fixture.ts'
import { renderMarkdown } from './markdown.ts'
import { type Metric, metricsOf } from './metrics.ts'
import { spreadOf } from './spread.ts'
import { variantsThatRan } from './timeline.ts'
import { formatValue } from './units.ts'
import { verdictOf } from './verdict.ts'

describe('the Markdown summary', () => {
  test('begins with the verdict', () => {
    const [heading, , sentence] = renderMarkdown(slowlorisRecord()).split('\n')
    expect(heading).toBe('## ✔ Every claim holds: slowloris')
    expect(sentence).toBe(`**${verdictOf(slowlorisRecord()).sentence}**`)
  })

  test('holds the median of every metric of every variant', () => {
    const record = slowlorisRecord()
    const lines = renderMarkdown(record).split('\n')
    const rowOf = (metric: Metric) => lines.find(line => line.includes(`${metric.label} |`))!
    for (const metric of metricsOf(record)) {
      const medians = variantsThatRan(record).map(variant => spreadOf(record, variant, metric)?.median ?? null)
      const cells = rowOf(metric).split('|').slice(2, -1)
      expect(cells.map(cell => cell.trim().replace(/ \(.*/, ''))).toEqual(
        medians.map(value => formatValue(metric.unit, value).replace('<', '&lt;').replace('>', '&gt;')),
      )
    }
  })

  test('lists claims with their evidence, the checks, the limits and the command', () => {
    const text = renderMarkdown(undecidedRecord())
    expect(text).toContain('- ✔ **A process per connection starves honest users once its slots are held**: prefork')
    expect(text).toContain('- ? **Recovery takes less than a second** (undecided): recovered after 0.6 s')
    expect(text).toMatch(/- ✘ Disturbed runs: 1 of 10 runs was disturbed.*loop-defended, repeat 1/)
    expect(text).toContain('- Limit: One core serves the target.')
    expect(text).toContain('```sh\nnpm run scenario slowloris seed=7\n```')
  })

  test('shows no table of an invalid run', () => {
    const text = renderMarkdown(invalidRecord())
    expect(text).toContain('## ⚠ Invalid run')
    expect(text).not.toContain('| requests answered')
  })

  test('escapes mark-up that comes from the record', () => {
    const record = steadyRecord()
    const name = 'a|b <img src=x> `c` [d](e)\n# f'
    record.variants[0]!.name = name
    record.runs[0]!.variant = name
    record.command = 'npm run x\n```\nmore'
    const text = renderMarkdown(record)
    expect(text).toContain('a\\|b &lt;img src=x&gt; \\`c\\` \\[d\\](e) \\# f')
    expect(text).not.toContain('<img')
    expect(text).toContain('````sh\nnpm run x ``` more\n````')
  })
})
