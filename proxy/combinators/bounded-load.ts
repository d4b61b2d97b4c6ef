// A hash does not care how popular a key is; a bound does. An upstream that has more than its fair share of all requests in
// flight, and a bit, is passed over for the next that the balancer within names. The bit is the price of a bound in moved keys.
import { type Balancer, defineCombinator, type Upstream } from '../../core/contracts.ts'
import { choice, number } from '../../core/parameters.ts'

export default defineCombinator({
  about: 'Passes over an upstream that has more than its share, and a bit, of all requests in flight; for hashes.',
  source:
    'Mirrokni, Thorup, Zadimoghaddam, "Consistent hashing with bounded loads", SODA 2018; HAProxy and Envoy hash-balance-factor',
  params: {
    factor: number({ default: 1.25, min: 1, max: 100, unit: 'times', doc: 'the fair share that an upstream may have' }),
    full: choice({
      default: 'at-bound',
      choices: ['at-bound', 'above-bound'],
      doc: 'when is an upstream full: when it has reached the bound, or as Envoy counts, which lets it take one more?',
    }),
  },
  make({ factor, full }, newInner): Balancer {
    const inner = newInner()
    let eligible: readonly Upstream[] = []
    let totalWeight = 0
    /** Of all eligible upstreams, kept by what is sent and done; exact again after each `onEligible`. */
    let inFlight = 0
    let isEligible: boolean[] = []
    const passed: Upstream[] = []
    const allowed = full === 'at-bound' ? 1 : 0

    /** Counts the request that is to be sent: the bounds of all are then never too small for all requests together. */
    const hasRoom = ({ inFlight: own, weight }: Upstream) =>
      own + allowed <= Math.ceil((factor * (inFlight + 1) * weight) / totalWeight - 1e-9)

    return {
      ...inner,
      onEligible(upstreams, version, now) {
        eligible = upstreams
        totalWeight = upstreams.reduce((sum, { weight }) => sum + weight, 0)
        inFlight = upstreams.reduce((sum, upstream) => sum + upstream.inFlight, 0)
        isEligible = []
        for (const { index } of upstreams) isEligible[index] = true
        inner.onEligible(upstreams, version, now)
      },
      pick(request, avoid, now) {
        const first = inner.pick(request, avoid, now)
        if (first === null || hasRoom(first)) return first
        passed.length = 0
        for (const upstream of avoid) passed.push(upstream)
        passed.push(first)
        for (let tries = 1; tries < eligible.length; tries++) {
          const next = inner.pick(request, passed, now)
          if (next === null) break
          if (hasRoom(next)) return next
          passed.push(next)
        }
        // Everybody that may be picked is full, which only `avoid` can bring about.
        return first
      },
      onSend(upstream, now) {
        if (isEligible[upstream.index]) inFlight++
        inner.onSend?.(upstream, now)
      },
      onDone(upstream, outcome, now) {
        if (isEligible[upstream.index]) inFlight--
        inner.onDone?.(upstream, outcome, now)
      },
    }
  },
})
