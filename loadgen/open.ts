// The open-loop generator: sends each request when it is due, whatever became of the ones before, and gives every row of
// the log exactly one fate. Latency counted from `dueAt` is therefore what a user would have waited.
// Source of the idea: Tene, "How NOT to Measure Latency", 2013; Schroeder et al., "Open Versus Closed", NSDI 2006.
import type { Ms } from '../core/contracts.ts'
import type { InvalidRunError } from '../core/errors.ts'
import type { RequestLog } from '../core/request-log.ts'
import type { LoadPlan } from '../core/scenario.ts'
import type { ClientConnection, Ended, Line } from './client-connection.ts'
import { type Dispatch, dispatchFor } from './dispatch.ts'
import { pace, sharpenTimers } from './pacing.ts'
import type { Schedule } from './schedule.ts'

export interface OpenLoopOptions {
  readonly schedule: Schedule
  readonly plan: LoadPlan
  /** Of the schedule's size, and fresh. */
  readonly log: RequestLog
  readonly host: string
  readonly port: number
  /** 200 when absent. */
  readonly expectedStatus?: number
  /** Body length of a right answer; null accepts any. */
  readonly expectedBytes: number | null
  /** Burns this much CPU time after each look at the schedule: a bad instrument, made to see that it is noticed. */
  readonly throttleMs?: Ms
}

/** One load against one address. It is used once. */
export class OpenLoop {
  /**
   * Settles when every row has its one fate, at the latest `timeoutMs` after the last is due. Rejects with an
   * InvalidRunError when this machine ran out of ports or descriptors, which says nothing about the server.
   */
  readonly finished: Promise<void>
  /** How late the generator itself took up each row, in ms; waiting for a connection is not in it. NaN: not taken up. */
  readonly lagMs: Float64Array
  /** Rows that have their fate. */
  ended = 0
  private readonly options: OpenLoopOptions
  private readonly line: Line
  private readonly dispatch: Dispatch
  private readonly settle: { resolve: () => void; reject: (fault: InvalidRunError) => void }
  /** The next row to become due, and the first that may still time out. */
  private next = 0
  private oldest = 0
  private stopped = false

  constructor(options: OpenLoopOptions) {
    const { schedule, log } = options
    if (log.size !== schedule.size) throw new Error(`a log of ${log.size} rows for a schedule of ${schedule.size}`)
    this.options = options
    this.lagMs = new Float64Array(schedule.size).fill(Number.NaN)
    this.line = this.makeLine()
    this.dispatch = dispatchFor(options.plan.connections, schedule, this.line)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.finished = promise
    this.settle = { resolve, reject }
    // A fault may come before anybody waits for the end; whoever does still gets it.
    promise.catch(() => {})
  }

  /** Connections established now. */
  get openConnections(): number {
    return this.line.open
  }

  /** Opens the connections of a `keep-alive` plan ahead of the load; those that fail are dialled again when needed. */
  connect(): Promise<void> {
    return this.dispatch.connect()
  }

  /** Starts the load; `startAt` is the `performance.now()` instant of offset 0 and may lie a little ahead. */
  start(startAt: number): void {
    const { schedule, log, plan } = this.options
    for (let row = 0; row < schedule.size; row++) log.dueAt[row] = startAt + schedule.dueMs[row]!
    sharpenTimers()
    pace(plan.pacing, () => this.turn())
  }

  /** Ends the load early: rows not sent end as `unsent`, rows in flight as `closed`. */
  stop(): void {
    if (this.stopped) return
    this.finish()
    const { log } = this.options
    const now = performance.now()
    for (let row = this.oldest; row < log.size; row++) {
      if (log.fateOf(row) !== 'pending') continue
      log.end(row, log.sentAt[row] === 0 ? 'unsent' : 'closed', now)
      this.ended++
    }
    this.settle.resolve()
  }

  /** One look at the clock: expires, then takes up what is due. False when there is nothing left to do. */
  private turn(): boolean {
    if (this.stopped) return false
    const { schedule, log, throttleMs } = this.options
    this.expire(performance.now())
    const { dueAt } = log
    for (let now = performance.now(); this.next < schedule.size && dueAt[this.next]! <= now; now = performance.now()) {
      const row = this.next++
      this.lagMs[row] = now - dueAt[row]!
      this.dispatch.take(row)
    }
    if (throttleMs !== undefined) burn(throttleMs)
    if (this.ended < schedule.size) return true
    this.finish()
    this.settle.resolve()
    return false
  }

  /** Rows are due in order and wait equally long, so the first that has not ended is the first to time out. */
  private expire(now: number): void {
    const { log, plan } = this.options
    for (; this.oldest < this.next; this.oldest++) {
      const row = this.oldest
      if (log.fateOf(row) !== 'pending') continue
      if (now < log.dueAt[row]! + plan.timeoutMs) return
      const carrier = this.dispatch.carrierOf(row)
      carrier?.abandon()
      log.end(row, 'timeout', now)
      this.ended++
      if (carrier) this.dispatch.onEnded(carrier, row)
    }
  }

  private onEnded(connection: ClientConnection, row: number, fate: Ended, status: number): void {
    this.options.log.end(row, fate, performance.now(), status)
    this.ended++
    this.dispatch.onEnded(connection, row)
  }

  private onFault(fault: InvalidRunError): void {
    this.finish()
    this.settle.reject(fault)
  }

  private finish(): void {
    this.stopped = true
    this.dispatch.close()
  }

  private makeLine(): Line {
    const { host, port, plan, log, schedule, expectedStatus = 200, expectedBytes } = this.options
    const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    return {
      host,
      port,
      from: plan.from,
      targets: plan.keys ? Array.from({ length: plan.keys.count }, (_, key) => `/k/${key}`) : [plan.request ?? '/'],
      keys: schedule.keys,
      posts: schedule.posts,
      requestBeforeIndex: ` HTTP/1.1\r\nhost: ${authority}\r\nx-request-index: `,
      requestAfterIndex: '\r\n\r\n',
      expectedStatus,
      expectedBytes,
      log,
      open: 0,
      onEnded: (connection, row, fate, status) => this.onEnded(connection, row, fate, status),
      onFault: fault => this.onFault(fault),
    }
  }
}

function burn(forMs: Ms): void {
  const until = performance.now() + forMs
  while (performance.now() < until);
}
