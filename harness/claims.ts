// From a scenario's claims to the record's: a timing claim that rests on a disturbed run is neither true nor false, nor is
// one that the scenario itself says cannot be decided.
import { exitStatus } from '../core/errors.ts'
import type { Claim, JudgedClaim, ScenarioRecord } from '../core/record.ts'

/** The claim as it stands in the record. */
export function judgeClaim({ claim, kind, holds, evidence, uses, undecided }: Claim): JudgedClaim {
  if (undecided !== undefined)
    return { claim, holds: 'undecided', evidence: `${evidence} Undecided, because ${undecided}.` }
  const disturbed = kind === 'timing' ? uses.filter(run => !run.trust.timing.ok) : []
  if (disturbed.length === 0) return { claim, holds, evidence }
  const [first] = disturbed
  const where = disturbed.length === 1 ? '' : `${disturbed.length} of ${uses.length} runs, among them `
  const reason = `${where}${first!.variant}, repeat ${first!.repeat + 1}: ${first!.trust.timing.reasons.join('; ')}`
  return { claim, holds: 'undecided', evidence: `${evidence} Undecided, because timing was disturbed (${reason}).` }
}

/** The exit status of a scenario's record; `strict` makes undecided claims count. */
export function statusOf(record: Pick<ScenarioRecord, 'valid' | 'claims'>, strict: boolean): number {
  if (!record.valid.ok) return exitStatus.invalid
  if (record.claims.some(claim => claim.holds === false)) return exitStatus.fails
  if (strict && record.claims.some(claim => claim.holds === 'undecided')) return exitStatus.undecided
  return exitStatus.holds
}
