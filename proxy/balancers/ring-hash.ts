// The same key to the same upstream, as long as it is there: each upstream owns many points of a ring, and a key belongs to
// the next point. When one of n leaves, only its own keys move, about 1/n of all. A key that everybody wants stays on one
// upstream all the same.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { firstPoint, ownerAt, ringOf } from '../../core/hash-ring.ts'
import { count } from '../../core/parameters.ts'
import { hashText } from '../../core/random.ts'
import { keyOf, keyParameter } from '../../core/request-key.ts'

export default defineBalancer({
  about:
    'Hashes a key of the request onto a ring of upstreams: equal keys meet the same one, and few move when one leaves.',
  source: 'Karger et al., "Consistent hashing and random trees", STOC 1997; ketama with 160 points as in NGINX',
  params: {
    key: keyParameter,
    points: count({ default: 160, min: 1, max: 10_000, unit: 'points', doc: 'on the ring for each unit of weight' }),
  },
  make({ key, points }): Balancer {
    let ring = new Float64Array(0)
    let eligible: readonly Upstream[] = []
    return {
      onEligible(upstreams) {
        eligible = upstreams
        ring = ringOf(upstreams, points)
      },
      pick(request, avoid) {
        if (ring.length === 0 || (avoid.length > 0 && eligible.every(upstream => avoid.includes(upstream)))) return null
        for (let at = firstPoint(ring, hashText(keyOf(request, key))); ; at++) {
          const owner = eligible[ownerAt(ring, at)]!
          if (avoid.length === 0 || !avoid.includes(owner)) return owner
        }
      },
    }
  },
})
