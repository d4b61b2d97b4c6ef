// Questions to the 10 Hz samples of a run: what a running total was at an instant, how memory grows with connections held.
import type { TreeSample } from './probes/process-tree.ts'
import type { Sample } from './rig-protocol.ts'

export type Total = 'cpuNs' | 'runQueueNs'
export type Who = 'target' | 'generator'

/** Fewer connections than this and the slope of memory over them is noise. */
const heldRangeForSlope = 50
const pointsForSlope = 5

const hasTree =
  (who: Who) =>
  (sample: Sample): boolean =>
    sample[who] !== null

/** A running total at the instant `at`, interpolated between samples; null when fewer than two samples have it. */
export function totalAt(samples: readonly Sample[], who: Who, total: Total, at: number): number | null {
  const known = samples.filter(hasTree(who))
  if (known.length < 2) return null
  const after = known.findIndex(sample => sample.at >= at)
  const right = known[after < 1 ? (after === 0 ? 1 : known.length - 1) : after]!
  const left = known[known.indexOf(right) - 1]!
  const share = Math.min(1, Math.max(0, (at - left.at) / (right.at - left.at)))
  const [from, to] = [left[who]![total], right[who]![total]]
  return from + share * (to - from)
}

/** How much a running total grew between two instants, or null when it is not known. */
export function growth(samples: readonly Sample[], who: Who, total: Total, from: number, to: number): number | null {
  const [start, end] = [totalAt(samples, who, total, from), totalAt(samples, who, total, to)]
  return start === null || end === null ? null : end - start
}

/** The last known figures of the target at or before `at`, or null. */
export function targetAt(samples: readonly Sample[], at: number): TreeSample | null {
  return samples.findLast(sample => sample.at <= at && sample.target !== null)?.target ?? null
}

/** The middle value; null of nothing. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return null
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * Bytes of resident memory per connection held, as the least-squares slope from half a second before the first hostile
 * connection until most are held; later samples would only show that memory is not given back. Null when fewer than 50
 * connections were ever held.
 */
export function bytesPerHeldConnection(samples: readonly Sample[]): number | null {
  const known = samples.filter(hasTree('target'))
  const first = known.findIndex(sample => sample.attackersHeld > 0)
  const peak = known.reduce((most, sample) => Math.max(most, sample.attackersHeld), 0)
  if (first < 0 || peak < heldRangeForSlope) return null
  const last = known.findIndex(sample => sample.attackersHeld >= 0.98 * peak)
  // Five samples past the peak: memory follows the connections by a moment.
  const window = known.slice(Math.max(0, first - 5), last + 6)
  if (window.length < pointsForSlope) return null
  const points = window.map(sample => [sample.attackersHeld, sample.target!.rssBytes] as const)
  return leastSquaresSlope(points)
}

function leastSquaresSlope(points: readonly (readonly [number, number])[]): number | null {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  return spread === 0 ? null : points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread
}
