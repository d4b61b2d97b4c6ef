// The same key to the same upstream, as long as it is there: each upstream owns many points of a ring, and a key belongs to
// the next point. When one of n leaves, only its own keys move, about 1/n of all. A key that everybody wants stays on one
// upstream all the same.
import { type Balancer, defineBalancer, type PolicyRequest, type Upstream } from '../../core/contracts.ts'
import { choice, count } from '../../core/parameters.ts'
import { hashText } from '../../core/random.ts'

/** Beyond this many points every upstream gets proportionally fewer. */
const pointsAtMost = 2_000_000
/** A point and its owner in one number that is exact: 32 bits of hash above 21 bits of position. */
const ownersAtMost = 2 ** 21

export default defineBalancer({
  about:
    'Hashes a key of the request onto a ring of upstreams: equal keys meet the same one, and few move when one leaves.',
  source: 'Karger et al., "Consistent hashing and random trees", STOC 1997; ketama with 160 points as in NGINX',
  params: {
    key: choice({
      default: 'target',
      choices: ['target', 'client', 'header'],
      doc: 'what is hashed: path and query, the client address, or the header x-hash-key (the target where it is absent).',
    }),
    points: count({ default: 160, min: 1, max: 10_000, unit: 'points', doc: 'on the ring for each unit of weight' }),
  },
  make({ key, points }): Balancer {
    let ring = new Float64Array(0)
    let eligible: readonly Upstream[] = []
    const keyOf = (request: PolicyRequest) => {
      if (key === 'client') return request.client
      return (key === 'header' ? request.header('x-hash-key') : undefined) ?? request.target
    }
    return {
      onEligible(upstreams) {
        eligible = upstreams
        ring = ringOf(upstreams, points)
      },
      pick(request, avoid) {
        if (eligible.every(upstream => avoid.includes(upstream))) return null
        for (let at = firstAtOrAbove(ring, hashText(keyOf(request)) * ownersAtMost); ; at++) {
          const owner = eligible[ring[at % ring.length]! % ownersAtMost]!
          if (!avoid.includes(owner)) return owner
        }
      },
    }
  },
})

/** All points in order. They hang on the id, so that an upstream keeps its own whoever else is there. */
function ringOf(upstreams: readonly Upstream[], pointsPerWeight: number): Float64Array<ArrayBuffer> {
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

/** The first position whose point is at or above `value`; the length, which stands for position 0, when none is. */
function firstAtOrAbove(ring: Float64Array, value: number): number {
  let low = 0
  let high = ring.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ring[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
