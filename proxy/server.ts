// One worker of the proxy: the life of a request, top to bottom. A connection is admitted, a head arrives, an upstream is
// chosen, a connection to it is borrowed, the bodies are relayed both ways, and both connections go back.
import type net from 'node:net'
import {
  type Balancer,
  type BufferingPolicy,
  DIAL,
  type Limiter,
  type Outcome,
  REJECT,
  type Ticket,
  type Upstream,
  WAIT,
} from '../core/contracts.ts'
import { make } from '../core/registry.ts'
import type { ProxyConfig, Timeouts } from './config.ts'
import { DeadlineWheel } from './deadlines.ts'
import {
  AWAIT_HEAD,
  CLOSED,
  ClientConnection,
  type ClientOwner,
  IN_EXCHANGE,
  LINGERING,
} from './downstream/client-connection.ts'
import { Listener } from './downstream/listener.ts'
import type { ReadAdapter } from './downstream/shared-read.ts'
import { Exchange, RESPONDING, RESTING, RequestView, SENT, WAITING } from './exchange.ts'
import { Gather } from './gather.ts'
import { type HeadLimits, INCOMPLETE, REJECTED, RequestHead, ResponseHead } from './http1/head.ts'
import { parseResponseHead } from './http1/response.ts'
import {
  errorResponse,
  type Framing,
  growthBytes,
  type ResponseOptions,
  writeRequestHead,
  writeResponseHead,
} from './http1/serialise.ts'
import type { Log } from './log.ts'
import { type Counters, newCounters } from './statistics.ts'
import { type Borrower, UpstreamBook } from './upstream/book.ts'
import { DIALING, NOBODY, type OriginConnection, type OriginOwner } from './upstream/origin-connection.ts'

/** The protocol version received and our name, for Via. */
const via = '1.1 windtunnel'
const viaOld = '1.0 windtunnel'
/** How exact deadlines are. */
const tickMs = 50
/** After the last response of a connection that still sends, so long is its input thrown away before it is cut. */
const lingerMs = 1_000
const empty = Buffer.alloc(0)
const untried: readonly Upstream[] = []

type OutcomeKind = Outcome['kind']

interface Route {
  readonly prefix: string
  readonly balancer: Balancer
}

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

export class ProxyServer implements ClientOwner, OriginOwner, Borrower {
  readonly adapter: ReadAdapter
  readonly headLimits: HeadLimits
  readonly requestHead = new RequestHead()
  readonly counters: Counters = newCounters()
  private readonly responseHead = new ResponseHead()
  private readonly timeouts: Timeouts
  private readonly maxBodyBytes: number
  private readonly wheel = new DeadlineWheel(tickMs, performance.now())
  private readonly gather = new Gather()
  private readonly view = new RequestView(this.requestHead)
  private readonly responseOptions: { -readonly [K in keyof ResponseOptions]: ResponseOptions[K] } = {
    framing: 'none',
    keepAlive: true,
    clientMinor: 1,
    via,
  }
  private readonly forwarding = { client: '', proto: 'http' as const, via: via as string }
  private readonly book: UpstreamBook
  private readonly routes: readonly Route[]
  private readonly buffering: BufferingPolicy
  private readonly limiter: Limiter
  private readonly listener: Listener
  private readonly accessLog: Log | null
  private readonly errorLog: Log
  private readonly clients: (ClientConnection | undefined)[] = []
  private readonly freeIds: number[] = []
  private drained: (() => void) | null = null

