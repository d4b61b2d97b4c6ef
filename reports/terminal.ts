// A record for the terminal: question, table, honest success over time, claims, verdict last, because that is where the
// eye is when a run ends. Pure text: the caller says how wide it is and whether colour and Unicode may be used.
import { styleText } from 'node:util'
import Table from 'cli-table3'
import type { ScenarioRecord } from '../core/record.ts'
import { type Standing, standings } from './extremes.ts'
import { answeredShareOf, metricsOf, spreadOf } from './metrics.ts'
import { phaseRuler, sparkline } from './sparkline.ts'
import { onAxis, type SweepView, spreadAt, sweepMetrics, sweepOf, titleOf } from './sweep.ts'
import { answeredShare, durationOf, overTime, phasesOf, runsOf, variantsThatRan } from './timeline.ts'
import { trustChecks } from './trust.ts'
import { formatMs, formatShare, formatValue, plural } from './units.ts'
import { claimStatus, type Status, statusSigns, verdictOf } from './verdict.ts'
import { clean, wrap } from './wrap.ts'

export interface TerminalOptions {
  readonly colour: boolean
  /** Columns of the terminal; no line is longer. At least 40 are used. */
  readonly width: number
  readonly unicode: boolean
  /** Where record.json, report.html and summary.md were written; nothing is said when absent. */
  readonly directory?: string
}

type Style = Parameters<typeof styleText>[0]
interface Pen extends TerminalOptions {
  paint(style: Style, text: string): string
}

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
const styleOf: Readonly<Record<Status, Style>> = { holds: 'green', fails: 'red', undecided: 'yellow', invalid: 'red' }

/** The whole text, ending in a line break. An invalid record shows no number, only why. */
export function renderTerminal(record: ScenarioRecord, options: TerminalOptions): string {
  const width = Math.max(40, options.width)
  const pen: Pen = {
    ...options,
    width,
    paint: (style, text) => (options.colour ? styleText(style, text, { validateStream: false }) : text),
  }
  const parts = [heading(record, pen)]
  const sweep = sweepOf(record)
  if (record.valid.ok && record.runs.length > 0) {
    parts.push(
      ...(sweep ? axisTables(record, sweep, pen) : [table(record, pen), strips(record, pen)]),
      claims(record, pen),
    )
  }
  parts.push(trust(record, pen), verdict(record, pen))
  const text = parts.filter(part => part !== '').join('\n\n')
  return `${options.unicode ? text : toAscii(text)}\n`
}

function heading(record: ScenarioRecord, pen: Pen): string {
  const title = clean(record.scenario)
  const facts = `${clean(record.load.summary)} Seed ${record.seed}, ${plural(repeatsOf(record), 'repeat')}, ${formatMs(record.tookMs)}.`
  return [
    pen.paint('bold', fit(title, pen.width)),
    ...wrap(record.question, pen.width),
    ...wrap(facts, pen.width).map(line => pen.paint('dim', line)),
  ].join('\n')
}

function repeatsOf(record: ScenarioRecord): number {
  return new Set(record.runs.map(run => run.repeat)).size
}

/** The best and the worst are marked in a table with more rows than this. */
const mostPlainRows = 8
const mostNameLines = 3

