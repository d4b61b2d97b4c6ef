// The tables of the terminal report: a row for each variant, or, of a sweep, a table for each metric with the points as columns.
import Table from 'cli-table3'
import type { ScenarioRecord } from '../core/record.ts'
import { type Standing, standings } from './extremes.ts'
import { metricsOf } from './metrics.ts'
import type { Pen, Style } from './pen.ts'
import { spreadOf } from './spread.ts'
import { axisTitle, type SweepView, spreadAt, sweepMetrics, tickOf, titleOf } from './sweep.ts'
import { variantsThatRan } from './timeline.ts'
import { formatValue } from './units.ts'
import { clean, fit, wrap } from './wrap.ts'

/** Columns of the table, the most telling first: those that do not fit are left to the page. */
const columnOrder = [
  'answered',
  'mean',
  'p50',
  'p99',
  'CPU/request',
  'peak memory',
  'per held',
  'done',
  '+p50',
  'held at once',
]

/** The best and the worst are marked in a table with more rows than this. */
export const mostPlainRows = 8
const mostNameLines = 3

/** A row for each variant, and the columns that fit. */
export function variantTable(record: ScenarioRecord, pen: Pen): string {
  const variants = variantsThatRan(record)
  const names = nameLines(variants, pen)
  const columns = metricsOf(record).map(metric => {
    const values = variants.map(variant => spreadOf(record, variant, metric)?.median ?? null)
    const texts = values.map(value => formatValue(metric.unit, value))
    const standing = variants.length > mostPlainRows ? standings(metric, values) : values.map(() => null)
    return { head: metric.short, texts, standing }
  })
  let left = pen.width - widthOf(names) - 1
  const shown = columnOrder
    .map(short => columns.find(({ head }) => head === short))
    .filter(column => column !== undefined)
    .filter(({ head, texts }) => {
      left -= 2 + Math.max(head.length, ...texts.map(text => text.length))
      return left >= 0
    })
  const note = `Phase ${record.load.measuredPhase}, median over repeats; ${formatValue('ms', null)} where fewer than ten samples carry a quantile.`
  return [grid('', names, shown, pen), ...wrap(note, pen.width).map(line => pen.paint('dim', line))].join('\n')
}

/** The metrics that stand in the terminal, by their short names, besides what is counted; the page has all. */
const sweepOrder = ['answered', 'mean', 'p99']

/** A table for each metric: a row for each series, a column for each point that fits. */
export function axisTables(record: ScenarioRecord, view: SweepView, pen: Pen): string[] {
  const [corner, ...names] = nameLines([axisTitle(view), ...view.series], pen) as [string, ...string[]]
  const metrics = sweepMetrics(record).filter(({ group, short }) => group === 'cost' || sweepOrder.includes(short))
  const tables = metrics.map(metric =>
    view.points.map(at => {
      const values = view.series.map(series => spreadAt(record, series, at, metric)?.median ?? null)
      const texts = values.map(value => formatValue(metric.unit, value))
      return { head: tickOf(view, at), texts, standing: standings(metric, values) }
    }),
  )
  const widest = Math.max(...tables.flat().flatMap(({ head, texts }) => [head, ...texts].map(text => text.length)))
  const room = Math.max(1, Math.floor((pen.width - widthOf([corner, ...names]) - 1) / (widest + 2)))
  const painted = metrics.map((metric, index) => {
    const title = wrap(titleOf(metric), pen.width).map(line => pen.paint('bold', line))
    return [...title, grid(corner, names, evenly(tables[index]!, room), pen)].join('\n')
  })
  const missing = room < view.points.length ? ' The points that have no room are in report.html.' : ''
  const note = `Phase ${record.load.measuredPhase}, median over repeats.${missing}`
  return [
    ...painted,
    wrap(note, pen.width)
      .map(line => pen.paint('dim', line))
      .join('\n'),
  ]
}

/** At most `room` of the columns, the last among them, at equal distances. */
function evenly<T>(columns: readonly T[], room: number): T[] {
  const step = Math.ceil(columns.length / room)
  return columns.filter((_, at) => (columns.length - 1 - at) % step === 0)
}

interface Column {
  readonly head: string
  readonly texts: readonly string[]
  readonly standing: readonly Standing[]
}

const standingStyles = { best: ['bold', 'green'], worst: 'red' } as const satisfies Record<string, Style>

function grid(corner: string, names: readonly string[], columns: readonly Column[], pen: Pen): string {
  const table = new Table({
    chars: noBorders,
    style: { head: [], border: [], 'padding-left': 1, 'padding-right': 1, compact: true },
    colAligns: ['left', ...columns.map(() => 'right' as const)],
  })
  table.push([pen.paint('dim', corner), ...columns.map(({ head }) => pen.paint('dim', head))])
  for (const [row, name] of names.entries()) {
    const cells = columns.map(({ texts, standing }) => {
      const mark = standing[row]
      return mark ? pen.paint(standingStyles[mark], texts[row]!) : texts[row]!
    })
    table.push([name, ...cells])
  }
  return table
    .toString()
    .split('\n')
    .map(line => line.trimEnd().replace(/^ /, ''))
    .join('\n')
}

const edges = ['top', 'bottom', 'mid'].flatMap(edge => [edge, `${edge}-mid`, `${edge}-left`, `${edge}-right`])
const noBorders = Object.fromEntries(
  [...edges, 'left', 'left-mid', 'right', 'right-mid', 'mid-mid', 'middle'].map(name => [name, '']),
)

/** The names, each in as many lines as it needs. */
function nameLines(names: readonly string[], pen: Pen): string[] {
  const width = nameWidthOf(names, pen)
  return names.map(name => {
    const lines = wrap(name, width)
    return (
      lines.length > mostNameLines
        ? [...lines.slice(0, mostNameLines - 1), fit(lines.slice(mostNameLines - 1).join(' '), width)]
        : lines
    ).join('\n')
  })
}

const widthOf = (names: readonly string[]) =>
  Math.max(...names.flatMap(name => name.split('\n')).map(line => line.length))

/** Columns of the terminal that the names get. */
export function nameWidthOf(variants: readonly string[], pen: Pen): number {
  return Math.min(Math.max(...variants.map(variant => clean(variant).length)), Math.floor(pen.width / 3))
}
