// Idle connections wait per upstream for the next request. How freely a request may be given a connection that others
// have used is HAProxy's question: a client repeats a request by itself when its own kept connection fails, but not the
// first one of a new connection, so `safe` gives first requests a fresh connection. HAProxy's fourth mode, `never`, is the
// pool `per-request` here, because a client of ours owns no upstream connection. Its order of preference between proven
// and unproven connections in `always` is left out.
import { CLOSE, type ConnectionPool, DIAL, definePool, KEEP } from '../../core/contracts.ts'
import { IdleBook, ReuseLimits, reuseParameters } from '../../core/idle-connections.ts'
import { choice, count } from '../../core/parameters.ts'

export default definePool({
  about: 'Keeps idle connections per upstream and lends them again; dials when none is idle.',
  source:
    'NGINX ngx_http_upstream_keepalive_module.c (a bounded cache of idle connections); HAProxy backend.c (http-reuse)',
  params: {
    maxIdle: count({
      default: 256,
      min: 1,
      max: 65_535,
      unit: 'connections',
      doc: 'Idle connections kept per upstream.',
    }),
    reuse: choice({
      default: 'always',
      choices: ['always', 'aggressive', 'safe'],
      doc: "What the first request of a client's connection may use: any idle connection, only one that has carried several requests, or only a new one.",
    }),
    ...reuseParameters,
  },
  make(params): ConnectionPool {
    const { maxIdle, reuse, order } = params
    const limits = new ReuseLimits(params)
    const idle = new IdleBook()
    const isProven = (connection: number) => limits.isProven(connection)
    return {
      acquire(upstream, _ticket, first, now) {
        const picky = first && reuse !== 'always'
        if (picky && reuse === 'safe') return DIAL
        return idle.of(upstream.index).take(order, now, picky ? isProven : undefined) ?? DIAL
      },
      onDialed: (_upstream, connection, now) => limits.onOpened(connection, now),
      onDialFailed: () => KEEP,
      release({ index }, connection, reusable, now) {
        const dueAt = limits.onUsed(connection, now)
        if (!reusable || dueAt <= now || idle.of(index).size >= maxIdle) return CLOSE
        idle.add(index, connection, dueAt)
        return KEEP
      },
      onClosed(upstream, connection) {
        idle.of(upstream.index).remove(connection)
        return KEEP
      },
      onGaveUp() {},
      nextExpiryAt: () => idle.nextExpiryAt(),
      expired: now => idle.expired(now),
    }
  },
})
