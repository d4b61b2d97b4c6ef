// The gate's plan of measurement and its rule of judgement, fixed before anything is measured. The rule is a generator: it
// says how many restarts it wants, is told their log ratios, and ends with a finding. So the same rule judges real
// proxies and the simulated ones that show what it can see.
// Source of the rule: exact Wilcoxon test against a tolerance at two looks, then an independent confirmation.
import type { Effort } from '../../core/scenario.ts'
import { hodgesLehmann, type Interval, signedRankP, walshInterval } from './statistics.ts'

/** How much is measured. */
export interface Design {
  /** Restarts of the first look; each is one number per metric. With fewer than 7 no p reaches the first look's alpha. */
  readonly restarts: number
  /** All restarts of the second look, which is taken only when the first left the question open. */
  readonly extendedTo: number
  /** Restarts of the confirmation. With fewer than 5 no p reaches its alpha. */
  readonly confirmation: number
  /** Slices per proxy in one restart. */
  readonly triples: number
}

/**
 * A restart takes about 5 s, and 1.3 s for each triple. In eight restarts of one afternoon the deviation of its log ratio was
 * 8 % with 3 triples, 6.7 % with 5, 5.2 % with 7, 4.7 % with 10 and 3.5 % with 20: `quick` stops where more restarts buy more.
 */
export const designs: Readonly<Record<Effort, Design>> = {
  quick: { restarts: 7, extendedTo: 10, confirmation: 6, triples: 7 },
  normal: { restarts: 10, extendedTo: 16, confirmation: 8, triples: 20 },
  thorough: { restarts: 16, extendedTo: 24, confirmation: 16, triples: 30 },
}

/** The false-alarm rate of 0.01 is split over the two looks; the confirmation multiplies it by another 0.05. */
export const alphas = { firstLook: 0.008, secondLook: 0.002, confirmation: 0.05 } as const
export const intervalConfidence = 0.98

export type Finding = 'ok' | 'better' | 'slower-but-within-tolerance' | 'undecided' | 'regression'

export interface Judgement {
  readonly finding: Finding
  /** Log ratios of head to base, one per restart, of both looks; the confirmation's are apart. */
  readonly looked: readonly number[]
  readonly confirmation: readonly number[]
  /** Of the ratio at or below 1 + tolerance, at the last look; null for `confirmationP` when none was needed. */
  readonly p: number
  readonly confirmationP: number | null
}

/** What the rule asks for: so many more restarts. */
export interface Batch {
  readonly name: 'first look' | 'second look' | 'confirmation'
  readonly restarts: number
}

/** The Hodges–Lehmann estimate and its interval as changes: 0.05 is 5 % more. */
export interface Change {
  readonly estimate: number
  readonly interval: Interval
}

export function changeOf(logs: readonly number[]): Change {
  const { low, high, confidence } = walshInterval(logs, intervalConfidence)
  return {
    estimate: Math.expm1(hodgesLehmann(logs)),
    interval: { low: Math.expm1(low), high: Math.expm1(high), confidence },
  }
}

/** How likely ratios this high are if the true one is 1 + `tolerance` or less. */
export function beyondToleranceP(logs: readonly number[], tolerance: number): number {
  const allowed = Math.log1p(tolerance)
  return signedRankP(logs.map(log => log - allowed))
}

/** The rule. It is told the log ratios of head to base of each batch it asked for. */
export function* judge(design: Design, tolerance: number): Generator<Batch, Judgement, readonly number[]> {
  const looked = [...(yield { name: 'first look', restarts: design.restarts })]
  let finding = look(looked, tolerance, alphas.firstLook)
  if (finding === 'undecided') {
    looked.push(...(yield { name: 'second look', restarts: design.extendedTo - design.restarts }))
    finding = look(looked, tolerance, alphas.secondLook)
  }
  const p = beyondToleranceP(looked, tolerance)
  if (finding !== 'regression') return { finding, looked, confirmation: [], p, confirmationP: null }
  const confirmation = yield { name: 'confirmation', restarts: design.confirmation }
  const confirmationP = beyondToleranceP(confirmation, tolerance)
  const confirmed = confirmationP <= alphas.confirmation
  return { finding: confirmed ? 'regression' : 'undecided', looked, confirmation, p, confirmationP }
}

function look(logs: readonly number[], tolerance: number, alpha: number): Finding {
  if (beyondToleranceP(logs, tolerance) <= alpha) return 'regression'
  const { low, high } = changeOf(logs).interval
  if (high >= tolerance) return 'undecided'
  if (high < 0) return 'better'
  return low > 0 ? 'slower-but-within-tolerance' : 'ok'
}
