// A comparison of two records as tables for the terminal and as Markdown: one for each variant; of a sweep one for each
// metric, with the ratio of each series at each point.
import Table from 'cli-table3'
import { certaintyOf, type MetricChange, type RecordChange } from './compare.ts'
import { escaped } from './markdown.ts'
import { axisTitle, tickOf } from './sweep.ts'
import { formatValue, missing } from './units.ts'

const plain = { head: [], border: [], compact: true }

interface Titled {
  readonly title: string
  /** Of all columns but the first. */
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

function tablesOf(change: RecordChange): Titled[] {
  if (change.sweep) return axisTables(change, change.sweep)
  return change.variants.map(({ name, metrics }) => ({
    title: name,
    head: ['before', 'after', 'ratio', ''],
    rows: metrics.map(metric => [
      metric.label,
      formatValue(metric.unit, metric.before),
      formatValue(metric.unit, metric.after),
      metric.ratio === null ? '' : metric.ratio.toFixed(2),
      certaintyOf(metric),
    ]),
  }))
}

const isSame = ({ before, after }: MetricChange) => before === after

/** A metric that is the same everywhere has no table. */
function axisTables({ variants }: RecordChange, sweep: NonNullable<RecordChange['sweep']>): Titled[] {
  const placed = variants.flatMap(({ point, metrics }) => (point ? [{ ...point, metrics }] : []))
  const series = [...new Set(placed.map(one => one.series))]
  const points = [...new Set(placed.map(one => one.at))].sort((a, b) => a - b)
  const changed = placed.flatMap(({ metrics }) => metrics.filter(metric => !isSame(metric)))
  return [...new Set(changed.map(({ label }) => label))].map(label => ({
    title: label,
    head: points.map(at => tickOf(sweep, at)),
    rows: series.map(name => [
      name,
      ...points.map(at => {
        const found = placed.find(one => one.series === name && one.at === at)
        return ratioInWords(found?.metrics.find(metric => metric.label === label))
      }),
    ]),
  }))
}

/** "0.98", and with a mark when it is sure that something differs. */
function ratioInWords(change: MetricChange | undefined): string {
  if (change === undefined) return missing
  const { ratio, interval, unit, before, after } = change
  if (ratio === null) return isSame(change) ? '1.00' : `${formatValue(unit, before)} → ${formatValue(unit, after)}`
  return `${ratio.toFixed(2)}${interval && (interval[0] > 1 || interval[1] < 1) ? ' *' : ''}`
}

/** The lines that stand below the tables: variants of one side, claims, cautions. */
function notesOf({ sweep, onlyBefore, onlyAfter, claims, cautions }: RecordChange): string[] {
  return [
    ...(sweep
      ? [
          `Ratios of after to before at each point of the axis (${axisTitle(sweep)}); a star where the 95 % interval leaves out 1. What is the same everywhere is left out.`,
        ]
      : []),
    ...onlyBefore.map(name => `Only before: ${name}.`),
    ...onlyAfter.map(name => `Only after: ${name}.`),
    ...(claims.length === 0 ? ['No claim came out otherwise.'] : []),
    ...claims.map(({ claim, before, after }) => `Claim changed from ${before} to ${after}: ${claim}`),
    ...cautions,
  ]
}

/** For the terminal. */
export function renderComparison(change: RecordChange): string {
  const tables = tablesOf(change).map(({ title, head, rows }) => {
    const table = new Table({ head: [title, ...head], style: plain })
    for (const cells of rows) table.push([...cells])
    return `${table}`
  })
  return `${[...tables, notesOf(change).join('\n')].join('\n\n')}\n`
}

/** For a pull request. */
export function renderComparisonMarkdown(change: RecordChange): string {
  const row = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`
  const tables = tablesOf(change).map(({ title, head, rows }) => {
    const alignments = head.map(text => (text === '' ? ':--' : '--:'))
    return [`### ${escaped(title)}`, '', row(['', ...head]), `|:--|${alignments.join('|')}|`, ...rows.map(row)].join(
      '\n',
    )
  })
  const notes = notesOf(change).map(note => `- ${escaped(note)}`)
  return `${[`## ${escaped(change.scenario)}: before and after`, ...tables, notes.join('\n')].join('\n\n')}\n`
}
