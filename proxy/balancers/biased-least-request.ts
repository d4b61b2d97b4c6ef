// Least-request as Envoy has it: among equal weights two random looks, but among unequal weights a turn by deadline, where a
// busy upstream is due later. The turn is decided when an upstream is put back, not when it is picked, so a stuck one keeps
// getting its turns, only more rarely.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { EarliestDeadline } from '../../core/earliest-deadline.ts'
import { count, number } from '../../core/parameters.ts'

export default defineBalancer({
  about: 'Equal weights: the less loaded of two random looks. Unequal weights: in turn, the busy ones more rarely.',
  source: 'Envoy least_request_lb.cc: weight / (requests in flight + 1) ^ active_request_bias',
  params: {
    bias: number({ default: 1, min: 0, max: 10, unit: 'exponent', doc: 'of the load; 0: a turn by weight alone' }),
    choices: count({ default: 2, min: 1, max: 64, unit: 'looks', doc: 'for each request, among equal weights' }),
  },
  make({ bias, choices }, { rng }): Balancer {
    let eligible: readonly Upstream[] = []
    let even = true
    const order = new EarliestDeadline(
      ({ weight, inFlight }) => weight / (bias === 1 ? inFlight + 1 : (inFlight + 1) ** bias),
    )

    /** With replacement: the same upstream may be met twice. */
    function least(candidates: readonly Upstream[]): Upstream | null {
      if (candidates.length === 0) return null
      let best = candidates[rng.integer(candidates.length)]!
      for (let look = 1; look < choices; look++) {
        const other = candidates[rng.integer(candidates.length)]!
        if (other.inFlight < best.inFlight) best = other
      }
      return best
    }

    return {
      onEligible(upstreams) {
        eligible = upstreams
        even = upstreams.every(({ weight }) => weight === upstreams[0]!.weight)
        order.keep(even ? [] : upstreams)
      },
      pick(_request, avoid) {
        if (!even) return order.pick(avoid)
        return least(avoid.length === 0 ? eligible : eligible.filter(upstream => !avoid.includes(upstream)))
      },
    }
  },
})
