// One budget of idle connections for all upstreams together: a busy origin may use what a quiet one does not need, and
// beyond the budget the connection that was idle longest, whosever it is, is closed.
import { CLOSE, type ConnectionId, type ConnectionPool, DIAL, definePool, KEEP } from '../../core/contracts.ts'
import { IdleBook, ReuseLimits, reuseParameters } from '../../core/idle-connections.ts'
import { count } from '../../core/parameters.ts'

export default definePool({
  about: 'Keeps a fixed number of idle connections over all upstreams and closes the longest idle beyond it.',
  source: 'Pingora pingora-pool/src/connection.rs and lru.rs (upstream_keepalive_pool_size)',
  params: {
    maxIdle: count({
      default: 128,
      min: 1,
      max: 65_535,
      unit: 'connections',
      doc: 'Idle connections kept over all upstreams of a worker.',
    }),
    ...reuseParameters,
  },
  make(params): ConnectionPool {
    const { maxIdle, order } = params
    const limits = new ReuseLimits(params)
    const idle = new IdleBook()
    /** Upstream index by idle connection, the longest idle first: a Map keeps the order in which keys came. */
    const upstreamOf = new Map<ConnectionId, number>()
    let evicted: ConnectionId[] = []
    const evictLongestIdle = () => {
      for (const [connection, index] of upstreamOf) {
        upstreamOf.delete(connection)
        idle.of(index).remove(connection)
        evicted.push(connection)
        return
      }
    }
    return {
      acquire({ index }, _ticket, _first, now) {
        const connection = idle.of(index).take(order, now)
        if (connection === null) return DIAL
        upstreamOf.delete(connection)
        return connection
      },
      onDialed: (_upstream, connection, now) => limits.onOpened(connection, now),
      onDialFailed: () => KEEP,
      release({ index }, connection, reusable, now) {
        const dueAt = limits.onUsed(connection, now)
        if (!reusable || dueAt <= now) return CLOSE
        if (upstreamOf.size >= maxIdle) evictLongestIdle()
        idle.add(index, connection, dueAt)
        upstreamOf.set(connection, index)
        return KEEP
      },
      onClosed({ index }, connection) {
        idle.of(index).remove(connection)
        upstreamOf.delete(connection)
        if (evicted.length > 0) evicted = evicted.filter(id => id !== connection)
        return KEEP
      },
      onGaveUp() {},
      nextExpiryAt: () => (evicted.length > 0 ? Number.NEGATIVE_INFINITY : idle.nextExpiryAt()),
      expired(now) {
        const gone = evicted.concat(idle.expired(now))
        evicted = []
        for (const connection of gone) upstreamOf.delete(connection)
        return gone
      },
    }
  },
})