  constructor(config: ProxyConfig, options: WorkerOptions) {
    this.adapter = options.adapter
    this.accessLog = options.accessLog
    this.errorLog = options.errorLog
    this.headLimits = config.limits
    this.maxBodyBytes = config.limits.maxBodyBytes
    this.timeouts = config.timeouts
    const stream = (name: string) => `${name}/${options.worker}`
    this.buffering = make(config.buffering, config.seed, stream('buffering'))
    this.limiter = make(config.limiter, config.seed, stream('limiter'))
    const pool = make(config.pool, config.seed, stream('pool'))
    this.book = new UpstreamBook(config, pool, this, this.counters, this.wheel)
    this.routes = config.routes.map(({ prefix, upstreams }) => {
      const balancer = make(config.balancer, config.seed, stream(`balancer${prefix}`))
      balancer.onEligible(
        upstreams.map(index => this.book.upstreams[index]!),
        1,
        performance.now(),
      )
      return { prefix, balancer }
    })
    this.listener = new Listener({
      host: config.listen.host,
      port: options.port,
      reusePort: options.reusePort,
      maxConnections: options.maxConnections,
      backlog: config.limits.backlog,
      counters: this.counters,
      onAdmitted: socket => this.onAdmitted(socket),
    })
  }

  /** Starts serving; resolves with the port. @throws UsageError when the address is taken. */
  async listen(): Promise<number> {
    const port = await this.listener.listen()
    this.wheel.start()
    return port
  }

  /** The upstreams with their counts of requests in flight. */
  get upstreams(): readonly Upstream[] {
    return this.book.upstreams
  }

  /** Stops accepting, closes what is idle, and resolves when the rest has finished or `drainMs` have passed. */
  async drain(): Promise<void> {
    this.listener.close()
    await new Promise<void>(resolve => {
      this.drained = resolve
      const cut = setTimeout(() => {
        for (const client of this.clients) client?.socket.destroy()
      }, this.timeouts.drainMs)
      cut.unref()
      for (const client of this.clients)
        if (client?.state === AWAIT_HEAD && !client.hasPartialHead) client.socket.destroySoon()
      this.resolveWhenDrained()
    })
    this.wheel.stop()
    this.book.closeAll()
  }

  // ------------------------------------------------------------------------------------------ a connection is admitted

  private onAdmitted(socket: net.Socket): void {
    const now = performance.now()
    if (this.limiter.onConnect?.(socket.remoteAddress ?? '', now) === false) {
      this.counters.connectionsRefused++
      socket.destroy()
      this.listener.onClosed()
      return
    }
    const id = this.freeIds.pop() ?? this.clients.length
    const client = new ClientConnection(this, id, socket)
    this.clients[id] = client
    this.setClientDeadline(client, now, this.timeouts.requestHeadMs)
  }

  onHeadBegins(client: ClientConnection): void {
    this.setClientDeadline(client, performance.now(), this.timeouts.requestHeadMs)
  }

  onClientClosed(client: ClientConnection): void {
    const now = performance.now()
    this.wheel.disarm(client)
    const { exchange } = client
    if (exchange !== null && exchange.phase !== RESTING) {
      this.counters.clientAborts++
      this.endAttempt(exchange, 'client-gone', false, now)
    }
    this.clients[client.id] = undefined
    this.freeIds.push(client.id)
    this.limiter.onClose?.(client.address, now)
    this.listener.onClosed()
    this.resolveWhenDrained()
  }

  private resolveWhenDrained(): void {
    if (this.drained && this.counters.connectionsOpen === 0) this.drained()
  }

  // ---------------------------------------------------------------------------------------------- a request head arrives

  onRejected(client: ClientConnection): void {
    this.counters.rejectedHeads++
    this.refuse(client, this.requestHead.errorStatus, this.requestHead.errorReason)
  }

  onRequest(client: ClientConnection, now: number): void {
    const head = this.requestHead
    const exchange = (client.exchange ??= new Exchange(client.id))
    this.counters.requests++
    exchange.method = head.method
    exchange.clientMinor = head.minor
    exchange.keepAlive = head.keepAlive
    exchange.status = 0
    exchange.startedAt = now
    exchange.target = this.accessLog ? head.target : ''
    exchange.requestBody.start(head.chunked ? 'chunked' : 'length', Math.max(0, head.contentLength), head.chunked)
    this.setClientDeadline(client, now, exchange.requestBody.done ? 0 : this.timeouts.bodyIdleMs)
    if (head.contentLength > this.maxBodyBytes) return this.refuse(client, 413, 'the body is larger than maxBodyBytes')
    exchange.route = this.routeOf(head)
    if (exchange.route < 0) return this.refuse(client, 404, 'no route')
    this.view.client = client.address
    const upstream = this.routes[exchange.route]!.balancer.pick(this.view, untried, now)
    if (upstream === null) return this.refuse(client, 503, 'no upstream is eligible')
    this.attempt(client, exchange, upstream, now)
  }

