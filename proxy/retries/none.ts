// No second attempt: whatever fails is told to the client.
import { defineRetries } from '../../core/contracts.ts'

export default defineRetries({
  about: 'Never tries again: a failed attempt is a failed request.',
  source: 'NGINX with proxy_next_upstream off; the default of Envoy',
  params: {},
  make: () => ({}),
})
