// Turns by deadline: whoever is picked is due again after 1 / weight, and the earliest is next. Like smooth turns, at a
// cost that grows with the logarithm of the number of upstreams, and the weight may be another one each time.
// Source: Envoy edf_scheduler.h; earliest deadline first as in Liu and Layland, JACM 20(1), 1973.
import type { Upstream } from './contracts.ts'

/** A heap of upstreams by deadline, ties by order of insertion. Deadlines follow the index of an upstream. */
export class EarliestDeadline {
  private heap: Upstream[] = []
  /** By index. */
  private readonly deadlines: number[] = []
  private readonly insertions: number[] = []
  /** The weights that the deadlines were made with. */
  private readonly weights: number[] = []
  private insertion = 0
  /** The deadline of the last one picked. */
  private time = 0
  private readonly weightOf: (upstream: Upstream) => number

  /** `weightOf`: above 0; asked when an upstream is put in or picked, and in `reweigh`. */
  constructor(weightOf: (upstream: Upstream) => number) {
    this.weightOf = weightOf
  }

  /** Tells who may be picked from now on, and what they weigh. Those that stay go on where they were, in this order. */
  keep(upstreams: readonly Upstream[]): void {
    const before = new Set(this.heap.map(({ index }) => index))
    for (const upstream of upstreams) if (!before.has(upstream.index)) this.defer(upstream)
    this.heap = [...upstreams]
    this.reweigh()
  }

  /** Weights have changed: who has waited for a part of its turn has waited for that part of its new one. */
  reweigh(): void {
    for (const upstream of this.heap) {
      const { index } = upstream
      const weight = this.weightOf(upstream)
      if (weight === this.weights[index]) continue
      const left = Math.max(0, this.deadlines[index]! - this.time)
      this.deadlines[index] = this.time + (left * this.weights[index]!) / weight
      this.weights[index] = weight
    }
    for (let at = (this.heap.length >> 1) - 1; at >= 0; at--) this.sink(at)
  }

  /** The one with the earliest deadline that is not to be avoided, which is put in again; null when there is none. */
  pick(avoid: readonly Upstream[]): Upstream | null {
    const { heap } = this
    let at = 0
    if (avoid.length > 0) at = this.earliestExcept(avoid)
    const picked = heap[at]
    if (picked === undefined) return null
    this.time = Math.max(this.time, this.deadlines[picked.index]!)
    this.defer(picked)
    this.sink(at)
    return picked
  }

  private defer(upstream: Upstream): void {
    const weight = this.weightOf(upstream)
    this.weights[upstream.index] = weight
    this.deadlines[upstream.index] = this.time + 1 / weight
    this.insertions[upstream.index] = this.insertion++
  }

  /** The position of the earliest that is not to be avoided, or the length. Looks at all: it is for retries. */
  private earliestExcept(avoid: readonly Upstream[]): number {
    const { heap } = this
    let best = heap.length
    for (let at = 0; at < heap.length; at++) {
      if (!avoid.includes(heap[at]!) && (best === heap.length || this.before(heap[at]!, heap[best]!))) best = at
    }
    return best
  }

  private before(a: Upstream, b: Upstream): boolean {
    const difference = this.deadlines[a.index]! - this.deadlines[b.index]!
    return difference === 0 ? this.insertions[a.index]! < this.insertions[b.index]! : difference < 0
  }

  private sink(from: number): void {
    const { heap } = this
    const sinking = heap[from]!
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.before(heap[child + 1]!, heap[child]!)) child++
      if (!this.before(heap[child]!, sinking)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = sinking
  }
}
