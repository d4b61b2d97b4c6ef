// The absence of a limiter, as a strategy like the others.
import { defineLimiter } from '../../core/contracts.ts'

export default defineLimiter({
  about: 'Limits nothing: only the connection cap of the whole proxy counts.',
  source: 'The default of NGINX, HAProxy and Envoy',
  params: {},
  make: () => ({}),
})