  private routeOf(head: RequestHead): number {
    const { routes } = this
    // The usual configuration has one route, which takes everything.
    if (routes.length === 1 && routes[0]!.prefix === '/') return 0
    const target = head.target
    return routes.findIndex(route => target.startsWith(route.prefix))
  }

  // ------------------------------------------------------------------------------------- a connection to it is borrowed

  private attempt(client: ClientConnection, exchange: Exchange, upstream: Upstream, now: number): void {
    exchange.upstream = upstream
    exchange.phase = WAITING
    exchange.sentAt = exchange.headAt = now
    upstream.inFlight++
    this.routes[exchange.route]!.balancer.onSend?.(upstream, now)
    this.forwarding.client = client.address
    this.forwarding.via = exchange.clientMinor === 1 ? via : viaOld
    const { gather } = this
    const borrowed = this.book.borrow(upstream, client.id, now)
    if (borrowed === REJECT) return this.fail(client, exchange, 503, 'dial-failed', 'the pool is full')
    if (borrowed === DIAL || borrowed === WAIT) {
      const length = writeRequestHead(this.requestHead, gather.slab, 0, this.forwarding)
      exchange.waitingHead = gather.slab.toString('latin1', 0, length)
      return
    }
    gather.open(borrowed.socket)
    gather.length = writeRequestHead(this.requestHead, gather.slab, 0, this.forwarding)
    this.holdForBody(exchange, borrowed)
    gather.close()
    this.sent(exchange, borrowed, now)
  }

  onDialing(ticket: Ticket, origin: OriginConnection): void {
    this.clients[ticket]!.exchange!.origin = origin
  }

  onDialed(origin: OriginConnection): void {
    const now = performance.now()
    this.book.opened(origin, now)
    this.onLent(origin.lentTo, origin)
  }

  onLent(ticket: Ticket, origin: OriginConnection): void {
    const client = this.clients[ticket]!
    const exchange = client.exchange!
    this.holdForBody(exchange, origin)
    origin.socket.write(exchange.waitingHead, 'latin1')
    exchange.waitingHead = ''
    this.sent(exchange, origin, performance.now())
    client.bodyWanted()
  }

  /** The first body bytes usually follow in the same turn: head and body leave in one write. */
  private holdForBody(exchange: Exchange, origin: OriginConnection): void {
    if (exchange.requestBody.done) return
    origin.socket.cork()
    process.nextTick(uncork, origin.socket)
  }

  private sent(exchange: Exchange, origin: OriginConnection, now: number): void {
    exchange.origin = origin
    exchange.phase = SENT
    exchange.sentAt = now
    origin.lentTo = exchange.client
    this.setOriginDeadline(origin, now, this.timeouts.responseHeadMs)
  }

  // ---------------------------------------------------------------------------------------- the request body is relayed

  takeBody(client: ClientConnection, bytes: Buffer, from: number, to: number, shared: boolean): number {
    const exchange = client.exchange!
    const { origin, requestBody } = exchange
    if (origin === null || exchange.phase < SENT || requestBody.done) return from
    const now = performance.now()
    this.gather.open(origin.socket)
    const end = requestBody.relay(bytes, from, to, this.gather, shared)
    this.gather.close()
    if (requestBody.error !== '') {
      this.fail(client, exchange, 400, 'client-gone', requestBody.error)
      return to
    }
    if (requestBody.relayedBytes > this.maxBodyBytes) {
      this.fail(client, exchange, 413, 'client-gone', 'the body is larger than maxBodyBytes')
      return to
    }
    this.setClientDeadline(client, now, requestBody.done ? 0 : this.timeouts.bodyIdleMs)
    if (exchange.phase === SENT) this.setOriginDeadline(origin, now, this.timeouts.responseHeadMs)
    if (!requestBody.done && !this.buffering.mayRead(origin.socket.writableLength)) {
      client.pause()
      origin.socket.write(empty, () => client.state !== CLOSED && client.resume())
    }
    return end
  }

