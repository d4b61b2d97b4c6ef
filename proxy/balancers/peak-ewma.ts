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
    /**
     * By upstream index, side by side so that a look costs one cache line: the smoothed time to answer, at 2·index, and
     * when it was last brought up to date.
     */
    let costs = new Float64Array(0)
    /** Does every eligible upstream stand at its index? Then its cost is fetched while it is itself still on its way. */
    let inPlace = true

    /** Takes in a time: what took longer than the cost is now counts at once. `atLeast`: it would have taken longer still. */
    function observe(index: number, tookMs: number, atLeast: boolean, now: number): void {
      if (tookMs >= costs[2 * index]!) costs[2 * index] = tookMs
      else {
        const kept = Math.exp(-(now - costs[2 * index + 1]!) / decayMs)
        const cost = costs[2 * index]! * kept
        if (tookMs > cost) costs[2 * index] = tookMs
        else costs[2 * index] = atLeast ? cost : cost + tookMs * (1 - kept)
      }
      costs[2 * index + 1] = now
    }

    /** The load as it was when it was last observed. */
    function loadOf({ inFlight, weight }: Upstream, cost: number): number {
      return (cost === 0 && inFlight > 0 ? unknownCost + inFlight : cost * (inFlight + 1)) / weight
    }

    /**
     * Both have faded since they were observed, so only the difference in age tells: one exponential in place of two. All is
     * looked up before anything is decided, so that the memory of both is fetched at once.
     */
    function isLess(a: Upstream, atA: number, b: Upstream, atB: number): boolean {
      const costA = costs[2 * atA]!
      const costB = costs[2 * atB]!
      const olderMs = costs[2 * atB + 1]! - costs[2 * atA + 1]!
      const loadA = loadOf(a, costA)
      const loadB = loadOf(b, costB)
      const bothKnown = costA > 0 && costB > 0
      return loadA < (bothKnown && olderMs !== 0 ? loadB * Math.exp(olderMs / decayMs) : loadB)
    }

    return {
      onEligible(upstreams, _version, now) {
        eligible = upstreams
        inPlace = upstreams.every(({ index }, place) => index === place)
        const size = 2 * upstreams.reduce((most, { index }) => Math.max(most, index + 1), 0)
        if (size <= costs.length) return
        const grown = new Float64Array(size)
        grown.set(costs)
        for (let at = costs.length + 1; at < size; at += 2) grown[at] = now
        costs = grown
      },
      pick(_request, avoid) {
        const candidates = avoid.length === 0 ? eligible : eligible.filter(upstream => !avoid.includes(upstream))
        const n = candidates.length
        if (n < 2) return candidates[0] ?? null
        const first = rng.integer(n)
        // Two distinct indexes: the second is drawn from the others.
        const drawn = rng.integer(n - 1)
        const second = drawn < first ? drawn : drawn + 1
        const a = candidates[first]!
        const b = candidates[second]!
        const areInPlace = inPlace && candidates === eligible
        return isLess(b, areInPlace ? second : b.index, a, areInPlace ? first : a.index) ? b : a
      },
      onDone({ index }, outcome, now) {
        // A client that leaves early says only that the answer would have taken longer.
        const left = outcome.kind === 'client-gone'
        observe(index, hasFailed(outcome) ? Math.max(failureMs, outcome.headMs) : outcome.headMs, left, now)
      },
    }
  },
})

function hasFailed({ kind, status }: Outcome): boolean {
  if (kind === 'client-gone') return false
  return kind !== 'response' || status === 429 || status >= 500
}
