// An origin that does its work and dies before it can say so. From outside this is the same as dying before the work: that
// is why a request that changes something cannot be repeated without asking.
import { defineFault } from '../../core/contracts.ts'
import { number } from '../../core/parameters.ts'

export default defineFault({
  about: 'The origin executes the request, and its connection is reset before the answer.',
  source: 'RFC 9110 section 9.2.2 (idempotent methods); Toxiproxy, reset_peer',
  simulated: true,
  params: {
    share: number({ default: 1, min: 0, max: 1, unit: 'of 1', doc: 'share of the requests that meet this fate' }),
  },
  make({ share }) {
    const effect = { kind: 'lose-answer' } as const
    return { effectAt: (_sinceMs, u) => (u < share ? effect : null) }
  },
})
