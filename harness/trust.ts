// May the numbers of a run be believed? Accounting: every scheduled request has one fate, and what was answered was seen
// by an origin; otherwise the run is invalid. Timing: was the instrument, or the lack of a core, the bottleneck? Then timing
// claims are undecided, while counts stand.

import { fates, type RequestLog } from '../core/request-log.ts'
import type { LoadPlan } from '../core/scenario.ts'

export interface Trust {
  ok: boolean
  reasons: string[]
}

// The thresholds were set beside measured runs on two shared cores: quiet runs stay at half of each or less, and a
// generator that wastes 20 ms between sends exceeds its limit at least twofold.

/**
 * A spinning generator is late by microseconds, and by a few milliseconds when a neighbour has its core for one slice of
 * the scheduler (4 ms at 250 Hz). Later than that at p99, more than one request in a hundred met such a neighbour.
 */
const spinLagMs = 4
/** A timer is late by 1 to 2 ms by itself; what is judged on such a load lies far above a hundredth of the time-out. */
const timerLagMs = 2
const timerLagShareOfTimeout = 0.01
/**
 * Above this share of the run in which a process was ready and waited for a core, its delays are not its own. The kernel's
 * account says that something else ran there, not what: a stranger, another thread of the same process, or the kernel itself.
 */
const runQueueShare = 0.1
/** A generator on timers that needs nearly all of a core is behind with its work (spinning takes all of it by design). */
const generatorCpuShare = 0.9

const verdict = (reasons: string[]): Trust => ({ ok: reasons.length === 0, reasons })

/** Is every row accounted for? Looks at the warm-up as well. `others`: what else is wrong with the accounts of the run. */
export function judgeAccounting(log: RequestLog, others: readonly string[] = []): Trust {
  const counted = Object.fromEntries(fates.map(fate => [fate, 0])) as Record<(typeof fates)[number], number>
  let unseen = 0
  for (let row = 0; row < log.size; row++) {
    const fate = log.fateOf(row)
    counted[fate]++
    if (fate === 'ok' && log.originInAt[row] === 0) unseen++
  }
  const reasons = [...others]
  const ended = Object.values(counted).reduce((sum, count) => sum + count, 0) - counted.pending
  if (ended !== log.size) reasons.push(`${log.size} requests were scheduled and ${ended} have ended`)
  if (unseen > 0) reasons.push(`${unseen} requests were answered that no origin saw`)
  return verdict(reasons)
}

export interface TimingEvidence {
  /**
   * In the measured phase; elsewhere the generator may be late through work of its own, such as opening thousands of
   * idle connections. Null when too few samples exist.
   */
  readonly lagP99Ms: number | null
  readonly generatorCpuShare: number
  readonly generatorRunQueueShare: number
  readonly targetRunQueueShare: number
  /** The same for the time in which the capacity was measured; 0 or absent when it was not. */
  readonly capacityRunQueueShare?: number
}

/** May timing claims rest on this run? */
export function judgeTiming(load: LoadPlan, evidence: TimingEvidence): Trust {
  const reasons: string[] = []
  const lagLimitMs = load.pacing === 'spin' ? spinLagMs : Math.max(timerLagMs, timerLagShareOfTimeout * load.timeoutMs)
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`
  if (evidence.lagP99Ms !== null && evidence.lagP99Ms > lagLimitMs) {
    reasons.push(`the generator sent late: ${evidence.lagP99Ms.toFixed(1)} ms at p99, allowed ${lagLimitMs} ms`)
  }
  if (evidence.generatorRunQueueShare > runQueueShare) {
    reasons.push(
      `the generator was ready and without a core for ${percent(evidence.generatorRunQueueShare)} of the run`,
    )
  }
  if (evidence.targetRunQueueShare > runQueueShare) {
    reasons.push(`the target was ready and without a core for ${percent(evidence.targetRunQueueShare)} of the run`)
  }
  const { capacityRunQueueShare = 0 } = evidence
  if (capacityRunQueueShare > runQueueShare) {
    reasons.push(`the target was ready and without a core for ${percent(capacityRunQueueShare)} of the closed loop`)
  }
  if (load.pacing === 'timer' && evidence.generatorCpuShare > generatorCpuShare) {
    reasons.push(`the generator used ${percent(evidence.generatorCpuShare)} of its core`)
  }
  return verdict(reasons)
}
