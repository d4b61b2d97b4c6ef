// One worker of the proxy: admits connections, keeps their deadlines, drains. What happens to a request is in exchange/,
// in the order of its life: requests.ts (head, upstream, body), responses.ts (answer), endings.ts (both ways out).
import type net from 'node:net'
import type { Limiter, Upstream } from '../core/contracts.ts'
import { make } from '../core/registry.ts'
import type { ProxyConfig } from './config.ts'
import { WorkerContext } from './context.ts'
import {
  AWAIT_HEAD,
  ClientConnection,
  type ClientOwner,
  IN_EXCHANGE,
  LINGERING,
} from './downstream/client-connection.ts'
import { Listener } from './downstream/listener.ts'
import type { ReadAdapter } from './downstream/shared-read.ts'
import { Attempts } from './exchange/attempts.ts'
import { Endings } from './exchange/endings.ts'
import { Requests } from './exchange/requests.ts'
import { Responses } from './exchange/responses.ts'
import { makeRoutes } from './exchange/routes.ts'
import type { HeadLimits, RequestHead } from './http1/head.ts'
import type { Log } from './log.ts'
import type { Counters } from './statistics.ts'
import { UpstreamBook } from './upstream/book.ts'
import { HealthKeeper } from './upstream/health-keeper.ts'
import { NOBODY } from './upstream/origin-connection.ts'

export interface WorkerOptions {
  readonly adapter: ReadAdapter
  /** Number of this worker, from 0: workers draw from different random streams. */
  readonly worker: number
  readonly reusePort: boolean
  readonly port: number
  readonly maxConnections: number
  readonly accessLog: Log | null
  readonly errorLog: Log
}

export class ProxyServer implements ClientOwner {
  readonly adapter: ReadAdapter
  readonly headLimits: HeadLimits
  readonly requestHead: RequestHead
  readonly counters: Counters
  private readonly context: WorkerContext
  private readonly book: UpstreamBook
  private readonly requests: Requests
  private readonly endings: Endings
  private readonly limiter: Limiter
  private readonly health: HealthKeeper
  private readonly listener: Listener
  private readonly freeIds: number[] = []
  private onDrained: (() => void) | null = null

  constructor(config: ProxyConfig, options: WorkerOptions) {
    const { adapter, worker, accessLog, errorLog } = options
    const context = new WorkerContext(config, accessLog, errorLog)
    this.context = context
    this.adapter = adapter
    this.headLimits = config.limits
    this.requestHead = context.requestHead
    this.counters = context.counters
    this.limiter = make(config.limiter, config.seed, `limiter/${worker}`)
    const buffering = make(config.buffering, config.seed, `buffering/${worker}`)
    const pool = make(config.pool, config.seed, `pool/${worker}`)
    this.book = new UpstreamBook(config, pool, context.counters, context.wheel, {
      onDialed: origin => {
        this.book.opened(origin, performance.now())
        if (origin.lentTo !== NOBODY) this.requests.onLent(origin.lentTo, origin)
      },
      onDialing: (ticket, origin) => this.requests.onDialing(ticket, origin),
      onLent: (ticket, origin) => this.requests.onLent(ticket, origin),
      onOriginBytes: (origin, bytes, to) => responses.take(origin, bytes, to),
      onOriginClosed: (origin, reset) => this.endings.onOriginClosed(origin, reset),
      onOriginDue: origin => this.endings.onOriginDue(origin),
    })
    const routes = makeRoutes(config, this.book.upstreams, worker)
    const retries = make(config.retries, config.seed, `retries/${worker}`)
    const healthPolicy = make(config.health, config.seed, `health/${worker}`)
    this.health = new HealthKeeper(healthPolicy, config, this.book.upstreams, context.wheel)
    this.health.start(routes, performance.now())
    const policies = {
      buffering,
      retries,
      filter: make(config.filter, config.seed, `filter/${worker}`),
      limiter: this.limiter,
      retry: (client: ClientConnection) => this.requests.retry(client),
    }
    const attempts = new Attempts(context, this.book, routes, this.health, retries)
    this.endings = new Endings(context, this.book, attempts, policies)
    this.requests = new Requests(context, this.book, routes, attempts, policies, this.endings)
    const responses = new Responses(context, this.book, buffering, attempts, this.endings)
    this.listener = new Listener({
      host: config.listen.host,
      port: options.port,
      reusePort: options.reusePort,
      maxConnections: options.maxConnections,
      backlog: config.limits.backlog,
      counters: context.counters,
      onAdmitted: socket => this.onAdmitted(socket),
    })
  }