  // ------------------------------------------------------------------------------------------- the response is relayed

  onOriginBytes(origin: OriginConnection, bytes: Buffer, to: number): void {
    const now = performance.now()
    // Bytes that nobody asked for: the connection cannot be trusted with another request.
    if (origin.lentTo === NOBODY) return this.book.discard(origin, now)
    const client = this.clients[origin.lentTo]!
    const exchange = client.exchange!
    const { gather } = this
    gather.open(client.socket)
    let at = exchange.phase === SENT ? this.takeResponseHeads(client, exchange, origin, bytes, to, now) : 0
    if (exchange.phase !== RESPONDING) {
      gather.close()
      return
    }
    at = exchange.responseBody.relay(bytes, at, to, gather, false)
    gather.close()
    if (exchange.responseBody.error !== '') {
      return this.fail(client, exchange, 502, 'origin-invalid', exchange.responseBody.error)
    }
    if (exchange.responseBody.done) {
      return this.finish(client, exchange, at === to && exchange.reusable, now)
    }
    this.setOriginDeadline(origin, now, this.timeouts.responseIdleMs)
    this.holdBackOrigin(client, origin, now)
  }

  /** Interim responses go on to the client; the final head starts the response. Returns the offset after what was used. */
  private takeResponseHeads(
    client: ClientConnection,
    exchange: Exchange,
    origin: OriginConnection,
    bytes: Buffer,
    to: number,
    now: number,
  ): number {
    const head = this.responseHead
    const { gather } = this
    let at = 0
    while (at < to) {
      const end = parseResponseHead(bytes, at, to, this.headLimits, head)
      if (end === INCOMPLETE) {
        origin.keepPartialHead(bytes, at, to)
        return to
      }
      if (end === REJECTED || head.status === 101) {
        const reason = end === REJECTED ? head.errorReason : 'the origin switches protocols without being asked'
        this.fail(client, exchange, 502, 'origin-invalid', reason)
        return to
      }
      at = end
      if (head.status >= 200) {
        this.beginResponse(client, exchange, now)
        return at
      }
      if (exchange.clientMinor === 1) {
        gather.reserve(this.headLimits.maxHeadBytes + growthBytes)
        const options = { framing: 'none', keepAlive: true, clientMinor: 1, via } as const
        gather.length = writeResponseHead(head, gather.slab, gather.length, options)
      }
    }
    return at
  }

  private beginResponse(client: ClientConnection, exchange: Exchange, now: number): void {
    const head = this.responseHead
    const bodiless = head.isBodiless || exchange.method === 'HEAD'
    const received: Framing = bodiless
      ? 'none'
      : head.chunked
        ? 'chunked'
        : head.contentLength >= 0
          ? 'length'
          : 'close'
    // A 1.0 client knows no chunks: it gets the bytes and the end of the connection.
    const framing: Framing = received === 'chunked' && exchange.clientMinor === 0 ? 'close' : received
    exchange.keepAlive &&= framing !== 'close' && exchange.requestBody.done && !client.ended && this.drained === null
    exchange.reusable = head.keepAlive && received !== 'close'
    exchange.status = head.status
    exchange.headAt = now
    exchange.phase = RESPONDING
    exchange.responseBody.start(received, head.contentLength, framing === 'chunked')
    this.responseOptions.framing = framing
    this.responseOptions.keepAlive = exchange.keepAlive
    this.responseOptions.clientMinor = exchange.clientMinor
    const { gather } = this
    gather.reserve(this.headLimits.maxHeadBytes + growthBytes)
    gather.length = writeResponseHead(head, gather.slab, gather.length, this.responseOptions)
  }

