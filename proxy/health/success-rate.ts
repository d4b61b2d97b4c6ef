// Compares the upstreams with each other: after each interval, those whose share of successes lies far below the mean of all
// are left out for a while. It finds the one that fails now and then, which failures in a row do not, and keeps quiet when
// all fail alike, because then there is nothing better to send to.
import { defineHealth, type HealthPolicy } from '../../core/contracts.ts'
import { Ejections, ejectionParameters } from '../../core/ejections.ts'
import { count, number } from '../../core/parameters.ts'

export default defineHealth({
  about: 'Leaves out upstreams whose success rate lies some standard deviations below the mean of all.',
  source: 'Envoy outlier detection, success_rate_* (outlier.rst, outlier_detection_impl.cc)',
  params: {
    intervalMs: number({
      default: 10_000,
      min: 1,
      max: 3_600_000,
      unit: 'ms',
      doc: 'The upstreams are compared so often.',
    }),
    factor: number({
      default: 1.9,
      min: 0,
      max: 100,
      unit: 'standard deviations',
      doc: 'How far below the mean is too far.',
    }),
    minUpstreams: count({
      default: 5,
      min: 2,
      max: 100_000,
      unit: 'upstreams',
      doc: 'With fewer to compare none is left out.',
    }),
    volume: count({
      default: 100,
      min: 1,
      max: 1e9,
      unit: 'requests',
      doc: 'An upstream with fewer in the interval is not compared.',
    }),
    ...ejectionParameters,
  },
  make({ intervalMs, factor, minUpstreams, volume, ...limits }): HealthPolicy {
    const ejections = new Ejections(limits)
    let totals: { sent: number; succeeded: number }[] = []
    let intervalEndsAt = Number.POSITIVE_INFINITY

    const compare = (now: number) => {
      const seen = totals
        .map(({ sent, succeeded }, index) => ({ index, sent, share: succeeded / sent }))
        .filter(({ sent }) => sent >= volume)
      const before = ejections.count
      const threshold =
        seen.length < minUpstreams
          ? Number.NEGATIVE_INFINITY
          : lowest(
              seen.map(one => one.share),
              factor,
            )
      for (const { index, share } of seen) if (share < threshold) ejections.eject(index, now)
      totals.forEach((total, index) => {
        if (!ejections.has(index) && total.sent > 0) ejections.forgive(index)
        total.sent = total.succeeded = 0
      })
      intervalEndsAt = now + intervalMs
      return ejections.count !== before
    }
    return {
      onMembers(upstreams, now) {
        ejections.reset(upstreams.length)
        totals = upstreams.map(() => ({ sent: 0, succeeded: 0 }))
        intervalEndsAt = now + intervalMs
      },
      eligible: ({ index }) => !ejections.has(index),
      onDone({ index }, outcome, now) {
        // A client that leaves says nothing about the upstream.
        if (outcome.kind !== 'client-gone') {
          totals[index]!.sent++
          if (outcome.kind === 'response' && outcome.status < 500) totals[index]!.succeeded++
        }
        return now >= intervalEndsAt && compare(now)
      },
      nextChangeAt: () => ejections.nextEndAt(),
      onChangeDue: now => ejections.end(now),
    }
  },
})

/** The least share that is not an outlier: the mean less `factor` standard deviations (of the population). */
function lowest(shares: readonly number[], factor: number): number {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length
  return mean - factor * Math.sqrt(variance)
}