  /** Starts serving; resolves with the port. @throws UsageError when the address is taken. */
  async listen(): Promise<number> {
    const port = await this.listener.listen()
    this.start()
    return port
  }

  /** Starts without listening: connections come through `adopt`. */
  start(): void {
    this.context.wheel.start()
    this.book.start(performance.now())
  }

  /** Serves a connection that another process has accepted. */
  adopt(socket: net.Socket): void {
    this.listener.adopt(socket)
  }

  /** The upstreams with their counts of requests in flight. */
  get upstreams(): readonly Upstream[] {
    return this.book.upstreams
  }

  /** Clients whose response is ahead of what they read. */
  get stalledClients(): number {
    return this.context.clients.filter(client => client?.writeStalled).length
  }

  /** Stops accepting, closes what is idle, and resolves when the rest has finished or `drainMs` have passed. */
  async drain(): Promise<void> {
    const { clients, config, wheel } = this.context
    this.context.draining = true
    this.listener.close()
    const cut = setTimeout(() => {
      for (const client of clients) client?.socket.destroy()
    }, config.timeouts.drainMs)
    await new Promise<void>(resolve => {
      this.onDrained = resolve
      for (const client of clients) {
        if (client?.state === AWAIT_HEAD && !client.hasPartialHead) client.socket.destroySoon()
      }
      this.resolveWhenDrained()
    })
    clearTimeout(cut)
    this.health.stop()
    wheel.stop()
    this.book.closeAll()
    await this.context.holding.close()
  }

  private resolveWhenDrained(): void {
    if (this.onDrained && this.counters.connectionsOpen === 0) this.onDrained()
  }

  private onAdmitted(socket: net.Socket): void {
    const { clients, config } = this.context
    const now = performance.now()
    if (this.limiter.onConnect?.(socket.remoteAddress ?? '', now) === false) {
      this.counters.connectionsRefused++
      socket.destroy()
      this.listener.onClosed()
      return
    }
    const id = this.freeIds.pop() ?? clients.length
    const client = new ClientConnection(this, id, socket)
    clients[id] = client
    this.context.setDeadline(client, now, config.timeouts.requestHeadMs)
  }

  onHeadBegins(client: ClientConnection): void {
    this.context.setDeadline(client, performance.now(), this.context.config.timeouts.requestHeadMs)
  }

  onRejected(client: ClientConnection): void {
    this.counters.rejectedHeads++
    this.endings.refuse(client, this.requestHead.errorStatus, this.requestHead.errorReason)
  }

  onRequest(client: ClientConnection, now: number): void {
    this.requests.begin(client, now)
  }

  takeBody(client: ClientConnection, bytes: Buffer, from: number, to: number, shared: boolean): number {
    return this.requests.takeBody(client, bytes, from, to, shared)
  }

  onClientDue(client: ClientConnection): void {
    if (client.state === LINGERING || client.writeStalled) client.socket.destroy()
    else if (client.state === IN_EXCHANGE && client.exchange!.waitsForPool) this.endings.giveUpWaiting(client)
    else if (client.state === IN_EXCHANGE) this.endings.giveUpOnBody(client)
    else if (client.headBegun) this.endings.giveUpOnHead(client)
    else client.socket.destroySoon()
  }

  onClientEnd(client: ClientConnection): void {
    const { halfClosedClients } = this.context.config
    if (client.state === IN_EXCHANGE && client.exchange!.requestBody.done && halfClosedClients === 'serve') return
    if (client.state === IN_EXCHANGE) client.socket.destroy()
    else client.socket.destroySoon()
  }

  onClientClosed(client: ClientConnection): void {
    const now = performance.now()
    this.context.wheel.disarm(client)
    if (client.exchange) this.endings.abandon(client.exchange, now)
    this.context.clients[client.id] = undefined
    this.freeIds.push(client.id)
    this.limiter.onClose?.(client.address, now)
    this.listener.onClosed()
    this.resolveWhenDrained()
  }
}
