// The figures of one phase, or of any other span of a run: latency in its four forms, errors by kind, CPU per request.

import { LatencyHistogram } from '../core/histogram.ts'
import type { PhaseSummary } from '../core/record.ts'
import type { RequestLog } from '../core/request-log.ts'
import type { Phase } from '../core/scenario.ts'
import type { Observations } from './rig-protocol.ts'
import { growth } from './samples.ts'

type Observed = Pick<Observations, 'lagMs' | 'samples' | 'phasesAt'>

/** All phases, one after the other. */
export function phasesOf(log: RequestLog, observed: Observed, phases: readonly Phase[]): PhaseSummary[] {
  let fromMs = 0
  return phases.map(({ name, durationMs }) => {
    const summary = spanOf(name, log, observed, fromMs, fromMs + durationMs)
    fromMs += durationMs
    return summary
  })
}

/** The requests due within [fromMs, toMs) after the start of the first phase. */
export function spanOf(name: string, log: RequestLog, observed: Observed, fromMs: number, toMs: number): PhaseSummary {
  const { samples, phasesAt } = observed
  const tally = new Tally()
  for (let row = 0; row < log.size; row++) {
    const dueMs = log.dueAt[row]! - phasesAt
    if (dueMs >= fromMs && dueMs < toMs) tally.add(log, row, observed.lagMs[row]!)
  }
  const seconds = (toMs - fromMs) / 1000
  const completed = tally.latency.count
  const cpuNs = growth(samples, 'target', 'cpuNs', phasesAt + fromMs, phasesAt + toMs)
  return {
    name,
    fromMs,
    toMs,
    requests: tally.requests,
    latency: tally.latency.summary(),
    service: tally.service.summary(),
    added: tally.added.summary(),
    lag: tally.lag.summary(),
    ...(tally.inPieces ? { firstByte: tally.firstByte.summary() } : {}),
    throughput: { offeredPerSecond: tally.requests / seconds, completedPerSecond: completed / seconds },
    errors: tally.errors,
    cpuUsPerRequest: cpuNs === null || completed === 0 ? null : cpuNs / 1000 / completed,
  }
}

class Tally {
  readonly latency = new LatencyHistogram()
  readonly service = new LatencyHistogram()
  readonly added = new LatencyHistogram()
  readonly lag = new LatencyHistogram()
  readonly firstByte = new LatencyHistogram()
  /** Did the body of any answer come in more than one read? Otherwise its first byte came with its last. */
  inPieces = false
  readonly errors: Record<string, number> = {}
  requests = 0

  add(log: RequestLog, row: number, lagMs: number): void {
    this.requests++
    if (!Number.isNaN(lagMs)) this.lag.record(lagMs)
    const fate = log.fateOf(row)
    if (fate !== 'ok') {
      this.errors[fate] = (this.errors[fate] ?? 0) + 1
      return
    }
    const serviceMs = log.endedAt[row]! - log.sentAt[row]!
    this.latency.record(log.endedAt[row]! - log.dueAt[row]!)
    this.service.record(serviceMs)
    const firstByteAt = log.firstByteAt[row]!
    if (firstByteAt > 0) this.inPieces = true
    this.firstByte.record((firstByteAt > 0 ? firstByteAt : log.endedAt[row]!) - log.sentAt[row]!)
    this.added.record(serviceMs - (log.originOutAt[row]! - log.originInAt[row]!))
  }
}
