// Idle connections wait per upstream for the next request, the last used first, so that the tail of a large pool expires.
import { CLOSE, type ConnectionId, type ConnectionPool, DIAL, definePool, KEEP } from '../../core/contracts.ts'
import { count, number } from '../../core/parameters.ts'

export default definePool({
  about: 'Keeps idle connections per upstream and lends the last used first; dials when none is idle.',
  source: 'NGINX ngx_http_upstream_keepalive_module.c (a bounded cache of idle connections, most recent first)',
  params: {
    maxIdle: count({
      default: 256,
      min: 1,
      max: 65_535,
      unit: 'connections',
      doc: 'Idle connections kept per upstream.',
    }),
    idleMs: number({ default: 60_000, min: 1, unit: 'ms', doc: 'An idle connection is closed after this time.' }),
  },
  make({ maxIdle, idleMs }): ConnectionPool {
    const stacks: IdleStack[] = []
    const stackOf = (index: number) => (stacks[index] ??= new IdleStack())
    return {
      acquire: upstream => stackOf(upstream.index).pop(),
      onDialed() {},
      onDialFailed: () => KEEP,
      release(upstream, connection, reusable, now) {
        const stack = stackOf(upstream.index)
        if (!reusable || stack.size >= maxIdle) return CLOSE
        stack.push(connection, now + idleMs)
        return KEEP
      },
      onClosed(upstream, connection) {
        stackOf(upstream.index).remove(connection)
        return KEEP
      },
      onGaveUp() {},
      nextExpiryAt: () =>
        stacks.reduce(
          (earliest, stack) => Math.min(earliest, stack?.oldestDueAt() ?? earliest),
          Number.POSITIVE_INFINITY,
        ),
      expired(now) {
        const gone: ConnectionId[] = []
        for (const stack of stacks) stack?.expire(now, gone)
        return gone
      },
    }
  },
})

/** Idle connections of one upstream, the longest idle at the bottom. */
class IdleStack {
  private ids: ConnectionId[] = []
  private dueAt: number[] = []

  get size(): number {
    return this.ids.length
  }

  push(connection: ConnectionId, dueAt: number): void {
    this.ids.push(connection)
    this.dueAt.push(dueAt)
  }

  pop(): ConnectionId | typeof DIAL {
    this.dueAt.pop()
    return this.ids.pop() ?? DIAL
  }

  remove(connection: ConnectionId): void {
    const at = this.ids.lastIndexOf(connection)
    if (at < 0) return
    this.ids.splice(at, 1)
    this.dueAt.splice(at, 1)
  }

  oldestDueAt(): number {
    return this.dueAt[0] ?? Number.POSITIVE_INFINITY
  }

  expire(now: number, gone: ConnectionId[]): void {
    let expired = 0
    while (expired < this.dueAt.length && this.dueAt[expired]! <= now) expired++
    if (expired === 0) return
    gone.push(...this.ids.splice(0, expired))
    this.dueAt.splice(0, expired)
  }
}
