// The few recent answers to probes that Prequal picks from, and its rule for which is best: hot are those with more requests
// than a quantile of the pool; the quickest cold one wins, and when all are hot, the least loaded.
// Source: Wydrowski et al., NSDI 2024, sections 4.1 to 4.4.
import type { Upstream } from './contracts.ts'

const none = -1

export interface ProbePoolLimits {
  /** Answers kept at most. */
  readonly pool: number
  /** 0 to 1. */
  readonly hotQuantile: number
}

/**
 * Each answer stays in its place. The places are kept sorted by load and by latency, so that the quantile is looked up and
 * the best is the first or nearly so: a pick costs a third of a look at all answers, whose branches no processor foresees.
 */
export class ProbePool {
  size = 0
  private readonly limits: ProbePoolLimits
  private readonly upstreams: (Upstream | null)[]
  private readonly inFlight: Float64Array
  private readonly latencyMs: Float64Array
  private readonly at: Float64Array
  private readonly usesLeft: Int32Array
  /** The number of the answer, which decides between equals: the first to come is first. */
  private readonly numbers: Float64Array
  private readonly byLoad: Int32Array
  private readonly byLatency: Int32Array
  /** The answers that came before and after it; `none` at the ends. */
  private readonly older: Int32Array
  private readonly newer: Int32Array
  private oldest = none
  private newest = none
  /** From `size` on: places without an answer. */
  private readonly free: Int32Array
  private added = 0
  private oldestNext = true

  constructor(limits: ProbePoolLimits) {
    const { pool } = limits
    this.limits = limits
    this.upstreams = new Array<Upstream | null>(pool).fill(null)
    this.inFlight = new Float64Array(pool)
    this.latencyMs = new Float64Array(pool)
    this.at = new Float64Array(pool)
    this.usesLeft = new Int32Array(pool)
    this.numbers = new Float64Array(pool)
    this.byLoad = new Int32Array(pool)
    this.byLatency = new Int32Array(pool)
    this.older = new Int32Array(pool)
    this.newer = new Int32Array(pool)
    this.free = Int32Array.from({ length: pool }, (_, place) => place)
  }

  /** Takes an answer in; the oldest makes room. `uses`: how often it may be picked, 1 and up. */
  add(upstream: Upstream, inFlight: number, latencyMs: number, uses: number, now: number): void {
    if (this.size === this.limits.pool) this.remove(this.oldest)
    const place = this.free[this.size]!
    this.upstreams[place] = upstream
    this.inFlight[place] = inFlight
    this.latencyMs[place] = latencyMs
    this.usesLeft[place] = uses
    this.at[place] = now
    this.numbers[place] = this.added++
    this.older[place] = this.newest
    this.newer[place] = none
    if (this.newest === none) this.oldest = place
    else this.newer[this.newest] = place
    this.newest = place
    sortIn(this.byLoad, this.inFlight, place, this.size)
    sortIn(this.byLatency, this.latencyMs, place, this.size)
    this.size++
  }

  keepOnly(upstreams: readonly Upstream[]): void {
    for (let place = this.oldest; place !== none; place = this.newer[place]!) {
      if (!upstreams.includes(this.upstreams[place]!)) this.remove(place)
    }
  }

  /** Answers that came before `at` go. */
  dropOlderThan(at: number): void {
    while (this.size > 0 && this.at[this.oldest]! < at) this.remove(this.oldest)
  }

  /** The best upstream that is not to be avoided, or null. It counts as having one request more from now on. */
  take(avoid: readonly Upstream[]): Upstream | null {
    const place = this.best(avoid)
    if (place === none) return null
    const upstream = this.upstreams[place]!
    this.usesLeft[place] = this.usesLeft[place]! - 1
    if (this.usesLeft[place]! <= 0) this.remove(place)
    else this.addLoad(place)
    return upstream
  }

  /** One request more: the place moves up by as many others as that takes. */
  private addLoad(place: number): void {
    const { byLoad, inFlight, numbers, size } = this
    const load = inFlight[place]! + 1
    let at = 0
    while (byLoad[at] !== place) at++
    for (; at < size - 1; at++) {
      const other = byLoad[at + 1]!
      if (inFlight[other]! > load || (inFlight[other] === load && numbers[other]! > numbers[place]!)) break
      byLoad[at] = other
    }
    byLoad[at] = place
    inFlight[place] = load
  }

  /** Takes out the oldest or the worst, by turns. */
  removeOne(): void {
    if (this.size > 0) this.remove(this.oldestNext ? this.oldest : this.worst())
    this.oldestNext = !this.oldestNext
  }

  private remove(place: number): void {
    const { older, newer } = this
    takeOut(this.byLoad, place, this.size)
    takeOut(this.byLatency, place, this.size)
    if (place === this.oldest) this.oldest = newer[place]!
    else newer[older[place]!] = newer[place]!
    if (place === this.newest) this.newest = older[place]!
    else older[newer[place]!] = older[place]!
    this.free[--this.size] = place
  }

  /** Cold ones are compared by latency, hot ones by load, and every cold one is better than every hot one. */
  private best(avoid: readonly Upstream[]): number {
    const { byLatency, byLoad, inFlight, size } = this
    const hotAbove = this.quantile()
    for (let i = 0; i < size; i++) {
      const place = byLatency[i]!
      if (inFlight[place]! <= hotAbove && !this.isIn(avoid, place)) return place
    }
    for (let i = 0; i < size; i++) if (!this.isIn(avoid, byLoad[i]!)) return byLoad[i]!
    return none
  }

  private worst(): number {
    const mostLoaded = this.firstOfLast(this.byLoad, this.inFlight)
    return this.inFlight[mostLoaded]! > this.quantile() ? mostLoaded : this.firstOfLast(this.byLatency, this.latencyMs)
  }

  /** The load at or below which an upstream is cold. */
  private quantile(): number {
    const { hotQuantile } = this.limits
    return hotQuantile === 0 ? -1 : this.inFlight[this.byLoad[Math.ceil(hotQuantile * this.size) - 1]!]!
  }

  private isIn(avoid: readonly Upstream[], place: number): boolean {
    return avoid.length > 0 && avoid.includes(this.upstreams[place]!)
  }

  /** Of those that are equal to the last of the list, the first. */
  private firstOfLast(list: Int32Array, keys: Float64Array): number {
    let at = this.size - 1
    while (at > 0 && keys[list[at - 1]!] === keys[list[at]!]) at--
    return list[at]!
  }
}

/** Puts the newest place into a list of `size` others. */
function sortIn(list: Int32Array, keys: Float64Array, place: number, size: number): void {
  const key = keys[place]!
  let at = size
  for (; at > 0; at--) {
    const other = list[at - 1]!
    if (keys[other]! <= key) break
    list[at] = other
  }
  list[at] = place
}

function takeOut(list: Int32Array, place: number, size: number): void {
  let at = 0
  while (list[at] !== place) at++
  for (; at < size - 1; at++) list[at] = list[at + 1]!
}
