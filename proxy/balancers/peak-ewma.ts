// Knows how long each upstream takes: a slower answer counts at once, a quicker one little by little. What a request would
// cost is that time for everyone ahead of it and itself; the cheaper of two drawn upstreams gets it.
import { type Balancer, defineBalancer, type Outcome, type Upstream } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

/** Above every cost that was measured: an upstream that has been asked and has not answered yet is left alone. */
const unknownCost = 2 ** 47

export default defineBalancer({
  about: 'Draws two upstreams and takes the one with the lower recent time to answer, times its requests in flight.',
  source: 'Finagle PeakEwma.scala in a P2C balancer; failures as penalised times as in Linkerd',
  params: {
    decayMs: number({ default: 10_000, min: 1, max: 3_600_000, unit: 'ms', doc: 'time constant of forgetting' }),
    failureMs: number({
      default: 5000,
      min: 0,
      max: 3_600_000,
      unit: 'ms',
      doc: 'a failure (a broken attempt, 429 or 5xx) counts as at least this slow; 0: as quick as it was, as in Finagle',
    }),
  },
  make({ decayMs, failureMs }, { rng }): Balancer {
    let eligible: readonly Upstream[] = []
    /** Smoothed time to answer by upstream index, and when it was last brought up to date. */
    const costMs: number[] = []
    const updatedAt: number[] = []

    /** Takes in an observation; 0 only lets time pass. */
    function observe(index: number, tookMs: number, now: number): void {
      const cost = costMs[index] ?? 0
      const kept = Math.exp(-(now - (updatedAt[index] ?? now)) / decayMs)
      costMs[index] = tookMs > cost ? tookMs : cost * kept + tookMs * (1 - kept)
      updatedAt[index] = now
    }

    function loadOf({ index, inFlight, weight }: Upstream, now: number): number {
      observe(index, 0, now)
      const cost = costMs[index]!
      return (cost === 0 && inFlight > 0 ? unknownCost + inFlight : cost * (inFlight + 1)) / weight
    }

    return {
      onEligible(upstreams) {
        eligible = upstreams
      },
      pick(_request, avoid, now) {
        const candidates = avoid.length === 0 ? eligible : eligible.filter(upstream => !avoid.includes(upstream))
        const n = candidates.length
        if (n < 2) return candidates[0] ?? null
        const first = rng.integer(n)
        // Two distinct indexes: the second is drawn from the others.
        const drawn = rng.integer(n - 1)
        const a = candidates[first]!
        const b = candidates[drawn < first ? drawn : drawn + 1]!
        return loadOf(b, now) < loadOf(a, now) ? b : a
      },
      onDone({ index }, outcome, now) {
        // A client that leaves early says only that the answer would have taken longer.
        if (outcome.kind === 'client-gone' && outcome.headMs <= (costMs[index] ?? 0)) return
        observe(index, hasFailed(outcome) ? Math.max(failureMs, outcome.headMs) : outcome.headMs, now)
      },
    }
  },
})

function hasFailed({ kind, status }: Outcome): boolean {
  if (kind === 'client-gone') return false
  return kind !== 'response' || status === 429 || status >= 500
}
