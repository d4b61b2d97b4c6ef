// A ring of hashed points for consistent hashing: each upstream owns many points, and a key belongs to the owner of the next.
// Source: Karger et al., "Consistent hashing and random trees", STOC 1997.
import type { Upstream } from './contracts.ts'
import { hashText } from './random.ts'

/** Beyond this many points every upstream gets proportionally fewer. */
const pointsAtMost = 2_000_000
/** A point and its owner in one number that is exact: 32 bits of hash above 21 bits of position. */
const ownersAtMost = 2 ** 21

/**
 * All points in order, with their owners. They hang on the id, so that an upstream keeps its own whoever else is there.
 * Each has `pointsPerWeight` for each unit of its weight, at least one, and fewer when they would be two million in all.
 */
export function ringOf(upstreams: readonly Upstream[], pointsPerWeight: number): Float64Array<ArrayBuffer> {
  const wanted = upstreams.reduce((sum, { weight }) => sum + weight * pointsPerWeight, 0)
  const perWeight = pointsPerWeight * Math.min(1, pointsAtMost / wanted)
  const pointsOf = (upstream: Upstream) => Math.max(1, Math.round(upstream.weight * perWeight))
  const ring = new Float64Array(upstreams.reduce((sum, upstream) => sum + pointsOf(upstream), 0))
  let filled = 0
  upstreams.forEach((upstream, owner) => {
    for (let point = 0; point < pointsOf(upstream); point++) {
      ring[filled++] = hashText(`${upstream.id}-${point}`) * ownersAtMost + owner
    }
  })
  return ring.sort()
}

/** The position of the first point at or above a hash; the number of points, which stands for position 0, when none is. */
export function firstPoint(ring: Float64Array, hash: number): number {
  const value = hash * ownersAtMost
  let low = 0
  let high = ring.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ring[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The position in `upstreams` of the owner of a point; positions go round. */
export function ownerAt(ring: Float64Array, position: number): number {
  return ring[position % ring.length]! % ownersAtMost
}

/** Where a point lies on the ring, 0 to below 1. */
export function pointAt(ring: Float64Array, position: number): number {
  return Math.floor(ring[position]! / ownersAtMost) / 0x1_0000_0000
}
