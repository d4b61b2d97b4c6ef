// What the parts of one worker share: its configuration, its clients, its clock wheel, its counters and logs, and the one
// place where messages are put together. One event loop, so nothing here is ever used twice at the same time.
import type { ProxyConfig } from './config.ts'
import { DeadlineWheel, type Timed } from './deadlines.ts'
import type { ClientConnection } from './downstream/client-connection.ts'
import { Gather } from './gather.ts'
import { HoldingAccount } from './holding/holding-account.ts'
import { SpoolDirectory } from './holding/spool-file.ts'
import { RequestHead } from './http1/head.ts'
import type { Log } from './log.ts'
import { type Counters, newCounters } from './statistics.ts'

/** How exact deadlines are. */
const tickMs = 50

export class WorkerContext {
  readonly config: ProxyConfig
  /** Null when the configuration asks for none. */
  readonly accessLog: Log | null
  readonly errorLog: Log
  readonly counters: Counters = newCounters()
  readonly wheel = new DeadlineWheel(tickMs, performance.now())
  readonly gather = new Gather()
  /** What the bodies take that are held. */
  readonly holding: HoldingAccount
  /** The flyweight that the request parser fills. */
  readonly requestHead = new RequestHead()
  /** By id; the id is also the ticket of the client's exchange. */
  readonly clients: (ClientConnection | undefined)[] = []
  /** Requests admitted and not yet ended. */
  requestsInFlight = 0
  /** No request after the ones in flight: every response closes its connection. */
  draining = false

  constructor(config: ProxyConfig, accessLog: Log | null, errorLog: Log) {
    this.config = config
    this.accessLog = accessLog
    this.errorLog = errorLog
    this.holding = new HoldingAccount(this.counters, new SpoolDirectory(config.spoolDirectory))
  }

  /** Gives a connection `ms` from `now`; 0 means no deadline. */
  setDeadline(connection: Timed, now: number, ms: number): void {
    this.wheel.arm(connection, ms === 0 ? Number.POSITIVE_INFINITY : now + ms)
  }
}
