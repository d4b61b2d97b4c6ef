// What faults cost, phase by phase: how many users failed, and how long it took until nobody did.

import type { RequestLog } from '../core/request-log.ts'
import type { FaultPlan, Phase } from '../core/scenario.ts'

/**
 * So long without a failure, and the fault counts as found. Where one origin in four is broken and requests come every few
 * milliseconds, nobody is so lucky for so long.
 */
export const quietMs = 250
/** A fault begins by a timer, which may be early by about a millisecond. */
const earlyMs = 2

/**
 * For each phase `p` that has a fault: `fault.<p>.failed`, the requests due before its end that failed after its start;
 * `fault.<p>.foundMs`, how long after its start the last of them was due before a quarter of a second without one (0 when
 * none failed; about the length of the phase when failures never ceased).
 */
export function faultCounters(
  log: RequestLog,
  phasesAt: number,
  phases: readonly Phase[],
  faults: readonly FaultPlan[],
): Record<string, number> {
  const counters: Record<string, number> = {}
  let fromAt = phasesAt
  for (const { name, durationMs } of phases) {
    const untilAt = fromAt + durationMs
    if (faults.some(({ phase }) => phase === name)) {
      const dueMs = failuresWithin(log, fromAt, untilAt)
      counters[`fault.${name}.failed`] = dueMs.length
      counters[`fault.${name}.foundMs`] = foundMs(dueMs)
    }
    fromAt = untilAt
  }
  return counters
}

/** When the failed requests were due, from the start of the fault; what was in flight then counts as due at its start. */
function failuresWithin(log: RequestLog, fromAt: number, untilAt: number): number[] {
  const dueMs: number[] = []
  for (let row = 0; row < log.size; row++) {
    if (log.fateOf(row) === 'ok' || log.endedAt[row]! < fromAt - earlyMs || log.dueAt[row]! >= untilAt) continue
    dueMs.push(Math.max(0, log.dueAt[row]! - fromAt))
  }
  return dueMs
}

/** `dueMs` never decreases. */
function foundMs(dueMs: readonly number[]): number {
  let last = dueMs[0] ?? 0
  for (const due of dueMs) {
    if (due - last > quietMs) break
    last = due
  }
  return last
}
