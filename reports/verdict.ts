// The one sentence a reader may quote, and the status behind it. The terminal, the page and the Markdown file share it.
import type { JudgedClaim, ScenarioRecord } from '../core/record.ts'
import { answeredShareOf } from './metrics.ts'
import { variantsThatRan } from './timeline.ts'
import { formatShare, plural } from './units.ts'

export type Status = 'holds' | 'fails' | 'undecided' | 'invalid'

export interface Verdict {
  readonly status: Status
  /** One sentence, without mark-up. */
  readonly sentence: string
}

/** Word and signs of each status: never colour alone. `ascii` is for terminals without Unicode. */
export const statusSigns: Readonly<Record<Status, { word: string; symbol: string; ascii: string }>> = {
  holds: { word: 'Every claim holds', symbol: '✔', ascii: '+' },
  fails: { word: 'A claim fails', symbol: '✘', ascii: 'x' },
  undecided: { word: 'Undecided', symbol: '?', ascii: '?' },
  invalid: { word: 'Invalid run', symbol: '⚠', ascii: '!' },
}

/** The status of a single claim, for the signs of `statusSigns`. */
export function claimStatus(claim: JudgedClaim): Exclude<Status, 'invalid'> {
  return claim.holds === 'undecided' ? 'undecided' : claim.holds ? 'holds' : 'fails'
}

/**
 * `invalid` when the accounts do not add up (then no number counts), else `fails` when any claim fails, else
 * `undecided` when any claim is undecided or none was made, else `holds`.
 */
export function verdictOf(record: ScenarioRecord): Verdict {
  if (!record.valid.ok) {
    const reason = record.valid.reasons.length > 0 ? record.valid.reasons.join('; ') : 'the accounts do not add up'
    return { status: 'invalid', sentence: `${record.scenario}: invalid run, so none of its numbers counts: ${reason}` }
  }
  const counts = { holds: 0, fails: 0, undecided: 0 }
  for (const claim of record.claims) counts[claimStatus(claim)]++
  const fact = starkestDifference(record)
  const say = (status: Status, text: string): Verdict => ({
    status,
    sentence: `${record.scenario}: ${text}${fact ? `; ${fact}` : ''}.`,
  })
  if (counts.fails > 0) return say('fails', `${share(counts.fails, record)} not hold: ${named(record, 'fails')}`)
  if (record.claims.length === 0) return say('undecided', 'no claim had a run to rest on')
  if (counts.undecided > 0) {
    const held = counts.holds > 0 ? `${counts.holds} of ${plural(record.claims.length, 'claim')} hold, ` : ''
    return say('undecided', `${held}${counts.undecided} undecided: ${named(record, 'undecided')}`)
  }
  return say('holds', counts.holds === 1 ? 'the claim holds' : `all ${counts.holds} claims hold`)
}

function share(failed: number, record: ScenarioRecord): string {
  return `${failed} of ${plural(record.claims.length, 'claim')} ${failed === 1 ? 'does' : 'do'}`
}

function named(record: ScenarioRecord, status: Status): string {
  const claims = record.claims.filter(claim => claimStatus(claim) === status)
  const more = claims.length > 1 ? ` and ${claims.length - 1} more` : ''
  return `“${claims[0]!.claim.replace(/\.$/, '')}”${more}`
}

/** Which variant kept answering under attack and which did not; null when there was no attack or no clear difference. */
function starkestDifference(record: ScenarioRecord): string | null {
  const hostile = record.load.phases.find(phase => phase.hostile)
  if (!hostile) return null
  const shares = variantsThatRan(record)
    .map(name => ({ name, share: answeredShareOf(record, name, hostile.name) }))
    .filter((entry): entry is { name: string; share: number } => entry.share !== null)
    .sort((a, b) => b.share - a.share)
  const best = shares[0]
  const worst = shares.at(-1)
  if (!best || !worst || best.share - worst.share < 0.05) return null
  return (
    `in phase ${hostile.name}, ${best.name} answered ${formatShare(best.share)} of honest requests, ` +
    `${worst.name} ${formatShare(worst.share)}`
  )
}
