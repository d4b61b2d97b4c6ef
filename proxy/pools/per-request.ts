// A new connection for every request: what a proxy without a pool does, and the price a pool saves.
import { CLOSE, type ConnectionPool, DIAL, definePool, KEEP } from '../../core/contracts.ts'

export default definePool({
  about: 'Opens a connection for every request and closes it afterwards.',
  source: 'NGINX proxy_pass without the keepalive directive',
  params: {},
  make(): ConnectionPool {
    return {
      acquire: () => DIAL,
      onDialed() {},
      onDialFailed: () => KEEP,
      release: () => CLOSE,
      onClosed: () => KEEP,
      onGaveUp() {},
      nextExpiryAt: () => Number.POSITIVE_INFINITY,
      expired: () => [],
    }
  },
})
