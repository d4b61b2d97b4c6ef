// Latency histograms: HDR, in microseconds, three digits, 1 µs to 60 s, mergeable. A thin face over hdr-histogram-js that
// clamps instead of throwing and refuses to show a quantile the sample cannot carry.
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'
import type { LatencySummary } from './record.ts'

const highestUs = 60_000_000
/** Fewer samples than this beyond a quantile say nothing about it. */
export const samplesBeyond = 10

/** A latency histogram; values are given and returned in milliseconds. */
export class LatencyHistogram {
  private readonly counts: Histogram

  constructor(counts?: Histogram) {
    this.counts =
      counts ??
      build({
        bitBucketSize: 32,
        autoResize: false,
        lowestDiscernibleValue: 1,
        highestTrackableValue: highestUs,
        numberOfSignificantValueDigits: 3,
      })
  }

  /** Reads back the `histogram` field of a latency summary. @throws when the text is no HDR histogram. */
  static decode(text: string): LatencyHistogram {
    return new LatencyHistogram(decodeFromCompressedBase64(text, 32, false))
  }

  /** Values below 1 µs count as 1 µs, values above 60 s as 60 s. */
  record(valueMs: number): void {
    const us = Math.round(valueMs * 1000)
    this.counts.recordValue(us < 1 ? 1 : Math.min(us, highestUs))
  }

  add(other: LatencyHistogram): void {
    this.counts.add(other.counts)
  }

  get count(): number {
    return this.counts.totalCount
  }

  get maxMs(): number | null {
    return this.count === 0 ? null : this.counts.maxValue / 1000
  }

  /** Null when nothing was recorded. */
  get meanMs(): number | null {
    return this.count === 0 ? null : this.counts.mean / 1000
  }

  /** The value at quantile `q` in (0, 1), or null when fewer than ten samples lie beyond it. */
  quantileMs(q: number): number | null {
    return this.count * (1 - q) < samplesBeyond - 1e-9 ? null : this.counts.getValueAtPercentile(q * 100) / 1000
  }

  /** How many values are at most `valueMs`, to the three digits that are kept. */
  countUpTo(valueMs: number): number {
    let least = 0
    let most = this.count
    while (least < most) {
      const middle = Math.ceil((least + most) / 2)
      if (this.counts.getValueAtPercentile((middle / this.count) * 100) <= valueMs * 1000) least = middle
      else most = middle - 1
    }
    return least
  }

  summary(): LatencySummary {
    return {
      count: this.count,
      meanMs: this.meanMs,
      p50Ms: this.quantileMs(0.5),
      p90Ms: this.quantileMs(0.9),
      p99Ms: this.quantileMs(0.99),
      p999Ms: this.quantileMs(0.999),
      maxMs: this.maxMs,
      histogram: encodeIntoCompressedBase64(this.counts),
    }
  }
}
