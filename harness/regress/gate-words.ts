// A gate record in words: the verdict's sentence, what the run could have seen, and the counts that changed. Terminal,
// Markdown and annotations all say it in these words.
import { describeFailure } from '../../reports/units.ts'
import type { GateArm, GateRecord, GateRow, GateTree, Verdict } from './gate-record.ts'

/** Upstream connections per 1,000 requests that differ by less say nothing: a stall opens one or two more. */
const connectionsDifference = 1

/** A symbol and a word for each verdict, so that nothing rests on colour. */
export const verdictSigns: Readonly<Record<Verdict, { readonly symbol: string; readonly word: string }>> = {
  ok: { symbol: '=', word: 'ok' },
  better: { symbol: '▼', word: 'better' },
  'slower-but-within-tolerance': { symbol: '▲', word: 'slower but within tolerance' },
  undecided: { symbol: '?', word: 'undecided' },
  regression: { symbol: '✗', word: 'regression' },
  invalid: { symbol: '!', word: 'invalid run' },
}

/** A change in per cent with its sign: `+1.2 %`, `−0.8 %`. */
export function signedPercent(change: number): string {
  const text = Math.abs(100 * change).toFixed(1)
  return `${text === '0.0' ? '±' : change < 0 ? '−' : '+'}${text} %`
}

/** `+7.7 % [+1.5 %, +14.2 %]`. */
export function changeInWords({ estimate, low, high }: GateRow['change']): string {
  return `${signedPercent(estimate)} [${signedPercent(low)}, ${signedPercent(high)}]`
}

/** The reference and the commit behind it, where they differ: `main (4a97189)`. */
export function treeInWords({ given, commit, dirty }: GateTree): string {
  const short = commit?.slice(0, 7)
  if (short === undefined || given.startsWith(short)) return given
  return `${given} (${short}${dirty ? ' with changes' : ''})`
}

/** The one sentence a reader can quote. */
export function sentenceOf(record: GateRecord): string {
  const gated = record.rows.find(row => row.gated)
  if (record.verdict === 'invalid' || !gated) return `No verdict: ${record.reasons.join('; ')}.`
  const figure = `CPU per request ${changeInWords(gated.change)}, tolerance ${signedPercent(record.tolerance)}`
  switch (record.verdict) {
    case 'ok':
      return `No change beyond the tolerance: ${figure}.`
    case 'better':
      return `The head needs less: ${figure}.`
    case 'slower-but-within-tolerance':
      return `The head needs more, within the tolerance: ${figure}.`
    case 'regression':
      return `The head needs more than the tolerance allows, and a second batch agrees: ${figure}.`
    case 'undecided':
      return record.confirmationP === null
        ? `The tolerance could be neither excluded nor confirmed: ${figure}.`
        : `A slow-down was suspected, but a second batch did not confirm it: ${figure}.`
  }
}

/** What this run could have seen; a pass without it is no evidence. */
export function detectableInWords({ smallestDetectable }: GateRecord): string {
  if (smallestDetectable === null) return 'Nothing was measured.'
  return `This run finds a slow-down of ${signedPercent(smallestDetectable)} in CPU per request four times in five; smaller ones it may miss.`
}

/** Errors, and upstream connections that changed: exact counts, printed whenever there is something to print. */
export function countNotices({ arms: { base, head } }: GateRecord): string[] {
  const notices: string[] = []
  const connections = [base, head].map(arm => arm.upstreamConnectionsPer1000)
  if (Math.abs(connections[1]! - connections[0]!) >= connectionsDifference) {
    const [was, is] = connections.map(count => count.toFixed(1))
    notices.push(`upstream connections per 1,000 requests: ${was} in the base, ${is} in the head`)
  }
  for (const [name, arm] of [['base', base] as const, ['head', head] as const]) {
    if (errorCount(arm) > 0) notices.push(`${errorsInWords(arm)} in the ${name}, of ${arm.requests} requests`)
  }
  return notices
}

export function errorCount({ errors }: GateArm): number {
  return Object.values(errors).reduce((sum, times) => sum + times, 0)
}

function errorsInWords({ errors }: GateArm): string {
  return Object.entries(errors)
    .map(([kind, times]) => `${times} ${describeFailure(kind)}`)
    .join(', ')
}
