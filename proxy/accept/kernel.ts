// The kernel spreads connections over the workers' own listening sockets by a hash of addresses and ports. Live, nothing is
// chosen here: each worker listens with SO_REUSEPORT. As a policy it is what a hash of unrelated keys is: chance.
import { defineAccept } from '../../core/contracts.ts'

export default defineAccept({
  about: 'The kernel hashes each connection to one of the listening sockets: even on average, blind to load.',
  source: 'SO_REUSEPORT in socket(7); NGINX listen … reuseport',
  params: {},
  make: (_params, { rng }) => ({ choose: connections => rng.integer(connections.length) }),
})
