// Whose turn is it? Everybody earns its weight each time, the richest gets the turn and pays what all have earned, so that
// the heavy ones come more often and nobody comes in a burst. Shared by the balancers that take turns among all or among
// those that are equal otherwise.
// Source: NGINX ngx_http_upstream_round_robin.c, without the weight it takes away after failures.
import type { Upstream } from './contracts.ts'

/** Turns among upstreams; what an upstream has earned follows its index. */
export class SmoothTurn {
  /** What each upstream has earned and not yet paid, by its index. */
  private readonly earned: number[] = []
  private members: readonly Upstream[] = []

  /** Tells who may be named from now on. One that comes back does not catch up on what it missed. */
  keep(upstreams: readonly Upstream[]): void {
    const staying = new Set(upstreams.map(({ index }) => index))
    for (const { index } of this.members) if (!staying.has(index)) this.earned[index] = 0
    for (const index of staying) this.earned[index] ??= 0
    this.members = upstreams
  }

  /** The one whose turn it is among the first `count` of `candidates`, or null when `count` is 0. */
  take(candidates: readonly Upstream[], count = candidates.length): Upstream | null {
    const { earned } = this
    let best: Upstream | null = null
    let most = 0
    let total = 0
    for (let i = 0; i < count; i++) {
      const upstream = candidates[i]!
      total += upstream.weight
      const now = (earned[upstream.index]! += upstream.weight)
      if (best === null || now > most) {
        best = upstream
        most = now
      }
    }
    if (best !== null) earned[best.index] = most - total
    return best
  }
}
