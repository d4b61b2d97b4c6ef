// A latency histogram that costs a few nanoseconds: the bucket is read off the bits of the number itself. 128 buckets for
// each doubling, so that a value is off by at most 0.4 %; mergeable, since all have the same buckets.
import type { Ms } from '../core/contracts.ts'

/** Buckets for each doubling. */
const perOctave = 128
/** Values below 2^-20 ms (a nanosecond) share the lowest bucket, those above 2^32 ms (50 days) the highest. */
const lowestExponent = -20
const bucketCount = 52 * perOctave

const asDouble = new Float64Array(1)
/** The second word is the high one on every machine that runs V8 today: they are little-endian. */
const asWords = new Uint32Array(asDouble.buffer)
/** The exponent of a double is biased by 1023. */
const lowest = (1023 + lowestExponent) * perOctave
/** Bits of the high word below those that choose the bucket. */
const unusedBits = 13

/** A latency distribution; values in milliseconds. */
export class SimulatedHistogram {
  /** How often a value fell into each bucket, `middleOf` says where they are. */
  readonly counts = new Float64Array(bucketCount)
  count = 0
  sumMs = 0
  maxMs = 0

  /** `valueMs`: 0 and up. */
  record(valueMs: Ms): void {
    asDouble[0] = valueMs
    const bucket = (asWords[1]! >>> unusedBits) - lowest
    const inRange = bucket < 0 ? 0 : bucket < bucketCount ? bucket : bucketCount - 1
    this.counts[inRange] = this.counts[inRange]! + 1
    this.count++
    this.sumMs += valueMs
    if (valueMs > this.maxMs) this.maxMs = valueMs
  }

  add(other: SimulatedHistogram): void {
    other.counts.forEach((count, bucket) => {
      this.counts[bucket] = this.counts[bucket]! + count
    })
    this.count += other.count
    this.sumMs += other.sumMs
    this.maxMs = Math.max(this.maxMs, other.maxMs)
  }

  /** Null when nothing was recorded. */
  get meanMs(): Ms | null {
    return this.count === 0 ? null : this.sumMs / this.count
  }

  /** The value at quantile `q` in (0, 1], to within 0.4 %; null when nothing was recorded. */
  quantileMs(q: number): Ms | null {
    if (this.count === 0) return null
    const wanted = Math.max(1, Math.ceil(q * this.count))
    if (wanted >= this.count) return this.maxMs
    let seen = 0
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      seen += this.counts[bucket]!
      if (seen >= wanted) return Math.min(middleOf(bucket), this.maxMs)
    }
    return this.maxMs
  }

  /** The share of values above `limitMs`, to within the bucket that holds it; NaN when nothing was recorded. */
  shareAbove(limitMs: Ms): number {
    let above = 0
    for (let bucket = bucketCount - 1; bucket >= 0 && middleOf(bucket) > limitMs; bucket--)
      above += this.counts[bucket]!
    return above / this.count
  }
}

/** The middle of a bucket, ms. */
export function middleOf(bucket: number): Ms {
  asWords[0] = 0
  asWords[1] = (bucket + lowest) << unusedBits
  const from = asDouble[0]!
  asWords[1] = (bucket + lowest + 1) << unusedBits
  return (from + asDouble[0]!) / 2
}
