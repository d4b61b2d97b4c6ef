// The time series of a run on a 200 ms grid, or a wider one when it is long. Requests belong to the interval in which they
// were due, so that completed and failed add up to offered in each.
import type { Series } from '../core/record.ts'
import type { RequestLog } from '../core/request-log.ts'
import type { Sample } from './rig-protocol.ts'
import { growth, targetAt } from './samples.ts'
import type { TargetStats } from './target.ts'

const finestMs = 200
/** A simulated hour has no use for eighteen thousand intervals, and nobody for a record of that size. */
const intervalsAtMost = 5000
/** Fewer answers than this in an interval give no p99. */
const samplesForP99 = 10

type Values = (number | null)[]

interface SeriesInput {
  readonly log: RequestLog
  readonly samples: readonly Sample[]
  /** Messages of the target with their instants on the rig's clock. */
  readonly stats: readonly TargetStats[]
  readonly phasesAt: number
  readonly durationMs: number
}

/** Whole multiples of 200 ms. */
function intervalFor(durationMs: number): number {
  return finestMs * Math.max(1, Math.ceil(durationMs / finestMs / intervalsAtMost))
}

/** All columns; a value is null where nothing is known of an interval. */
export function seriesOf({ log, samples, stats, phasesAt, durationMs }: SeriesInput): Series {
  const intervalMs = intervalFor(durationMs)
  const atMs = Array.from({ length: Math.ceil(durationMs / intervalMs) }, (_, bin) => bin * intervalMs)
  const column = (unit: string, values: Values) => ({ unit, values })
  const requests = requestColumns(log, phasesAt, atMs.length, intervalMs)
  const at = (fromMs: number) => phasesAt + fromMs
  const end = (fromMs: number) => phasesAt + fromMs + intervalMs
  const held = (fromMs: number) => samples.findLast(sample => sample.at <= end(fromMs))?.attackersHeld ?? 0
  const descriptorsAtStart = samples.find(sample => sample.target)?.target?.descriptors ?? 0
  const share = (total: 'cpuNs' | 'runQueueNs') => (fromMs: number) => {
    const grown = growth(samples, 'target', total, at(fromMs), end(fromMs))
    return grown === null ? null : grown / 1e6 / intervalMs
  }
  const descriptors = (fromMs: number) => {
    const target = targetAt(samples, end(fromMs))
    return target && target.descriptors - descriptorsAtStart
  }
  const said = (fromMs: number, pick: (stats: TargetStats) => number, fold: (a: number, b: number) => number) => {
    const values = stats.filter(one => one.at >= at(fromMs) && one.at < end(fromMs)).map(pick)
    return values.length === 0 ? null : values.reduce((a, b) => fold(a, b))
  }
  return {
    intervalMs,
    atMs,
    columns: {
      offered: column('1/s', requests.offered),
      completed: column('1/s', requests.completed),
      failed: column('1/s', requests.failed),
      p50Ms: column('ms', requests.p50Ms),
      p99Ms: column('ms', requests.p99Ms),
      rssBytes: column(
        'bytes',
        atMs.map(fromMs => targetAt(samples, end(fromMs))?.rssBytes ?? null),
      ),
      openSockets: column('descriptors', atMs.map(descriptors)),
      attackersHeld: column('connections', atMs.map(held)),
      targetCpuShare: column('of one core', atMs.map(share('cpuNs'))),
      runQueueShare: column('of one core', atMs.map(share('runQueueNs'))),
      loopDelayMaxMs: column(
        'ms',
        atMs.map(fromMs => said(fromMs, one => one.loopDelayMaxMs, Math.max)),
      ),
      gcMs: column(
        'ms',
        atMs.map(fromMs =>
          said(
            fromMs,
            one => one.gcMs,
            (a, b) => a + b,
          ),
        ),
      ),
    },
  }
}

function requestColumns(log: RequestLog, phasesAt: number, bins: number, intervalMs: number) {
  const offered = new Array<number>(bins).fill(0)
  const failed = new Array<number>(bins).fill(0)
  const latencies: number[][] = Array.from({ length: bins }, () => [])
  for (let row = 0; row < log.size; row++) {
    const bin = Math.floor((log.dueAt[row]! - phasesAt) / intervalMs)
    if (bin < 0 || bin >= bins) continue
    offered[bin]!++
    if (log.fateOf(row) === 'ok') latencies[bin]!.push(log.endedAt[row]! - log.dueAt[row]!)
    else failed[bin]!++
  }
  for (const bin of latencies) bin.sort((a, b) => a - b)
  const perSecond = (counts: readonly number[]) => counts.map(count => (count * 1000) / intervalMs)
  const quantile = (q: number, needed: number) =>
    latencies.map(bin => (bin.length < needed ? null : bin[Math.ceil(q * bin.length) - 1]!))
  return {
    offered: perSecond(offered),
    completed: perSecond(latencies.map(bin => bin.length)),
    failed: perSecond(failed),
    p50Ms: quantile(0.5, 1),
    p99Ms: quantile(0.99, samplesForP99),
  }
}
