// A record as Markdown, fit for the comment of a pull request: verdict, table, claims, trust, command. Everything that
// comes from the record is escaped, because a variant's name may hold anything.
import type { ScenarioRecord } from '../core/record.ts'
import { metricsOf, spreadOf } from './metrics.ts'
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
  if (status !== 'invalid' && record.runs.length > 0) parts.push(table(record), claims(record))
  parts.push(trust(record), repeatIt(record))
  return `${parts.filter(part => part !== '').join('\n\n')}\n`
}

function table(record: ScenarioRecord): string {
  const variants = variantsThatRan(record)
  const rows = metricsOf(record).map(metric => {
    const cells = variants.map(variant => {
      const spread = spreadOf(record, variant, metric)
      if (spread === null) return formatValue(metric.unit, null)
      const [middle, low, high] = [spread.median, spread.min, spread.max].map(value => formatValue(metric.unit, value))
      return low === high ? middle! : `${middle} (${low} to ${high})`
    })
    return row([`${metric.group === 'latency' ? 'latency ' : ''}${metric.label}`, ...cells])
  })
  const note =
    `Phase ${escaped(record.load.measuredPhase)}; median over repeats (lowest to highest). ` +
    `${formatValue('ms', null)} where fewer than ten samples lie beyond a quantile. Latency counts answered requests only.`
  const disturbed = variants.flatMap(variant => {
    const words = disturbedRepeats(runsOf(record, variant))
    return words === '' ? [] : [`${escaped(variant)}: ${words}.`]
  })
  return [
    row(['', ...variants]),
    `|:--|${'--:|'.repeat(variants.length)}`,
    ...rows,
    '',
    [note, ...disturbed].join(' '),
  ].join('\n')
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
