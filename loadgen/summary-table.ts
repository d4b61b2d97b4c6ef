// What a load by itself came to, as text: accounts first, then latencies, then how far the generator may be trusted.
import Table from 'cli-table3'
import { LatencyHistogram } from '../core/histogram.ts'
import type { RequestLog } from '../core/request-log.ts'

export interface LoadOutcome {
  readonly log: RequestLog
  readonly byFate: ReadonlyMap<string, number>
  readonly failed: number
  readonly lagMs: Float64Array
  readonly hash: string
  readonly tookMs: number
  readonly cpuMs: number
}

/** The table of one load; `-` stands where fewer than ten samples lie beyond a quantile. */
export function loadTable(url: string, outcome: LoadOutcome): string {
  const { log, byFate, tookMs, cpuMs, hash } = outcome
  const errors = [...byFate].filter(([fate]) => fate !== 'ok').map(([fate, rows]) => `${rows} ${fate}`)
  const perSecond = ((byFate.get('ok') ?? 0) / (tookMs / 1000)).toFixed(1)
  const lines = [
    `${url}`,
    `scheduled ${log.size} (schedule ${hash}), ok ${byFate.get('ok') ?? 0}, failed ${outcome.failed}${errors.length > 0 ? `: ${errors.join(', ')}` : ''}`,
    `${perSecond} answers/s over ${(tookMs / 1000).toFixed(1)} s; the generator used ${((100 * cpuMs) / tookMs).toFixed(0)} % of a core`,
    latencyTable(outcome),
    'response: from the instant a request was due. service: from the instant it was sent.',
    'lateness: of the generator itself; latencies near it say little about the server.',
  ]
  return `${lines.join('\n')}\n`
}

function latencyTable({ log, lagMs }: LoadOutcome): string {
  const response = new LatencyHistogram()
  const service = new LatencyHistogram()
  const lateness = new LatencyHistogram()
  for (let row = 0; row < log.size; row++) {
    if (!Number.isNaN(lagMs[row]!)) lateness.record(lagMs[row]!)
    if (log.fateOf(row) !== 'ok') continue
    response.record(log.endedAt[row]! - log.dueAt[row]!)
    service.record(log.endedAt[row]! - log.sentAt[row]!)
  }
  const table = new Table({ head: ['ms', 'p50', 'p90', 'p99', 'p99.9', 'max', 'n'], style: { head: [], border: [] } })
  const rows: [string, LatencyHistogram][] = [
    ['response', response],
    ['service', service],
    ['lateness', lateness],
  ]
  for (const [name, histogram] of rows) {
    const quantiles = [0.5, 0.9, 0.99, 0.999].map(q => shown(histogram.quantileMs(q)))
    table.push([name, ...quantiles, shown(histogram.maxMs), histogram.count])
  }
  return table.toString()
}

function shown(ms: number | null): string {
  return ms === null ? '-' : ms.toFixed(3)
}
