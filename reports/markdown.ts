// A record as Markdown, fit for the comment of a pull request: verdict, table, claims, trust, command. Everything that
// comes from the record is escaped, because a variant's name may hold anything.
import type { ScenarioRecord } from '../core/record.ts'
import { type Metric, metricsOf } from './metrics.ts'
import { spreadInWords, spreadOf } from './spread.ts'
import { axisTitle, type SweepView, spreadAt, sweepMetrics, sweepOf, tickOf, titleOf } from './sweep.ts'
import { runsOf, variantsThatRan } from './timeline.ts'
import { disturbedRepeats, trustChecks } from './trust.ts'
import { formatMs, formatValue, plural } from './units.ts'
import { claimStatus, statusSigns, verdictOf } from './verdict.ts'

/** The whole file. An invalid record shows no number, only why. */
export function renderMarkdown(record: ScenarioRecord): string {
  const { status, sentence } = verdictOf(record)
  const { symbol, word } = statusSigns[status]
  const parts = [
    `## ${symbol} ${word}: ${escaped(record.scenario)}`,
    `**${escaped(sentence)}**`,
    escaped(record.question),
  ]
  if (status !== 'invalid' && record.runs.length > 0) parts.push(tables(record), claims(record))
  parts.push(trust(record), repeatIt(record))
  return `${parts.filter(part => part !== '').join('\n\n')}\n`
}

/** With more variants than this they are the rows: so wide a table is cut off in a comment. */
const mostColumns = 8

function tables(record: ScenarioRecord): string {
  const variants = variantsThatRan(record)
  const sweep = sweepOf(record)
  const numbers = sweep
    ? sweepMetrics(record).map(metric => axisTable(record, sweep, metric))
    : [variantTable(record, variants)]
  const note =
    `Phase ${escaped(record.load.measuredPhase)}; median over repeats (lowest to highest). ` +
    `${formatValue('ms', null)} where fewer than ten samples lie beyond a quantile. Latency counts answered requests only.`
  const disturbed = variants.flatMap(variant => {
    const words = disturbedRepeats(runsOf(record, variant))
    return words === '' ? [] : [`${escaped(variant)}: ${words}.`]
  })
  return [...numbers, [note, ...disturbed].join(' ')].join('\n\n')
}

function variantTable(record: ScenarioRecord, variants: readonly string[]): string {
  const metrics = metricsOf(record)
  const cell = (variant: string, metric: Metric) => spreadInWords(metric.unit, spreadOf(record, variant, metric))
  return variants.length > mostColumns
    ? table(
        ['', ...metrics.map(titleOf)],
        variants.map(name => [name, ...metrics.map(metric => cell(name, metric))]),
      )
    : table(
        ['', ...variants],
        metrics.map(metric => [titleOf(metric), ...variants.map(name => cell(name, metric))]),
      )
}

/** A row for each series, a column for each point. */
function axisTable(record: ScenarioRecord, view: SweepView, metric: Metric): string {
  const rows = view.series.map(series => [
    series,
    ...view.points.map(at => spreadInWords(metric.unit, spreadAt(record, series, at, metric))),
  ])
  const title = titleOf(metric)
  return `**${escaped(`${title[0]!.toUpperCase()}${title.slice(1)}`)}**\n\n${table([axisTitle(view), ...view.points.map(at => tickOf(view, at))], rows)}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), `|:--|${'--:|'.repeat(head.length - 1)}`, ...rows.map(row)].join('\n')
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(escaped).join(' | ')} |`
}

function claims(record: ScenarioRecord): string {
  const lines = record.claims.map(claim => {
    const status = claimStatus(claim)
    const doubt = status === 'undecided' ? ' (undecided)' : ''
    return `- ${statusSigns[status].symbol} **${escaped(claim.claim.replace(/\.$/, ''))}**${doubt}: ${escaped(claim.evidence)}`
  })
  return lines.length === 0 ? '' : ['### Claims', '', ...lines].join('\n')
}

function trust(record: ScenarioRecord): string {
  const signs = { good: '✔', bad: '✘', note: '·' }
  const checks = trustChecks(record).map(
    ({ name, status, sentence }) => `- ${signs[status]} ${escaped(name)}: ${escaped(sentence)}`,
  )
  const limits = record.limits.map(limit => `- Limit: ${escaped(limit)}`)
  return ['### Can you trust this run?', '', ...checks, ...limits].join('\n')
}

function repeatIt(record: ScenarioRecord): string {
  const { machine } = record
  const commit =
    machine.commit === null ? 'no commit' : `commit ${machine.commit}${machine.dirty ? ' with changes' : ''}`
  const facts =
    `${plural(record.runs.length, 'run')} in ${formatMs(record.tookMs)} on ${machine.cpu}, ${plural(machine.cores, 'core')}, ` +
    `${machine.kernel}, Node ${machine.node}; ${commit}; seed ${record.seed}; started ${record.startedAt}.`
  const fence = '`'.repeat(Math.max(3, ...(record.command.match(/`+/g) ?? []).map(ticks => ticks.length + 1)))
  return ['### Repeat it', '', `${fence}sh`, record.command.replace(/\s+/g, ' '), fence, '', escaped(facts)].join('\n')
}

/** Keeps a text from being read as Markdown or HTML, on one line. */
export function escaped(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]|~#]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
}
