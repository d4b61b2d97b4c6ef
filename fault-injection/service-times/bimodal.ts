// Nearly always quick and now and then slow, for reasons that have nothing to do with the request: a collection of garbage, a
// cold page, a compaction. The two values are exact, so that one sees at once which of them a quantile is.
import { defineServiceTime } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

export default defineServiceTime({
  about: 'Quick for nearly all requests and slow for a share of them, drawn at random.',
  source: 'Dean & Barroso, "The tail at scale", CACM 56(2), 2013, on the sources of variability',
  params: {
    ms: number({ default: 5, min: 0, max: 600_000, unit: 'ms', doc: 'the usual service time' }),
    slowMs: number({
      default: 200,
      min: 0,
      max: 600_000,
      unit: 'ms',
      doc: 'the service time of the slow ones; the usual one when below it',
    }),
    slowShare: number({ default: 0.02, min: 0, max: 1, unit: 'share', doc: 'of all requests' }),
  },
  make({ ms, slowMs, slowShare }) {
    const slow = Math.max(ms, slowMs)
    return { meanMs: ms + slowShare * (slow - ms), quantile: u => (u < 1 - slowShare ? ms : slow) }
  },
})
