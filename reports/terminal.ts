// A record for the terminal: question, table, honest success over time, claims, verdict last, because that is where the
// eye is when a run ends. Pure text: the caller says how wide it is and whether colour and Unicode may be used.
import { styleText } from 'node:util'
import type { ScenarioRecord } from '../core/record.ts'
import { toAscii } from './ascii.ts'
import { answeredShareOf } from './metrics.ts'
import type { Pen, Style, TerminalOptions } from './pen.ts'
import { phaseRuler, sparkline } from './sparkline.ts'
import { sweepOf } from './sweep.ts'
import { axisTables, mostPlainRows, nameWidthOf, variantTable } from './terminal-tables.ts'
import { answeredShare, durationOf, overTime, phasesOf, runsOf, variantsThatRan } from './timeline.ts'
import { trustChecks } from './trust.ts'
import { formatMs, formatShare, plural } from './units.ts'
import { claimStatus, type Status, statusSigns, verdictOf } from './verdict.ts'
import { clean, fit, wrap } from './wrap.ts'

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
      ...(sweep ? axisTables(record, sweep, pen) : [variantTable(record, pen), strips(record, pen)]),
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
