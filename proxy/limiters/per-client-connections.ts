// One client address may not take all the places. It stops a crowd from one address, not one from many.
import { defineLimiter, type Limiter } from '../../core/contracts.ts'
import { count } from '../../core/parameters.ts'

export default defineLimiter({
  about: 'Closes a new connection when its client address already has too many open.',
  source: 'NGINX ngx_http_limit_conn_module; HAProxy stick-table conn_cur',
  params: {
    max: count({
      default: 100,
      min: 1,
      max: 1_000_000,
      unit: 'connections',
      doc: 'Open connections per client address.',
    }),
  },
  make({ max }): Limiter {
    const open = new Map<string, number>()
    return {
      onConnect(client) {
        const now = open.get(client) ?? 0
        if (now >= max) return false
        open.set(client, now + 1)
        return true
      },
      onClose(client) {
        const left = (open.get(client) ?? 1) - 1
        if (left > 0) open.set(client, left)
        else open.delete(client)
      },
    }
  },
})
