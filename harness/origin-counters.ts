// Where the requests went: what each origin got, and how many origins each key was spread over.

import type { RequestLog } from '../core/request-log.ts'
import type { Phase } from '../core/scenario.ts'
import type { Observations } from './rig-protocol.ts'

/**
 * Counters of each origin `k`, named `origin.o<k>.…`:
 * `requests`: all attempts that reached it, warm-up included. `measuredRequests`: the requests due in the measured phase that
 * it saw last. `inFlightPeak`: the most that were there at once. With keys also `keys.asked`, and over these
 * `keys.originsMean` and `keys.originsMax`: the origins one key was seen by (warm-up included).
 */
export function originCounters(
  log: RequestLog,
  { origins, keys, phasesAt }: Pick<Observations, 'origins' | 'keys' | 'phasesAt'>,
  phases: readonly Phase[],
  measuredPhase: string,
): Record<string, number> {
  const at = phases.findIndex(phase => phase.name === measuredPhase)
  const fromAt = phases.slice(0, at).reduce((sum, phase) => sum + phase.durationMs, phasesAt)
  const untilAt = fromAt + (phases[at]?.durationMs ?? 0)
  const measured = new Array<number>(origins.length).fill(0)
  for (let row = 0; row < log.size; row++) {
    const origin = log.origin[row]!
    if (origin >= 0 && log.dueAt[row]! >= fromAt && log.dueAt[row]! < untilAt) measured[origin]!++
  }
  const counters: Record<string, number> = {}
  origins.forEach(({ requests, inFlightPeak }, index) => {
    counters[`origin.o${index}.requests`] = requests
    counters[`origin.o${index}.measuredRequests`] = measured[index]!
    counters[`origin.o${index}.inFlightPeak`] = inFlightPeak
  })
  return keys ? { ...counters, ...keyCounters(log, keys) } : counters
}

function keyCounters(log: RequestLog, keys: Int32Array): Record<string, number> {
  const seenBy = new Map<number, Set<number>>()
  for (let row = 0; row < log.size; row++) {
    if (log.origin[row]! < 0) continue
    const seen = seenBy.get(keys[row]!) ?? new Set()
    seenBy.set(keys[row]!, seen.add(log.origin[row]!))
  }
  let sum = 0
  let most = 0
  for (const { size } of seenBy.values()) {
    sum += size
    most = Math.max(most, size)
  }
  return {
    'keys.asked': seenBy.size,
    'keys.originsMean': seenBy.size === 0 ? 0 : sum / seenBy.size,
    'keys.originsMax': most,
  }
}
