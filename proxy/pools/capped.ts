// At most `max` connections to each upstream, opening ones included. What comes when all are lent waits its turn, so that
// an origin is never given more at once than it was built for: the queue is in the proxy, where it can be bounded.
import {
  CLOSE,
  type ConnectionId,
  type ConnectionPool,
  DIAL,
  definePool,
  KEEP,
  REJECT,
  type Ticket,
  WAIT,
} from '../../core/contracts.ts'
import { IdleBook, ReuseLimits, reuseParameters } from '../../core/idle-connections.ts'
import { count, number } from '../../core/parameters.ts'

/** Connections of one upstream that are open or opening, and the requests that wait for one, in order of arrival. */
interface Upstreams {
  open: number
  readonly waiting: Set<Ticket>
}

export default definePool({
  about:
    'Opens at most a fixed number of connections per upstream; further requests wait in order, for a limited time.',
  source: 'Envoy conn_pool_base.cc (max_connections, max_pending_requests); HAProxy server maxconn and timeout queue',
  params: {
    max: count({
      default: 64,
      min: 1,
      max: 65_535,
      unit: 'connections',
      doc: 'Connections per upstream and worker, idle, lent or opening.',
    }),
    maxWaiting: count({
      default: 1024,
      min: 0,
      max: 1_000_000,
      unit: 'requests',
      doc: 'Requests that may wait per upstream; any more are answered with 503 at once.',
    }),
    waitMs: number({
      default: 5_000,
      min: 0,
      unit: 'ms',
      doc: 'A request that has waited so long is answered with 503; 0: no limit.',
    }),
    ...reuseParameters,
  },
  make(params): ConnectionPool {
    const { max, maxWaiting, waitMs, order } = params
    const limits = new ReuseLimits(params)
    const idle = new IdleBook()
    const upstreams: Upstreams[] = []
    const of = (index: number) => (upstreams[index] ??= { open: 0, waiting: new Set() })
    /** A place is free: the one who has waited longest may dial. */
    const passOn = (index: number): Ticket | typeof KEEP => {
      const own = of(index)
      const ticket = first(own.waiting)
      if (ticket === KEEP) own.open--
      return ticket
    }
    return {
      waitMs,
      acquire({ index }, ticket, _first, now) {
        const connection = idle.of(index).take(order, now)
        if (connection !== null) return connection
        const own = of(index)
        if (own.open < max) {
          own.open++
          return DIAL
        }
        if (own.waiting.size >= maxWaiting) return REJECT
        own.waiting.add(ticket)
        return WAIT
      },
      onDialed: (_upstream, connection, now) => limits.onOpened(connection, now),
      onDialFailed: ({ index }) => passOn(index),
      release({ index }, connection: ConnectionId, reusable, now) {
        const dueAt = limits.onUsed(connection, now)
        if (!reusable || dueAt <= now) return CLOSE
        const ticket = first(of(index).waiting)
        if (ticket === KEEP) idle.add(index, connection, dueAt)
        return ticket
      },
      onClosed({ index }, connection) {
        idle.of(index).remove(connection)
        return passOn(index)
      },
      onGaveUp: ({ index }, ticket) => void of(index).waiting.delete(ticket),
      nextExpiryAt: () => idle.nextExpiryAt(),
      expired: now => idle.expired(now),
    }
  },
})

/** Takes the ticket that has waited longest; KEEP when nobody waits. A Set keeps the order in which tickets came. */
function first(waiting: Set<Ticket>): Ticket | typeof KEEP {
  for (const ticket of waiting) {
    waiting.delete(ticket)
    return ticket
  }
  return KEEP
}
