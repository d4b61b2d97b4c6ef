// The figures of one run, straight from its log: a summary as records have it takes longer to make than the run to simulate.
import { InvalidRunError } from '../../core/errors.ts'
import { samplesBeyond } from '../../core/histogram.ts'
import type { TournamentRun } from '../../core/tournament.ts'
import { keyCounters, measuredSpan, peakToMean, requestsOfOrigins } from '../origin-counters.ts'
import type { SimulatedPlan } from '../simulated/model-of.ts'
import type { Simulation } from '../simulated/simulate-variant.ts'
import { judgeAccounting } from '../trust.ts'

interface Played extends Pick<Simulation, 'log' | 'phasesAt'> {
  readonly result: { readonly origins: readonly unknown[] }
  /** The key of each request; null where they mean nothing. */
  readonly keys: Int32Array | null
}

/** @throws InvalidRunError when the accounts of the run do not add up. */
export function runFigures(
  { log, result, phasesAt, keys }: Played,
  { phases, measuredPhase, seed }: Pick<SimulatedPlan, 'phases' | 'measuredPhase' | 'seed'>,
): TournamentRun {
  const { ok, reasons } = judgeAccounting(log)
  if (!ok) throw new InvalidRunError(reasons.join('; '))
  const { fromAt, untilAt } = measuredSpan(phases, measuredPhase, phasesAt)
  const latencies = new Float64Array(log.size)
  let requests = 0
  let answered = 0
  let sumMs = 0
  for (let row = 0; row < log.size; row++) {
    const dueAt = log.dueAt[row]!
    if (dueAt < fromAt || dueAt >= untilAt) continue
    requests++
    if (log.fateOf(row) !== 'ok') continue
    const latencyMs = log.endedAt[row]! - dueAt
    latencies[answered++] = latencyMs
    sumMs += latencyMs
  }
  const sorted = latencies.subarray(0, answered).sort()
  return {
    seed,
    requests,
    meanMs: answered === 0 ? null : sumMs / answered,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    p999Ms: quantile(sorted, 0.999),
    imbalance: peakToMean(requestsOfOrigins(log, result.origins.length, fromAt, untilAt)),
    errorShare: requests === 0 ? 0 : 1 - answered / requests,
    coldShare: keys && keyCounters(log, keys, fromAt, untilAt)['keys.coldShare'],
  }
}

/** Of values in rising order; null when too few lie beyond it. */
function quantile(sorted: Float64Array, q: number): number | null {
  const beyond = sorted.length * (1 - q)
  return beyond < samplesBeyond - 1e-9 ? null : sorted[Math.ceil(q * sorted.length) - 1]!
}
