// Connections are opened before anybody asks: a request then waits for no round trip even when all that were in use are
// busy, at the price of connections that may never carry one.
import { CLOSE, type ConnectionPool, DIAL, definePool, KEEP } from '../../core/contracts.ts'
import { IdleBook, reuseParameters } from '../../core/idle-connections.ts'
import { count } from '../../core/parameters.ts'

/** What is known of one upstream: dials under way, and whether the last dial failed. */
interface Dials {
  underWay: number
  failing: boolean
}

export default definePool({
  about: 'Keeps some idle connections per upstream ready ahead of demand, and lends and keeps like keep-alive.',
  source: 'Envoy conn_pool_base.cc (preconnect), as a fixed number in place of a ratio',
  params: {
    ready: count({
      default: 4,
      min: 1,
      max: 1024,
      unit: 'connections',
      doc: 'Idle connections per upstream and worker that are opened ahead; none after a failed dial, until one succeeds.',
    }),
    maxIdle: count({
      default: 256,
      min: 1,
      max: 65_535,
      unit: 'connections',
      doc: 'Idle connections kept per upstream; with fewer than `ready`, this is what is kept ready.',
    }),
    order: reuseParameters.order,
    idleMs: reuseParameters.idleMs,
  },
  make({ ready, maxIdle, order, idleMs }): ConnectionPool {
    const idle = new IdleBook()
    const dials: Dials[] = []
    const of = (index: number) => (dials[index] ??= { underWay: 0, failing: false })
    return {
      acquire({ index }, _ticket, _first, now) {
        const connection = idle.of(index).take(order, now)
        if (connection !== null) return connection
        of(index).underWay++
        return DIAL
      },
      spares({ index }) {
        const own = of(index)
        const missing = Math.min(ready, maxIdle) - idle.of(index).size - own.underWay
        if (missing <= 0 || own.failing) return 0
        own.underWay += missing
        return missing
      },
      onDialed({ index }) {
        const own = of(index)
        own.underWay--
        own.failing = false
      },
      onDialFailed({ index }) {
        const own = of(index)
        own.underWay--
        own.failing = true
        return KEEP
      },
      release({ index }, connection, reusable, now) {
        if (!reusable || idle.of(index).size >= maxIdle) return CLOSE
        idle.add(index, connection, now + idleMs)
        return KEEP
      },
      onClosed({ index }, connection) {
        idle.of(index).remove(connection)
        return KEEP
      },
      onGaveUp() {},
      nextExpiryAt: () => idle.nextExpiryAt(),
      expired: now => idle.expired(now),
    }
  },
})
