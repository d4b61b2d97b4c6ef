// Accepts connections and admits them up to a cap. The rest wait unread, first come first served, up to a backlog; what
// comes beyond that is closed. With the cap set to a number of slots this is Apache prefork's rule: a slot belongs to one
// connection for its whole life.
import net from 'node:net'
import { UsageError } from '../../core/errors.ts'
import type { Counters } from '../statistics.ts'

export interface ListenerOptions {
  readonly host: string
  readonly port: number
  /** Several processes listen on the same port and the kernel spreads connections over them. */
  readonly reusePort: boolean
  readonly maxConnections: number
  readonly backlog: number
  readonly counters: Counters
  /** A connection has got its place. Its reads are still paused. */
  onAdmitted(socket: net.Socket): void
}

/** Waiting sockets keep an error listener so that a reset while waiting is not an uncaught error. */
const ignoreError = () => {}

export class Listener {
  private readonly options: ListenerOptions
  private readonly server: net.Server
  private readonly waiting: net.Socket[] = []

  constructor(options: ListenerOptions) {
    this.options = options
    this.server = net.createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true }, socket =>
      this.onConnection(socket),
    )
  }

  /** Resolves with the port. @throws UsageError when the address is taken or not allowed. */
  listen(): Promise<number> {
    const { host, port, backlog, reusePort } = this.options
    return new Promise((resolve, reject) => {
      const refused = (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EADDRINUSE' ? 'the port is taken by another program' : error.message
        reject(new UsageError(`listen ${host}:${port}: ${why}`))
      }
      this.server.once('error', refused)
      this.server.listen({ host, port, backlog: Math.max(1, backlog), reusePort }, () => {
        this.server.off('error', refused)
        resolve((this.server.address() as net.AddressInfo).port)
      })
    })
  }

  /** Takes a connection that another process has accepted; its reads are paused. */
  adopt(socket: net.Socket): void {
    socket.allowHalfOpen = true
    this.onConnection(socket.setNoDelay(true))
  }

  /** An admitted connection has closed: the next one in the line gets its place. */
  onClosed(): void {
    const { counters, maxConnections } = this.options
    counters.connectionsOpen--
    while (counters.connectionsOpen < maxConnections) {
      const next = this.waiting.shift()
      if (!next) return
      counters.connectionsWaiting--
      if (!next.destroyed) this.admit(next.off('error', ignoreError))
    }
  }

  /** Stops accepting and closes what waits. */
  close(): void {
    this.server.close()
    for (const socket of this.waiting) socket.destroy()
    this.options.counters.connectionsWaiting = 0
    this.waiting.length = 0
  }

  private onConnection(socket: net.Socket): void {
    const { counters, maxConnections, backlog } = this.options
    if (counters.connectionsOpen < maxConnections) this.admit(socket)
    else if (this.waiting.length < backlog) {
      this.waiting.push(socket.on('error', ignoreError))
      counters.connectionsWaiting++
    } else {
      counters.connectionsRefused++
      socket.destroy()
    }
  }

  private admit(socket: net.Socket): void {
    const { counters } = this.options
    counters.connectionsAccepted++
    if (++counters.connectionsOpen > counters.connectionsOpenPeak)
      counters.connectionsOpenPeak = counters.connectionsOpen
    this.options.onAdmitted(socket)
  }
}
