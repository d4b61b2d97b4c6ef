// When a planned fault begins and ends: the same for the live origins, the simulated ones and the report.
import type { Ms } from './contracts.ts'
import { UsageError } from './errors.ts'
import type { FaultPlan, Phase } from './scenario.ts'

/**
 * The time of a fault, ms from the start of the first phase.
 * @throws UsageError when its phase is unknown, or its part of the phase is not two rising shares from 0 to 1.
 */
export function faultSpan(
  { phase, during = [0, 1] }: FaultPlan,
  phases: readonly Phase[],
): { fromMs: Ms; untilMs: Ms } {
  const at = phases.findIndex(one => one.name === phase)
  if (at < 0) {
    const allowed = phases.map(one => one.name).join(', ')
    throw new UsageError(`faults: unknown phase "${phase}"; allowed: ${allowed}`)
  }
  const [from, until] = during
  if (!(from >= 0 && from < until && until <= 1)) {
    throw new UsageError(`faults: during ${from} to ${until} given; allowed: two rising shares from 0 to 1`)
  }
  const startMs = phases.slice(0, at).reduce((sum, one) => sum + one.durationMs, 0)
  const { durationMs } = phases[at]!
  return { fromMs: startMs + from * durationMs, untilMs: startMs + until * durationMs }
}
