// The worker with the fewest open connections, the first of several. Exact, at the price of one place that knows all.
import { defineAccept } from '../../core/contracts.ts'

export default defineAccept({
  about: 'One process accepts and hands each connection to the worker with the fewest open.',
  source: 'Envoy connection_balance_config exact_balance (connection_balancer_impl.cc)',
  params: {},
  make: () => ({
    choose(connections) {
      let least = 0
      for (let worker = 1; worker < connections.length; worker++) {
        if (connections[worker]! < connections[least]!) least = worker
      }
      return least
    },
  }),
})
