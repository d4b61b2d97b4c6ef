// A gate record for its readers: the terminal, the comment of a pull request, and the annotations of GitHub Actions.
// Source of the layout: rustc-perf's comments (verdict first, each metric with how much to trust it), benchstat's table.
import { formatBytes, formatValue } from '../../reports/units.ts'
import type { GateRecord } from './gate-record.ts'
import {
  changeInWords,
  countNotices,
  detectableInWords,
  errorCount,
  sentenceOf,
  signedPercent,
  treeInWords,
  verdictSigns,
} from './gate-words.ts'

/** A bot finds its own comment by this and updates it. */
const marker = '<!-- windtunnel:gate -->'

/** Heads and rows of the table. An invalid record has no rows: it shows no number. */
export function gateTable(record: GateRecord): { readonly head: string[]; readonly rows: string[][] } {
  const head = ['metric', 'base', 'head', 'change', 'base against itself', 'gated']
  if (record.verdict === 'invalid') return { head, rows: [] }
  const timed = record.rows.map(row => [
    row.metric,
    formatValue(row.unit, row.base),
    formatValue(row.unit, row.head),
    changeInWords(row.change),
    changeInWords(row.control),
    row.gated ? `tolerance ${signedPercent(record.tolerance)}` : 'shown only',
  ])
  const { base, head: changed, control } = record.arms
  const memory = [base, changed].map(arm => (arm.rssBytes === null ? '–' : formatBytes(arm.rssBytes)))
  const ratio = (to: number | null) => (base.rssBytes && to ? signedPercent(to / base.rssBytes - 1) : '–')
  const connections = [base, changed].map(arm => arm.upstreamConnectionsPer1000.toFixed(2))
  const errors = [base, changed].map(arm => `${errorCount(arm)} of ${arm.requests}`)
  return {
    head,
    rows: [
      ...timed,
      ['resident memory', ...memory, ratio(changed.rssBytes), ratio(control.rssBytes), 'shown only'],
      ['upstream connections per 1,000', ...connections, '', control.upstreamConnectionsPer1000.toFixed(2), 'exact'],
      ['failed requests', ...errors, '', `${errorCount(control)} of ${control.requests}`, 'exact'],
    ],
  }
}

/** What a reader needs besides the table, one sentence each. */
export function gateNotes(record: GateRecord): string[] {
  const { p, confirmationP } = record
  const confidence = record.rows[0]?.change.confidence
  const looks = record.restarts.filter(({ batch }) => batch !== 'confirmation').length
  const confirmation = confirmationP === null ? '' : `; in a second batch p = ${confirmationP.toPrecision(2)}`
  return [
    detectableInWords(record),
    ...(p === null
      ? []
      : [`If the change were within the tolerance, p = ${p.toPrecision(2)} over ${looks} restarts${confirmation}.`]),
    ...(confidence ? [`Intervals: ${(100 * confidence).toFixed(1)} %.`] : []),
    ...countNotices(record).map(notice => `Counted: ${notice}.`),
    ...record.guards.map(({ name, ok, detail }) => `${name} ${ok ? 'passed' : 'failed'}: ${detail}.`),
  ]
}

/** The whole of gate.md: fit for a comment, verdict first, details folded. */
export function gateMarkdown(record: GateRecord): string {
  const { symbol, word } = verdictSigns[record.verdict]
  const { head, rows } = gateTable(record)
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`
  const table = rows.length > 0 ? [line(head), `|:--|${'--:|'.repeat(head.length - 1)}`, ...rows.map(line)] : []
  return `${[
    marker,
    `## ${symbol} ${word}: ${escaped(treeInWords(record.head))} against ${escaped(treeInWords(record.base))}`,
    `**${escaped(sentenceOf(record))}**`,
    escaped(detectableInWords(record)),
    countNotices(record)
      .map(notice => `- ${escaped(notice)}`)
      .join('\n'),
    table.join('\n'),
    folded('How it was judged', gateNotes(record).slice(1).map(escaped)),
    folded('Each restart: CPU per request', restartLines(record)),
    folded('Machine and command', machineLines(record)),
  ]
    .filter(part => part !== '')
    .join('\n\n')}\n`
}

function folded(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return `<details><summary>${title}</summary>\n\n${lines.map(line => `- ${line}`).join('\n')}\n\n</details>`
}

function restartLines(record: GateRecord): string[] {
  if (record.verdict === 'invalid') return []
  return record.restarts.map(({ batch, kept, triples, cpuUsPerRequest: { base, head, headLog, controlLog } }) => {
    const [change, control] = [headLog, controlLog].map(log => signedPercent(Math.expm1(log)))
    const values = `${formatValue('us', base)} → ${formatValue('us', head)}`
    return `${batch}: ${values}, ${change} (base against itself ${control}; ${kept} of ${triples} triples)`
  })
}

function machineLines({ machine, command, effort, seed, tookMs }: GateRecord): string[] {
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, Node ${machine.node}; ${machine.pinned}`,
    `effort ${effort}, seed ${seed}, ${(tookMs / 1000).toFixed(0)} s`,
    `\`${command}\``,
  ].map((line, index) => (index < 2 ? escaped(line) : line.replaceAll('|', '\\|')))
}

function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#]/g, '\\$&').replace(/[\r\n]+/g, ' ')
}

/** Lines that GitHub Actions turns into annotations; none when there is nothing to say. */
export function gateAnnotations(record: GateRecord): string[] {
  const { verdict } = record
  const lines: string[] = []
  if (verdict === 'regression' || verdict === 'invalid') lines.push(annotation('error', sentenceOf(record)))
  if (verdict === 'undecided') {
    lines.push(annotation('warning', `${sentenceOf(record)} ${detectableInWords(record)}`))
  }
  return [...lines, ...countNotices(record).map(notice => annotation('warning', notice))]
}

function annotation(kind: 'error' | 'warning', message: string): string {
  const data = message.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  return `::${kind} title=Windtunnel performance gate::${data}`
}
