// The few recent answers to probes that Prequal picks from, and its rule for which is best: hot are those with more requests
// than a quantile of the pool; the quickest cold one wins, and when all are hot, the least loaded.
// Source: Wydrowski et al., NSDI 2024, sections 4.1 to 4.4.
import type { Upstream } from './contracts.ts'

const nobody: readonly Upstream[] = []

export interface ProbePoolLimits {
  /** Answers kept at most. */
  readonly pool: number
  /** 0 to 1. */
  readonly hotQuantile: number
}

/** Answers in order of arrival. Each stays in its place; what moves is the list of places. */
export class ProbePool {
  size = 0
  private readonly limits: ProbePoolLimits
  /** The places of the answers in order of arrival, and behind them those that are free. */
  private readonly order: Int32Array
  private readonly upstreams: (Upstream | null)[]
  private readonly inFlight: Float64Array
  private readonly latencyMs: Float64Array
  private readonly at: Float64Array
  private readonly usesLeft: Int32Array
  /** Scratch for the quantile. */
  private readonly extremes: Float64Array
  private oldestNext = true

  constructor(limits: ProbePoolLimits) {
    const { pool } = limits
    this.limits = limits
    this.order = Int32Array.from({ length: pool }, (_, place) => place)
    this.upstreams = new Array<Upstream | null>(pool).fill(null)
    this.inFlight = new Float64Array(pool)
    this.latencyMs = new Float64Array(pool)
    this.at = new Float64Array(pool)
    this.usesLeft = new Int32Array(pool)
    this.extremes = new Float64Array(pool)
  }

  /** Takes an answer in; the oldest makes room. `uses`: how often it may be picked, 1 and up. */
  add(upstream: Upstream, inFlight: number, latencyMs: number, uses: number, now: number): void {
    if (this.size === this.limits.pool) this.removeAt(0)
    const place = this.order[this.size++]!
    this.upstreams[place] = upstream
    this.inFlight[place] = inFlight
    this.latencyMs[place] = latencyMs
    this.usesLeft[place] = uses
    this.at[place] = now
  }

  keepOnly(upstreams: readonly Upstream[]): void {
    for (let i = this.size - 1; i >= 0; i--) {
      if (!upstreams.includes(this.upstreams[this.order[i]!]!)) this.removeAt(i)
    }
  }

  /** Answers that came before `at` go. */
  dropOlderThan(at: number): void {
    while (this.size > 0 && this.at[this.order[0]!]! < at) this.removeAt(0)
  }

  /** The best upstream that is not to be avoided, or null. It counts as having one request more from now on. */
  take(avoid: readonly Upstream[]): Upstream | null {
    const position = this.extreme(avoid, 1)
    if (position < 0) return null
    const place = this.order[position]!
    const upstream = this.upstreams[place]!
    this.inFlight[place] = this.inFlight[place]! + 1
    this.usesLeft[place] = this.usesLeft[place]! - 1
    if (this.usesLeft[place]! <= 0) this.removeAt(position)
    return upstream
  }

  /** Takes out the oldest or the worst, by turns. */
  removeOne(): void {
    if (this.size > 0) this.removeAt(this.oldestNext ? 0 : this.extreme(nobody, -1))
    this.oldestNext = !this.oldestNext
  }

  private removeAt(position: number): void {
    const { order } = this
    const place = order[position]!
    const last = --this.size
    for (let i = position; i < last; i++) order[i] = order[i + 1]!
    order[last] = place
  }

  /**
   * The position of the best (`sign` 1) or worst (-1) answer whose upstream is not to be avoided; -1 when there is none. Cold
   * ones are compared by latency, hot ones by load, and every cold one is better than every hot one.
   */
  private extreme(avoid: readonly Upstream[], sign: 1 | -1): number {
    const { order, inFlight, latencyMs, size } = this
    const hotAbove = this.quantile()
    let found = -1
    let foundIsHot = false
    let foundValue = 0
    for (let i = 0; i < size; i++) {
      const place = order[i]!
      if (avoid.length > 0 && avoid.includes(this.upstreams[place]!)) continue
      const load = inFlight[place]!
      const isHot = load > hotAbove
      const value = sign * (isHot ? load : latencyMs[place]!)
      const isFurther = isHot === foundIsHot ? value < foundValue : isHot === sign < 0
      if (found >= 0 && !isFurther) continue
      found = i
      foundIsHot = isHot
      foundValue = value
    }
    return found
  }

  /** The load at or below which an upstream is cold. */
  private quantile(): number {
    const { hotQuantile } = this.limits
    if (hotQuantile === 0) return -1
    const rank = Math.ceil(hotQuantile * this.size)
    // The rank-th smallest, counted from the nearer end.
    return 2 * rank <= this.size ? this.ranked(rank, 1) : -this.ranked(this.size - rank + 1, -1)
  }

  /** The `rank`-th smallest of the loads times `sign`, by insertion among the smallest so far. */
  private ranked(rank: number, sign: 1 | -1): number {
    const { order, inFlight, extremes, size } = this
    for (let i = 0; i < size; i++) {
      const load = sign * inFlight[order[i]!]!
      let at = i
      if (i >= rank) {
        if (load >= extremes[rank - 1]!) continue
        at = rank - 1
      }
      for (; at > 0 && extremes[at - 1]! > load; at--) extremes[at] = extremes[at - 1]!
      extremes[at] = load
    }
    return extremes[rank - 1]!
  }
}
