// Two random choices, the less loaded wins: nearly as even as asking everybody, at the price of two looks.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'

export default defineBalancer({
  about: 'Looks at two random upstreams and takes the one with fewer requests in flight per weight.',
  source:
    'Mitzenmacher, "The power of two choices in randomized load balancing", TPDS 12(10), 2001; NGINX random two least_conn',
  params: {},
  make(_params, { rng }): Balancer {
    let eligible: readonly Upstream[] = []
    return {
      onEligible(upstreams) {
        eligible = upstreams
      },
      pick(_request, avoid) {
        const candidates = avoid.length === 0 ? eligible : eligible.filter(upstream => !avoid.includes(upstream))
        const n = candidates.length
        if (n === 0) return null
        const first = rng.integer(n)
        if (n === 1) return candidates[0]!
        // Two distinct indexes: the second is drawn from the others.
        const drawn = rng.integer(n - 1)
        const a = candidates[first]!
        const b = candidates[drawn < first ? drawn : drawn + 1]!
        return b.inFlight * a.weight < a.inFlight * b.weight ? b : a
      },
    }
  },
})