  /** While the client is behind, the origin is not read; what was read last may still be in use. */
  private holdBackOrigin(client: ClientConnection, origin: OriginConnection, now: number): void {
    const heldBytes = client.socket.writableLength
    if (heldBytes === 0) return
    origin.bufferInUse = true
    if (client.writeStalled || this.buffering.mayRead(heldBytes)) return
    client.writeStalled = true
    origin.pause()
    this.setOriginDeadline(origin, now, 0)
    this.setClientDeadline(client, now, this.timeouts.writeIdleMs)
    client.socket.write(empty, () => this.onClientCaughtUp(client, origin))
  }

  private onClientCaughtUp(client: ClientConnection, origin: OriginConnection): void {
    client.writeStalled = false
    if (client.state !== IN_EXCHANGE || origin.lentTo !== client.id) return
    const now = performance.now()
    origin.bufferInUse = false
    this.setClientDeadline(client, now, client.exchange!.requestBody.done ? 0 : this.timeouts.bodyIdleMs)
    this.setOriginDeadline(origin, now, this.timeouts.responseIdleMs)
    origin.resume()
  }

  // ------------------------------------------------------------------------------------------- both connections go back

  private finish(client: ClientConnection, exchange: Exchange, reusable: boolean, now: number): void {
    this.countResponse(client, exchange, now)
    this.endAttempt(exchange, 'response', reusable, now)
    if (exchange.keepAlive && exchange.requestBody.done && !client.ended && this.drained === null) {
      this.setClientDeadline(client, now, this.timeouts.keepAliveIdleMs)
      client.nextRequest()
    } else this.close(client, !exchange.requestBody.done)
  }

  /** The balancer hears of the end, and the upstream connection goes back to the pool or is closed. */
  private endAttempt(exchange: Exchange, kind: OutcomeKind, reusable: boolean, now: number): void {
    const { upstream, origin } = exchange
    if (upstream === null) return
    upstream.inFlight--
    this.routes[exchange.route]!.balancer.onDone?.(
      upstream,
      {
        kind,
        status: kind === 'response' ? exchange.status : 0,
        headMs: exchange.headAt - exchange.sentAt,
        totalMs: now - exchange.sentAt,
      },
      now,
    )
    exchange.phase = RESTING
    exchange.upstream = exchange.origin = null
    if (origin === null) this.book.giveUp(upstream, exchange.client)
    else if (origin.lentTo === exchange.client) {
      if (reusable && exchange.requestBody.done) this.book.release(origin, true, now)
      else this.book.discard(origin, now)
    }
  }

  /** Closes a client's connection. One that may still be sending is read on for a while, so that it gets its answer. */
  private close(client: ClientConnection, stillSending: boolean): void {
    if (client.state === CLOSED) return
    client.state = LINGERING
    if (!stillSending || client.ended) return client.socket.destroySoon()
    client.socket.end()
    this.setClientDeadline(client, performance.now(), lingerMs)
  }

  // ------------------------------------------------------------------------------------------------ what may go wrong

  /** Answers a request that has not gone to an upstream. */
  private refuse(client: ClientConnection, status: number, reason: string): void {
    const { exchange } = client
    // After a head that was not understood nothing on the connection can be trusted.
    const known = client.state === IN_EXCHANGE && exchange !== null
    const keepAlive = known && exchange.keepAlive && exchange.requestBody.done && this.drained === null
    this.answer(client, status, !keepAlive, known ? exchange.method : '', reason)
    if (!keepAlive) return this.close(client, true)
    this.setClientDeadline(client, performance.now(), this.timeouts.keepAliveIdleMs)
    client.nextRequest()
  }

  /** Ends an exchange that has an upstream: with an error when nothing has been sent yet, else by cutting the response. */
  private fail(client: ClientConnection, exchange: Exchange, status: number, kind: OutcomeKind, reason: string): void {
    const now = performance.now()
    const responding = exchange.phase === RESPONDING
    this.endAttempt(exchange, kind, false, now)
    if (responding) {
      this.errorLog.line({ client: client.address, status: exchange.status, reason, cut: 1 })
      // Never a clean end: a cut response must not look complete.
      client.socket.resetAndDestroy()
      return
    }
    this.refuse(client, status, reason)
  }

