// The generic cell rate algorithm: one number per client, the instant at which the next request would be due at the agreed
// rate. A request may come so much earlier as the tolerance allows. The same as a token bucket, without tokens to count.

import { ClientStates, perParameter } from '../../core/client-states.ts'
import { defineLimiter, type Limiter } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'

export default defineLimiter({
  about: 'Refuses what comes too early for a steady rate; remembers one instant per client.',
  source: 'ATM Forum TM 4.0, GCRA(T, τ) as virtual scheduling; ITU-T I.371 annex A',
  params: {
    ratePerSecond: number({ default: 1_000, min: 0.001, max: 1e9, unit: '1/s', doc: 'The agreed rate, 1/T.' }),
    burst: count({
      default: 100,
      min: 1,
      max: 1e9,
      unit: 'requests',
      doc: 'Requests that may come at once: τ is (burst − 1) · T.',
    }),
    ...perParameter,
  },
  make({ ratePerSecond, burst, per }): Limiter {
    const intervalMs = 1000 / ratePerSecond
    const toleranceMs = (burst - 1) * intervalMs
    const states = new ClientStates(
      per,
      () => ({ dueAt: Number.NEGATIVE_INFINITY }),
      ({ dueAt }, now) => dueAt <= now,
    )
    return {
      admit(request, _inFlight, now) {
        const state = states.of(request.client, now)
        const earlyMs = state.dueAt - now - toleranceMs
        if (earlyMs > 0) return { kind: 'refuse', ms: earlyMs }
        state.dueAt = Math.max(now, state.dueAt) + intervalMs
        return null
      },
    }
  },
})
