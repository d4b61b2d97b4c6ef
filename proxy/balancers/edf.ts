// In turn by deadline: whoever is picked is due again after 1 / weight. The same shares as a smooth turn, each at most one
// pick off, at a cost that hardly grows with the number of upstreams. Equal deadlines go in order of arrival, so whole
// multiples of a weight can come in a row where a smooth turn would spread them.
import { type Balancer, defineBalancer } from '../../core/contracts.ts'
import { EarliestDeadline } from '../../core/earliest-deadline.ts'
import { choice } from '../../core/parameters.ts'

export default defineBalancer({
  about: 'Sends to each upstream in turn, in proportion to its weight, by earliest deadline first.',
  source: 'Envoy edf_scheduler.h, used for weighted ROUND_ROBIN; Traefik wrr',
  params: {
    start: choice({
      default: 'random',
      choices: ['random', 'first'],
      doc: 'where the order is entered: at a random place, so that workers are not in step, or at its beginning.',
    }),
  },
  make({ start }, { rng }): Balancer {
    const order = new EarliestDeadline(upstream => upstream.weight)
    let started = start === 'first'
    return {
      onEligible(upstreams) {
        order.keep(upstreams)
        if (started || upstreams.length === 0) return
        started = true
        for (let skipped = rng.integer(upstreams.length); skipped > 0; skipped--) order.pick([])
      },
      pick: (_request, avoid) => order.pick(avoid),
    }
  },
})
