// An origin that fails fast: its process lives, accepts and answers, but what it answers is an error. Nothing is quicker
// than giving up, so that everybody who judges an origin by its speed is drawn to it.
import { defineFault } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'

export default defineFault({
  about: 'The origin answers with a status at once, with no body and without doing its work.',
  source: 'Envoy fault filter, abort with http_status and percentage; "black hole" of load balancing',
  simulated: true,
  params: {
    code: count({ default: 500, min: 200, max: 599, unit: 'status', doc: 'what is answered' }),
    share: number({ default: 1, min: 0, max: 1, unit: 'of 1', doc: 'share of the requests that meet this fate' }),
  },
  make({ code, share }) {
    const effect = { kind: 'status', status: code } as const
    return { effectAt: (_sinceMs, u) => (u < share ? effect : null) }
  },
})
