// The absence of a filter, as a strategy like the others.
import { defineFilter } from '../../core/contracts.ts'

export default defineFilter({
  about: 'Runs nothing: a request is only relayed.',
  source: 'The default of NGINX, HAProxy and Envoy',
  params: {},
  make: () => ({}),
})
