// Draws upstreams in proportion to their weights, in constant time however many there are.
// Source: Walker's alias method, with the table built as in Vose, "A linear algorithm for generating random numbers with a
// given distribution", IEEE TSE 17(9), 1991.
import type { Upstream } from './contracts.ts'
import type { Rng } from './random.ts'

/** A fixed set of upstreams to draw from. Built on change; a draw allocates nothing. */
export class WeightedDraw {
  private readonly upstreams: readonly Upstream[]
  /** Whether all weights are the same, so that any index will do. */
  private readonly even: boolean
  /** Column `i` belongs to upstream `i` up to `kept[i]`, and above that to upstream `alias[i]`. */
  private readonly kept: Float64Array
  private readonly alias: Uint32Array

  constructor(upstreams: readonly Upstream[]) {
    const n = upstreams.length
    this.upstreams = upstreams
    this.even = upstreams.every(({ weight }) => weight === upstreams[0]!.weight)
    this.kept = new Float64Array(this.even ? 0 : n).fill(1)
    this.alias = new Uint32Array(this.even ? 0 : n)
    if (!this.even) this.fill(n / upstreams.reduce((sum, { weight }) => sum + weight, 0))
  }

  private fill(columnsPerWeight: number): void {
    const left = this.upstreams.map(({ weight }) => weight * columnsPerWeight)
    const small: number[] = []
    const large: number[] = []
    left.forEach((share, i) => {
      ;(share < 1 ? small : large).push(i)
    })
    while (small.length > 0 && large.length > 0) {
      const i = small.pop()!
      const donor = large.at(-1)!
      this.kept[i] = left[i]!
      this.alias[i] = donor
      left[donor]! -= 1 - left[i]!
      if (left[donor]! < 1) small.push(large.pop()!)
    }
  }

  /** One of the upstreams, or null when there is none. Takes one number of the stream. */
  draw(rng: Rng): Upstream | null {
    const { upstreams } = this
    if (upstreams.length === 0) return null
    if (this.even) return upstreams[rng.integer(upstreams.length)]!
    const point = rng.uniform() * upstreams.length
    const column = Math.floor(point)
    return upstreams[point - column < this.kept[column]! ? column : this.alias[column]!]!
  }

  /** One that is not to be avoided, or null when none is left. Looks at every upstream, so it is for retries. */
  drawExcept(avoid: readonly Upstream[], rng: Rng): Upstream | null {
    let total = 0
    let drawn: Upstream | null = null
    for (const upstream of this.upstreams) {
      if (avoid.includes(upstream)) continue
      total += upstream.weight
      // Each keeps its place with the chance of its weight in all that came so far.
      if (drawn === null || rng.uniform() * total < upstream.weight) drawn = upstream
    }
    return drawn
  }
}