  private answer(client: ClientConnection, status: number, close: boolean, method: string, reason: string): void {
    if (status >= 500) this.counters.responses5xx++
    else this.counters.responses4xx++
    this.errorLog.line({ client: client.address, status, reason })
    client.socket.write(errorResponse(status, close, undefined, method === 'HEAD'), 'latin1')
  }

  onOriginClosed(origin: OriginConnection, reset: boolean): void {
    const now = performance.now()
    const ticket = origin.lentTo
    const client = ticket === NOBODY ? undefined : this.clients[ticket]!
    const exchange = client?.exchange
    const dialling = exchange?.phase === WAITING
    this.book.forget(origin, dialling, now)
    if (!client || !exchange) return
    if (dialling) this.fail(client, exchange, 502, 'dial-failed', `${origin.upstream.id} cannot be reached`)
    else if (exchange.phase === SENT)
      this.fail(client, exchange, 502, 'origin-closed', `${origin.upstream.id} closed without an answer`)
    else if (!reset && exchange.responseBody.endOfConnection()) this.finish(client, exchange, false, now)
    else this.fail(client, exchange, 502, 'origin-closed', `${origin.upstream.id} closed within the response`)
  }

  onOriginDue(origin: OriginConnection): void {
    if (origin.lentTo === NOBODY) return
    const client = this.clients[origin.lentTo]!
    const exchange = client.exchange!
    const what = origin.state === DIALING ? 'connectMs' : exchange.phase === SENT ? 'responseHeadMs' : 'responseIdleMs'
    this.fail(client, exchange, 504, 'timeout', `${origin.upstream.id}: ${what} has passed`)
  }

  onClientDue(client: ClientConnection): void {
    if (client.state === LINGERING || client.writeStalled) client.socket.destroy()
    else if (client.state === IN_EXCHANGE) this.onBodyIdle(client)
    else if (!client.headBegun) client.socket.destroySoon()
    else {
      this.counters.requestHeadTimeouts++
      // A client that has sent nothing has asked nothing: it is closed without an answer.
      if (client.hasPartialHead) this.answer(client, 408, true, '', 'requestHeadMs has passed')
      this.close(client, false)
    }
  }

  private onBodyIdle(client: ClientConnection): void {
    const exchange = client.exchange!
    // With the request all here the upstream's deadlines are the ones that count.
    if (exchange.requestBody.done) return
    this.fail(client, exchange, 408, 'client-gone', 'bodyIdleMs has passed')
  }

  onClientEnd(client: ClientConnection): void {
    // A half-closed client still gets the answer to what it has asked completely.
    if (client.state === IN_EXCHANGE && client.exchange!.requestBody.done) return
    if (client.state === IN_EXCHANGE) client.socket.destroy()
    else client.socket.destroySoon()
  }

  // ------------------------------------------------------------------------------------------------------------ small

  private countResponse(client: ClientConnection, exchange: Exchange, now: number): void {
    const { status } = exchange
    if (status < 400) this.counters.responses2xx++
    else if (status < 500) this.counters.responses4xx++
    else this.counters.responses5xx++
    this.accessLog?.line({
      client: client.address,
      request: `${exchange.method} ${exchange.target}`,
      status,
      upstream: exchange.upstream!.id,
      bytes: exchange.responseBody.relayedBytes,
      totalMs: Math.round((now - exchange.startedAt) * 1000) / 1000,
    })
  }

  /** `ms` of 0 means no deadline. */
  private setClientDeadline(client: ClientConnection, now: number, ms: number): void {
    this.wheel.arm(client, ms === 0 ? Number.POSITIVE_INFINITY : now + ms)
  }

  private setOriginDeadline(origin: OriginConnection, now: number, ms: number): void {
    this.wheel.arm(origin, ms === 0 ? Number.POSITIVE_INFINITY : now + ms)
  }
}

function uncork(socket: net.Socket): void {
  socket.uncork()
}
