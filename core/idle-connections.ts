// What connection pools share: idle connections with the instants at which they are to be closed, and the limits that
// retire a connection. In core because pools import nothing else; pure, like the pools.
import type { ConnectionId, Ms } from './contracts.ts'
import { choice, count, number, type Values } from './parameters.ts'

/** The parameters of every pool that keeps connections; 0 means no limit. */
export const reuseParameters = {
  order: choice({
    default: 'lifo',
    choices: ['lifo', 'fifo'],
    doc: 'Which idle connection is lent: the last used, so that a tail nobody needs expires, or the longest idle, so that all stay in use.',
  }),
  idleMs: number({ default: 60_000, min: 1, unit: 'ms', doc: 'An idle connection is closed after this time.' }),
  maxRequests: count({
    default: 0,
    min: 0,
    unit: 'requests',
    doc: 'A connection that has carried so many is closed; 0: no limit.',
  }),
  maxAgeMs: number({
    default: 0,
    min: 0,
    unit: 'ms',
    doc: 'So long after it opened a connection is lent no more; 0: no limit.',
  }),
} as const

export type ReuseParameters = Values<typeof reuseParameters>

/** The age and the use of open connections, by id; decides how long each may stay idle. */
export class ReuseLimits {
  private readonly params: ReuseParameters
  private readonly openedAt: Ms[] = []
  private readonly carried: number[] = []

  constructor(params: ReuseParameters) {
    this.params = params
  }

  onOpened(connection: ConnectionId, now: Ms): void {
    this.openedAt[connection] = now
    this.carried[connection] = 0
  }

  /** A request on this connection has ended. Returns when it must be closed if it stays idle; `now` or before: at once. */
  onUsed(connection: ConnectionId, now: Ms): Ms {
    const { idleMs, maxRequests, maxAgeMs } = this.params
    const carried = ++this.carried[connection]!
    if (maxRequests > 0 && carried >= maxRequests) return now
    return maxAgeMs > 0 ? Math.min(now + idleMs, this.openedAt[connection]! + maxAgeMs) : now + idleMs
  }

  /** Has it carried more than one request? Then its origin has been seen to keep connections. */
  isProven(connection: ConnectionId): boolean {
    return this.carried[connection]! > 1
  }
}

/** Idle connections of one upstream, the longest idle first. */
export class IdleConnections {
  private readonly ids: ConnectionId[] = []
  private readonly dueAt: Ms[] = []

  get size(): number {
    return this.ids.length
  }

  /** `dueAt`: when it is to be closed. */
  add(connection: ConnectionId, dueAt: Ms): void {
    this.ids.push(connection)
    this.dueAt.push(dueAt)
  }

  /**
   * Takes out the first in `order` that is not due and `fits`; null when there is none. One that is due stays until
   * `expire`, because only there a pool can hand it over to be closed.
   */
  take(order: 'lifo' | 'fifo', now: Ms, fits?: (connection: ConnectionId) => boolean): ConnectionId | null {
    const { ids, dueAt } = this
    const step = order === 'lifo' ? -1 : 1
    for (let at = order === 'lifo' ? ids.length - 1 : 0; at >= 0 && at < ids.length; at += step) {
      const id = ids[at]!
      if (dueAt[at]! <= now || (fits && !fits(id))) continue
      this.removeAt(at)
      return id
    }
    return null
  }

  /** Forgets a connection; false when it was not idle. */
  remove(connection: ConnectionId): boolean {
    const at = this.ids.lastIndexOf(connection)
    if (at >= 0) this.removeAt(at)
    return at >= 0
  }

  /** Moves what is due to `gone` and returns when the next one is due; Infinity when none is left. */
  expire(now: Ms, gone: ConnectionId[]): Ms {
    let earliest = Number.POSITIVE_INFINITY
    for (let at = this.ids.length - 1; at >= 0; at--) {
      if (this.dueAt[at]! > now) earliest = Math.min(earliest, this.dueAt[at]!)
      else {
        gone.push(this.ids[at]!)
        this.removeAt(at)
      }
    }
    return earliest
  }

  private removeAt(at: number): void {
    if (at === this.ids.length - 1) {
      this.ids.pop()
      this.dueAt.pop()
    } else {
      this.ids.splice(at, 1)
      this.dueAt.splice(at, 1)
    }
  }
}

/** The idle connections of all upstreams, with one answer to "when does the next one expire". */
export class IdleBook {
  private readonly perUpstream: IdleConnections[] = []
  private earliestDueAt = Number.POSITIVE_INFINITY

  /** Those of the upstream with this index. Add through `add`, so that the next expiry is known. */
  of(index: number): IdleConnections {
    return (this.perUpstream[index] ??= new IdleConnections())
  }

  add(index: number, connection: ConnectionId, dueAt: Ms): void {
    this.of(index).add(connection, dueAt)
    if (dueAt < this.earliestDueAt) this.earliestDueAt = dueAt
  }

  /**
   * Never after the next expiry, and sometimes before it: looking for the exact instant each time a connection is lent
   * would cost more than an engine that wakes once in vain. Infinity when none can expire.
   */
  nextExpiryAt(): Ms {
    return this.earliestDueAt
  }

  /** Takes out all that are due. */
  expired(now: Ms): ConnectionId[] {
    const gone: ConnectionId[] = []
    if (now < this.earliestDueAt) return gone
    this.earliestDueAt = this.perUpstream.reduce(
      (earliest, idle) => Math.min(earliest, idle?.expire(now, gone) ?? earliest),
      Number.POSITIVE_INFINITY,
    )
    return gone
  }
}
