// A record for the terminal: question, table, honest success over time, claims, verdict last, because that is where the
// eye is when a run ends. Pure text: the caller says how wide it is and whether colour and Unicode may be used.
import { styleText } from 'node:util'
import Table from 'cli-table3'
import type { ScenarioRecord } from '../core/record.ts'
import { answeredShareOf, type Metric, metricsOf, spreadOf } from './metrics.ts'
import { phaseRuler, sparkline } from './sparkline.ts'
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
const columnOrder = ['answered', 'p50', 'p99', 'CPU/request', 'peak memory', 'per held', 'done', '+p50', 'held at once']
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
  if (record.valid.ok && record.runs.length > 0)
    parts.push(table(record, pen), strips(record, pen), claims(record, pen))
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

function table(record: ScenarioRecord, pen: Pen): string {
  const variants = variantsThatRan(record)
  const nameWidth = nameWidthOf(variants, pen)
  const cell = (variant: string, metric: Metric) =>
    formatValue(metric.unit, spreadOf(record, variant, metric)?.median ?? null)
  let left = pen.width - nameWidth - 1
  const all = metricsOf(record)
  const shown = columnOrder
    .map(short => all.find(metric => metric.short === short))
    .filter(metric => metric !== undefined)
    .filter(metric => {
      left -= 2 + Math.max(metric.short.length, ...variants.map(variant => cell(variant, metric).length))
      return left >= 0
    })
  const grid = new Table({
    chars: noBorders,
    style: { head: [], border: [], 'padding-left': 1, 'padding-right': 1, compact: true },
    colAligns: ['left', ...shown.map(() => 'right' as const)],
  })
  grid.push(['', ...shown.map(metric => pen.paint('dim', metric.short))])
  for (const variant of variants) {
    grid.push([fit(clean(variant), nameWidth), ...shown.map(metric => cell(variant, metric))])
  }
  const note = `Phase ${record.load.measuredPhase}, median over repeats; ${formatValue('ms', null)} where fewer than ten samples carry a quantile.`
  const lines = grid
    .toString()
    .split('\n')
    .map(line => line.trimEnd().replace(/^ /, ''))
  return [...lines, ...wrap(note, pen.width).map(line => pen.paint('dim', line))].join('\n')
}

const edges = ['top', 'bottom', 'mid'].flatMap(edge => [edge, `${edge}-mid`, `${edge}-left`, `${edge}-right`])
const noBorders = Object.fromEntries(
  [...edges, 'left', 'left-mid', 'right', 'right-mid', 'mid-mid', 'middle'].map(name => [name, '']),
)

function nameWidthOf(variants: readonly string[], pen: Pen): number {
  return Math.min(Math.max(...variants.map(variant => clean(variant).length)), Math.floor(pen.width / 3))
}

function strips(record: ScenarioRecord, pen: Pen): string {
  const variants = variantsThatRan(record)
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
  const ruler = `${' '.repeat(nameWidth + 1)}${phaseRuler(points, phases, pen.unicode)}`
  return [...wrap(legend, pen.width), pen.paint('dim', clean(ruler)), ...lines].join('\n')
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