function table(record: ScenarioRecord, pen: Pen): string {
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
function axisTables(record: ScenarioRecord, view: SweepView, pen: Pen): string[] {
  const names = nameLines(view.series, pen)
  const metrics = sweepMetrics(record).filter(({ group, short }) => group === 'cost' || sweepOrder.includes(short))
  const tables = metrics.map(metric => {
    const columns = view.points.map(at => {
      const values = view.series.map(series => spreadAt(record, series, at, metric)?.median ?? null)
      const texts = values.map(value => formatValue(metric.unit, value))
      return { head: onAxis(view, at), texts, standing: standings(metric, values) }
    })
    const widest = Math.max(...columns.flatMap(({ head, texts }) => [head, ...texts]).map(text => text.length))
    const room = Math.max(1, Math.floor((pen.width - widthOf(names) - 1) / (widest + 2)))
    const heading = wrap(`${titleOf(metric)}, over the ${view.axis}`, pen.width).map(line => pen.paint('bold', line))
    return [...heading, grid('', names, evenly(columns, room), pen)].join('\n')
  })
  const note = `Phase ${record.load.measuredPhase}, median over repeats; where there is no room for a point, the report has it.`
  return [
    ...tables,
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
  table.push([corner, ...columns.map(({ head }) => pen.paint('dim', head))])
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

function nameWidthOf(variants: readonly string[], pen: Pen): number {
  return Math.min(Math.max(...variants.map(variant => clean(variant).length)), Math.floor(pen.width / 3))
}

/** A line for each variant; of many only for those that failed somebody. */
function strips(record: ScenarioRecord, pen: Pen): string {
  const all = variantsThatRan(record)
  const failing = all.filter(name => runsOf(record, name).some(run => run.generator.failed > 0))
  const variants = all.length > mostPlainRows ? failing : all
  if (variants.length === 0) return ''
  const nameWidth = nameWidthOf(variants, pen)
  const phases = phasesOf(record)
  const hostile = phases.find(phase => phase.hostile)
  const room = Math.min(100, pen.width - nameWidth - (hostile ? 9 : 1))
  const lines = variants.map(variant => {
    const points = overTime(runsOf(record, variant), answeredShare, room)
    const share = hostile ? answeredShareOf(record, variant, hostile.name) : null
    const style = share === null || share > 0.99 ? 'green' : share > 0.9 ? 'yellow' : 'red'
    const strip = pen.paint(style, sparkline(points, pen.unicode))
    return `${fit(clean(variant), nameWidth).padEnd(nameWidth)} ${strip}${share === null ? '' : formatShare(share).padStart(8)}`
  })
  const points = overTime(runsOf(record, variants[0]!), answeredShare, room)
  if (points.length === 0) return ''
  const each = formatMs(durationOf(record) / points.length)
  const legend = `Honest requests answered over time (${each} per mark${hostile ? `; at the right the share in phase ${clean(hostile.name)}` : ''})`
  const others = all.length - variants.length
  const rest = others > 0 ? wrap(`The other ${others} answered every request.`, pen.width) : []
  const ruler = `${' '.repeat(nameWidth + 1)}${phaseRuler(points, phases, pen.unicode)}`
  return [...wrap(legend, pen.width), pen.paint('dim', clean(ruler)), ...lines, ...rest].join('\n')
}

function claims(record: ScenarioRecord, pen: Pen): string {
  const lines = record.claims.flatMap(claim => {
    const status = claimStatus(claim)
    const [first, ...rest] = wrap(claim.claim, pen.width - 2)
    return [
      `${sign(status, pen)} ${first}`,
      ...rest.map(line => `  ${line}`),
      ...wrap(claim.evidence, pen.width - 2).map(line => pen.paint('dim', `  ${line}`)),
    ]
  })
  return lines.length === 0 ? '' : [pen.paint('bold', 'Claims'), ...lines].join('\n')
}

function trust(record: ScenarioRecord, pen: Pen): string {
  const bad = trustChecks(record).filter(check => check.status === 'bad' || check.name.endsWith('did not run'))
  return bad.flatMap(check => wrap(`${check.name}: ${check.sentence}`, pen.width)).join('\n')
}

function verdict(record: ScenarioRecord, pen: Pen): string {
  const { status, sentence } = verdictOf(record)
  const { word } = statusSigns[status]
  const lines = wrap(`${word}. ${sentence}`, pen.width - 2)
  const painted = lines.map((line, at) => `${at === 0 ? sign(status, pen) : ' '} ${pen.paint('bold', line)}`)
  const files =
    pen.directory === undefined ? [] : [`report.html, summary.md and record.json are in ${clean(pen.directory)}`]
  return [...painted, ...files].join('\n')
}

function sign(status: Status, pen: Pen): string {
  const { symbol, ascii } = statusSigns[status]
  return pen.paint(styleOf[status], pen.unicode ? symbol : ascii)
}

function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

const asciiFor: Readonly<Record<string, string>> = {
  '–': '-',
  '…': '~',
  '“': '"',
  '”': '"',
  µ: 'u',
  '×': 'x',
  '’': "'",
}

function toAscii(text: string): string {
  return text.replace(/[^\x00-\x7f]/gu, character => asciiFor[character] ?? '?')
}
