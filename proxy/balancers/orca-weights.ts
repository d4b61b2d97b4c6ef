// Weights that nobody has to configure: each upstream says in its answers how busy it is and how much it gets done, and its
// weight is what it would get done at full use. Errors count as work, so failing fast earns no weight. What an upstream can
// do shows without the proxy having to count everybody's requests, which suits many proxies.
import { type Balancer, defineBalancer, type Upstream } from '../../core/contracts.ts'
import { EarliestDeadline } from '../../core/earliest-deadline.ts'
import { number } from '../../core/parameters.ts'

export default defineBalancer({
  about: 'Sends in turn by weights that follow from the load the upstreams report: requests per second by utilisation.',
  source: 'gRPC proposal A58, weighted_round_robin; Envoy client_side_weighted_round_robin; reports as in ORCA (xDS)',
  needs: ['load-reports'],
  params: {
    blackoutMs: number({
      default: 10_000,
      min: 0,
      max: 3_600_000,
      unit: 'ms',
      doc: 'after the first report, until reports count',
    }),
    expirationMs: number({
      default: 180_000,
      min: 1,
      max: 86_400_000,
      unit: 'ms',
      doc: 'after which a report counts no longer',
    }),
    updateMs: number({ default: 1000, min: 100, max: 3_600_000, unit: 'ms', doc: 'between two changes of weights' }),
    errorPenalty: number({
      default: 1,
      min: 0,
      max: 100,
      unit: 'factor',
      doc: 'what the share of errors adds to utilisation',
    }),
  },
  make({ blackoutMs, expirationMs, updateMs, errorPenalty }, { rng }): Balancer {
    let eligible: readonly Upstream[] = []
    /** Current weights by index, and what was last reported. */
    const weights: number[] = []
    const reported: number[] = []
    const reportedAt: number[] = []
    const firstReportAt: number[] = []
    const order = new EarliestDeadline(({ index }) => weights[index]!)
    let updateAt = Number.NEGATIVE_INFINITY
    let started = false

    /** The reported weight, or null when there is none that counts now. */
    function valid(index: number, now: number): number | null {
      if (firstReportAt[index] === undefined) return null
      if (now - reportedAt[index]! >= expirationMs) {
        delete firstReportAt[index]
        return null
      }
      return now - firstReportAt[index]! < blackoutMs ? null : reported[index]!
    }

    function update(now: number): void {
      updateAt = now + updateMs
      const known = eligible.flatMap(({ index }) => valid(index, now) ?? []).sort((a, b) => a - b)
      // Fewer than two reports say nothing of each other: the configured weights hold.
      const middle = known.length < 2 ? null : median(known)
      for (const { index, weight } of eligible) {
        weights[index] = middle === null ? weight : (valid(index, now) ?? middle)
      }
    }

    return {
      onEligible(upstreams, _version, now) {
        // One that comes back begins anew, as after a restart.
        for (const { index } of upstreams) if (!eligible.some(one => one.index === index)) delete firstReportAt[index]
        eligible = upstreams
        update(now)
        order.keep(upstreams)
        if (started || upstreams.length === 0) return
        // Entered at a random place, as gRPC and Envoy do: many proxies in step would all send to the same upstream.
        started = true
        for (let skipped = rng.integer(upstreams.length); skipped > 0; skipped--) order.pick([])
      },
      pick(_request, avoid, now) {
        if (now >= updateAt) {
          update(now)
          order.reweigh()
        }
        return order.pick(avoid)
      },
      onDone({ index }, { report }, now) {
        if (!report || report.ratePerSecond <= 0) return
        const errors = (report.errorsPerSecond / report.ratePerSecond) * errorPenalty
        if (report.utilisation + errors <= 0) return
        reported[index] = report.ratePerSecond / (report.utilisation + errors)
        reportedAt[index] = now
        firstReportAt[index] ??= now
      },
    }
  },
})

/** Of a sorted list that is not empty. */
function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
