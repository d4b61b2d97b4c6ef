// A comparison of two records as a table for the terminal and as Markdown.
import Table from 'cli-table3'
import { certaintyOf, type MetricChange, type RecordChange } from './compare.ts'
import { escaped } from './markdown.ts'
import { formatValue } from './units.ts'

const heads = ['', 'before', 'after', 'ratio', '']
const plain = { head: [], border: [], compact: true }

function cellsOf(change: MetricChange): string[] {
  const { label, unit, before, after, ratio } = change
  return [
    label,
    formatValue(unit, before),
    formatValue(unit, after),
    ratio === null ? '' : ratio.toFixed(2),
    certaintyOf(change),
  ]
}

/** The lines that stand below the tables: variants of one side, claims, cautions. */
function notesOf({ onlyBefore, onlyAfter, claims, cautions }: RecordChange): string[] {
  return [
    ...onlyBefore.map(name => `Only before: ${name}.`),
    ...onlyAfter.map(name => `Only after: ${name}.`),
    ...(claims.length === 0 ? ['No claim came out otherwise.'] : []),
    ...claims.map(({ claim, before, after }) => `Claim changed from ${before} to ${after}: ${claim}`),
    ...cautions,
  ]
}

/** For the terminal. */
export function renderComparison(change: RecordChange): string {
  const tables = change.variants.map(({ name, metrics }) => {
    const table = new Table({ head: [name, ...heads.slice(1)], style: plain })
    for (const metric of metrics) table.push(cellsOf(metric))
    return `${table}`
  })
  return `${[...tables, notesOf(change).join('\n')].join('\n\n')}\n`
}

/** For a pull request. */
export function renderComparisonMarkdown(change: RecordChange): string {
  const row = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`
  const tables = change.variants.map(({ name, metrics }) =>
    [
      `### ${escaped(name)}`,
      '',
      row(heads),
      '|:--|--:|--:|--:|:--|',
      ...metrics.map(metric => row(cellsOf(metric))),
    ].join('\n'),
  )
  const notes = notesOf(change).map(note => `- ${escaped(note)}`)
  return `${[`## ${escaped(change.scenario)}: before and after`, ...tables, notes.join('\n')].join('\n\n')}\n`
}
