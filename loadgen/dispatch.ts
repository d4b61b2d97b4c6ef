// Which connection carries a request that is due: the two connection plans of a load, behind one small interface.
import type { Ms } from '../core/contracts.ts'
import type { LoadPlan } from '../core/scenario.ts'
import { ClientConnection, type Line } from './client-connection.ts'
import type { Schedule } from './schedule.ts'

/** Told of requests as they become due, in order, and of connections as they become free. */
export interface Dispatch {
  /** Opens the connections that are there before the load starts. */
  connect(): Promise<void>
  /** The request `row` is due. It is sent now, or as soon as a connection may carry it. */
  take(row: number): void
  /** The request `row` has ended and `connection` is free. */
  onEnded(connection: ClientConnection, row: number): void
  /** The connection that carries `row` now, if any does. */
  carrierOf(row: number): ClientConnection | undefined
  /** Closes every connection; nothing is told of afterwards. */
  close(): void
}

export function dispatchFor(plan: LoadPlan['connections'], schedule: Schedule, line: Line): Dispatch {
  return plan.kind === 'keep-alive'
    ? new KeepAliveDispatch(plan.count, schedule.size, line)
    : new SessionDispatch(schedule, line)
}

/** How long dialling ahead of the load may take before the load starts without the rest. */
const dialLimitMs: Ms = 5000

/**
 * A fixed set of connections. A request takes the free one that was used last, or waits its turn; a connection that has
 * died is opened again by the next request it is given.
 */
class KeepAliveDispatch implements Dispatch {
  private readonly connections: ClientConnection[]
  private readonly free: ClientConnection[]
  private readonly line: Line
  /** Waiting requests, first come first served. Each waits at most once, so the queue never wraps. */
  private readonly waiting: Int32Array
  private firstWaiting = 0
  private waitingEnd = 0

  constructor(count: number, size: number, line: Line) {
    this.line = line
    this.connections = Array.from({ length: count }, () => new ClientConnection(line))
    this.free = [...this.connections]
    this.waiting = new Int32Array(size)
  }

  async connect(): Promise<void> {
    const limit = Promise.withResolvers<void>()
    const timer = setTimeout(limit.resolve, dialLimitMs)
    await Promise.race([Promise.all(this.connections.map(connection => connection.dial())), limit.promise])
    clearTimeout(timer)
  }

  take(row: number): void {
    const connection = this.free.pop()
    if (connection) connection.send(row)
    else this.waiting[this.waitingEnd++] = row
  }

  onEnded(connection: ClientConnection): void {
    while (this.firstWaiting < this.waitingEnd) {
      const row = this.waiting[this.firstWaiting++]!
      // A request that timed out while it waited has ended already.
      if (this.line.log.fateOf(row) !== 'pending') continue
      connection.send(row)
      return
    }
    this.free.push(connection)
  }

  carrierOf(row: number): ClientConnection | undefined {
    return this.connections.find(connection => connection.row === row)
  }

  close(): void {
    for (const connection of this.connections) connection.abandon()
  }
}

/** One connection per session, opened by its first request and closed by the client after its last answer. */
class SessionDispatch implements Dispatch {
  private readonly session: Int32Array
  /** The neighbours of a request within its session, -1 at either end. */
  private readonly before: Int32Array
  private readonly after: Int32Array
  private readonly connections: (ClientConnection | undefined)[]
  private readonly line: Line
  private lastTaken = -1

  constructor(schedule: Schedule, line: Line) {
    this.line = line
    this.session = schedule.session
    this.before = new Int32Array(schedule.size).fill(-1)
    this.after = new Int32Array(schedule.size).fill(-1)
    const latest: number[] = []
    schedule.session.forEach((session, row) => {
      const previous = latest[session] ?? -1
      this.before[row] = previous
      if (previous >= 0) this.after[previous] = row
      latest[session] = row
    })
    this.connections = new Array(latest.length).fill(undefined)
  }

  async connect(): Promise<void> {}

  take(row: number): void {
    this.lastTaken = row
    const before = this.before[row]!
    // Otherwise the end of the request before it sends this one.
    if (before < 0 || this.line.log.fateOf(before) !== 'pending') this.send(row)
  }

  onEnded(connection: ClientConnection, row: number): void {
    const after = this.after[row]!
    if (after < 0) {
      connection.abandon()
      this.connections[this.session[row]!] = undefined
    } else if (after <= this.lastTaken) this.send(after)
  }

  carrierOf(row: number): ClientConnection | undefined {
    const connection = this.connections[this.session[row]!]
    return connection?.row === row ? connection : undefined
  }

  close(): void {
    for (const connection of this.connections) connection?.abandon()
  }

  private send(row: number): void {
    const session = this.session[row]!
    const connection = (this.connections[session] ??= new ClientConnection(this.line))
    connection.send(row)
  }
}
