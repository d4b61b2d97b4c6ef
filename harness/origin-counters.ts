// Where the requests went: what each origin got, and how many origins each key was spread over.

import type { Ms } from '../core/contracts.ts'
import type { RequestLog } from '../core/request-log.ts'
import type { Phase } from '../core/scenario.ts'
import type { Observations } from './rig-protocol.ts'

/** With more origins than this, what each got by itself is more than a reader wants to know. */
const namedAtMost = 64

/**
 * Over all origins: `origins.peakToMean`, the requests due in the measured phase at the origin that saw most of them, over
 * the mean of all; 1 is even, and 0 stands for none. Unless there are more than 64, counters of each origin `k`, named `origin.o<k>.…`:
 * `requests`: all attempts that reached it, warm-up included. `measuredRequests`: the requests due in the measured phase that
 * it saw last. `inFlightPeak`: the most that were there at once. With keys also `keys.asked`, over these
 * `keys.originsMean` and `keys.originsMax`: the origins one key was seen by (warm-up included), and `keys.coldShare`: the share
 * of the measured requests whose origin had not seen their key before, which is what a cache there would miss.
 */
export function originCounters(
  log: RequestLog,
  { origins, keys, phasesAt }: Pick<Observations, 'origins' | 'keys' | 'phasesAt'>,
  phases: readonly Phase[],
  measuredPhase: string,
): Record<string, number> {
  const { fromAt, untilAt } = measuredSpan(phases, measuredPhase, phasesAt)
  const measured = requestsOfOrigins(log, origins.length, fromAt, untilAt)
  const counters: Record<string, number> = { 'origins.peakToMean': peakToMean(measured) }
  if (origins.length <= namedAtMost) Object.assign(counters, countersOfEach(origins, measured))
  return keys ? { ...counters, ...keyCounters(log, keys, fromAt, untilAt) } : counters
}

/** When the measured phase begins and ends, on the clock of `phasesAt`, the begin of the first phase. */
export function measuredSpan(phases: readonly Phase[], measuredPhase: string, phasesAt: Ms) {
  const at = phases.findIndex(phase => phase.name === measuredPhase)
  const fromAt = phases.slice(0, at).reduce((sum, phase) => sum + phase.durationMs, phasesAt)
  return { fromAt, untilAt: fromAt + (phases[at]?.durationMs ?? 0) }
}

/** How many of the requests due in [fromAt, untilAt) each of `count` origins saw last. */
export function requestsOfOrigins(log: RequestLog, count: number, fromAt: Ms, untilAt: Ms): number[] {
  const counts = new Array<number>(count).fill(0)
  for (let row = 0; row < log.size; row++) {
    const origin = log.origin[row]!
    if (origin >= 0 && origin < count && log.dueAt[row]! >= fromAt && log.dueAt[row]! < untilAt) counts[origin]!++
  }
  return counts
}

/** The most over the mean: 1 is even, 0 stands for none. */
export function peakToMean(counts: readonly number[]): number {
  const sum = counts.reduce((total, count) => total + count, 0)
  return sum === 0 ? 0 : (counts.reduce((most, count) => Math.max(most, count), 0) * counts.length) / sum
}

function countersOfEach(origins: Observations['origins'], measured: readonly number[]): Record<string, number> {
  const counters: Record<string, number> = {}
  origins.forEach(({ requests, inFlightPeak }, index) => {
    counters[`origin.o${index}.requests`] = requests
    counters[`origin.o${index}.measuredRequests`] = measured[index]!
    counters[`origin.o${index}.inFlightPeak`] = inFlightPeak
  })
  return counters
}

/** The counters of keys; what is measured are the requests due in [fromAt, untilAt). */
export function keyCounters(log: RequestLog, keys: Int32Array, fromAt: number, untilAt: number) {
  const seenBy = new Map<number, Set<number>>()
  let measured = 0
  let cold = 0
  for (let row = 0; row < log.size; row++) {
    if (log.origin[row]! < 0) continue
    const seen = seenBy.get(keys[row]!) ?? new Set()
    if (log.dueAt[row]! >= fromAt && log.dueAt[row]! < untilAt) {
      measured++
      if (!seen.has(log.origin[row]!)) cold++
    }
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
    'keys.coldShare': measured === 0 ? 0 : cold / measured,
  }
}
