// The few recent answers to probes that Prequal picks from, and its rule for which is best: hot are those with more requests
// than a quantile of the pool; the quickest cold one wins, and when all are hot, the least loaded.
// Source: Wydrowski et al., NSDI 2024, sections 4.1 to 4.4.
import type { Upstream } from './contracts.ts'

const nobody: readonly Upstream[] = []

interface Answer {
  upstream: Upstream
  inFlight: number
  latencyMs: number
  usesLeft: number
  at: number
}

export interface ProbePoolLimits {
  /** Answers kept at most. */
  readonly pool: number
  /** 0 to 1. */
  readonly hotQuantile: number
}

/** Answers in order of arrival. */
export class ProbePool {
  private readonly limits: ProbePoolLimits
  private readonly answers: Answer[] = []
  /** Objects that are used again. */
  private readonly spare: Answer[] = []
  /** Scratch for the quantile. */
  private readonly loads: Float64Array
  private oldestNext = true

  constructor(limits: ProbePoolLimits) {
    this.limits = limits
    this.loads = new Float64Array(limits.pool)
  }

  get size(): number {
    return this.answers.length
  }

  /** Takes an answer in; the oldest makes room. `uses`: how often it may be picked, 1 and up. */
  add(upstream: Upstream, inFlight: number, latencyMs: number, uses: number, now: number): void {
    const { answers } = this
    if (answers.length === this.limits.pool) this.removeAt(0)
    const answer = this.spare.pop() ?? { upstream, inFlight, latencyMs, usesLeft: uses, at: now }
    answer.upstream = upstream
    answer.inFlight = inFlight
    answer.latencyMs = latencyMs
    answer.usesLeft = uses
    answer.at = now
    answers.push(answer)
  }

  keepOnly(upstreams: readonly Upstream[]): void {
    for (let i = this.answers.length - 1; i >= 0; i--) {
      if (!upstreams.includes(this.answers[i]!.upstream)) this.removeAt(i)
    }
  }

  /** Answers that came before `at` go. */
  dropOlderThan(at: number): void {
    while (this.answers.length > 0 && this.answers[0]!.at < at) this.removeAt(0)
  }

  /** The best upstream that is not to be avoided, or null. It counts as having one request more from now on. */
  take(avoid: readonly Upstream[]): Upstream | null {
    const at = this.extreme(avoid, 1)
    if (at < 0) return null
    const answer = this.answers[at]!
    answer.inFlight++
    if (--answer.usesLeft <= 0) this.removeAt(at)
    return answer.upstream
  }

  /** Takes out the oldest or the worst, by turns. */
  removeOne(): void {
    if (this.answers.length > 0) this.removeAt(this.oldestNext ? 0 : this.extreme(nobody, -1))
    this.oldestNext = !this.oldestNext
  }

  private removeAt(position: number): void {
    const { answers } = this
    const removed = answers[position]!
    for (let i = position + 1; i < answers.length; i++) answers[i - 1] = answers[i]!
    answers.length--
    this.spare.push(removed)
  }

  /** The position of the best (`sign` 1) or worst (-1) answer whose upstream is not to be avoided; -1 when there is none. */
  private extreme(avoid: readonly Upstream[], sign: 1 | -1): number {
    const hotAbove = this.quantile()
    let best = -1
    for (let i = 0; i < this.answers.length; i++) {
      const answer = this.answers[i]!
      if (avoid.length > 0 && avoid.includes(answer.upstream)) continue
      if (best < 0 || sign * compare(answer, this.answers[best]!, hotAbove) < 0) best = i
    }
    return best
  }

  /** The load at or below which an upstream is cold. */
  private quantile(): number {
    const { answers, loads } = this
    if (this.limits.hotQuantile === 0) return -1
    // Insertion: the pool is small, and a sort of its own would allocate.
    for (let i = 0; i < answers.length; i++) {
      const load = answers[i]!.inFlight
      let at = i
      while (at > 0 && loads[at - 1]! > load) {
        loads[at] = loads[at - 1]!
        at--
      }
      loads[at] = load
    }
    return loads[Math.ceil(this.limits.hotQuantile * answers.length) - 1]!
  }
}

/** Below 0 when `a` is better. */
function compare(a: Answer, b: Answer, hotAbove: number): number {
  const hot = Number(a.inFlight > hotAbove) - Number(b.inFlight > hotAbove)
  if (hot !== 0) return hot
  return a.inFlight > hotAbove ? a.inFlight - b.inFlight : a.latencyMs - b.latencyMs
}
