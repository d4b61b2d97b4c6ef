// The first half of a request's life: a head has arrived, an upstream is chosen, a connection to it is borrowed, head and
// body go to the origin.
import type net from 'node:net'
import {
  type BufferingPolicy,
  DIAL,
  type Limiter,
  REJECT,
  type RetryPolicy,
  type Ticket,
  type Upstream,
  WAIT,
} from '../../core/contracts.ts'
import type { WorkerContext } from '../context.ts'
import { CLOSED, type ClientConnection } from '../downstream/client-connection.ts'
import { parseRequestHead } from '../http1/request.ts'
import { growthBytes, writeRequestHead } from '../http1/serialise.ts'
import type { Borrower, UpstreamBook } from '../upstream/book.ts'
import type { HealthKeeper } from '../upstream/health-keeper.ts'
import type { OriginConnection } from '../upstream/origin-connection.ts'
import type { Endings } from './endings.ts'
import { Exchange, RequestView, SENT, WAITING } from './exchange.ts'
import { type Route, routeOf } from './routes.ts'

const untried: readonly Upstream[] = []
const empty = Buffer.alloc(0)
/** The protocol version received and our name, for Via. */
const viaByMinor = ['1.0 windtunnel', '1.1 windtunnel'] as const

export interface RequestPolicies {
  readonly buffering: BufferingPolicy
  readonly limiter: Limiter
  readonly retries: RetryPolicy
}

export class Requests implements Borrower {
  private readonly context: WorkerContext
  private readonly book: UpstreamBook
  private readonly routes: readonly Route[]
  private readonly health: HealthKeeper
  private readonly policies: RequestPolicies
  private readonly endings: Endings
  private readonly view: RequestView
  private readonly forwarding = { client: '', proto: 'http' as const, via: '' }

  constructor(
    context: WorkerContext,
    book: UpstreamBook,
    routes: readonly Route[],
    health: HealthKeeper,
    policies: RequestPolicies,
    endings: Endings,
  ) {
    this.context = context
    this.book = book
    this.routes = routes
    this.health = health
    this.policies = policies
    this.endings = endings
    this.view = new RequestView(context.requestHead)
  }

  /** A valid head is in `context.requestHead`. */
  begin(client: ClientConnection, now: number): void {
    const { context, endings } = this
    const { requestHead: head, config } = context
    const first = client.exchange === null
    const exchange = (client.exchange ??= new Exchange(client.id))
    exchange.first = first
    context.counters.requests++
    exchange.method = head.method
    exchange.clientMinor = head.minor
    exchange.keepAlive = head.keepAlive
    exchange.status = 0
    exchange.startedAt = now
    exchange.target = context.accessLog ? head.target : ''
    exchange.requestBody.start(head.chunked ? 'chunked' : 'length', Math.max(0, head.contentLength), head.chunked)
    context.setDeadline(client, now, exchange.requestBody.done ? 0 : config.timeouts.bodyIdleMs)
    if (head.contentLength > config.limits.maxBodyBytes) {
      return endings.refuse(client, 413, 'the body is larger than maxBodyBytes')
    }
    exchange.route = routeOf(this.routes, head)
    if (exchange.route < 0) return endings.refuse(client, 404, 'no route')
    this.view.client = client.address
    if (!this.admits(client, exchange, now)) return
    const upstream = this.routes[exchange.route]!.balancer.pick(this.view, untried, now)
    if (upstream === null) return endings.refuse(client, 503, 'no upstream is eligible')
    this.attempt(client, exchange, upstream, now)
  }

  private admits(client: ClientConnection, exchange: Exchange, now: number): boolean {
    const { context } = this
    const { limiter, retries } = this.policies
    const waitMs = limiter.admit?.(this.view, context.requestsInFlight, now) ?? null
    if (waitMs !== null) {
      context.counters.requestsLimited++
      this.endings.refuse(client, 503, 'the limiter refuses it', waitMs / 1000)
      return false
    }
    context.requestsInFlight++
    exchange.admitted = true
    exchange.attempts = 0
    exchange.tried.length = 0
    exchange.idempotent = context.requestHead.isIdempotent
    exchange.replayable = retries.retryIn !== undefined && exchange.requestBody.done
    retries.onRequest?.(now)
    return true
  }

  /** The time has come for another attempt: at an upstream that has not failed this request, if there is one. */
  retry(client: ClientConnection): void {
    const exchange = client.exchange!
    const { gather, requestHead, config } = this.context
    const now = performance.now()
    // The balancer looks at the request again, so the kept head is parsed again; ours is a little longer than the client's.
    const length = gather.slab.write(exchange.head, 0, 'latin1')
    const { maxHeadBytes, maxHeaderCount, maxTargetBytes } = config.limits
    const limits = {
      maxHeadBytes: maxHeadBytes + growthBytes + 100,
      maxHeaderCount: maxHeaderCount + 8,
      maxTargetBytes,
    }
    parseRequestHead(gather.slab, 0, length, limits, requestHead)
    this.view.client = client.address
    const { balancer } = this.routes[exchange.route]!
    const upstream = balancer.pick(this.view, exchange.tried, now) ?? balancer.pick(this.view, untried, now)
    if (upstream === null) return this.endings.refuse(client, 503, 'no upstream is eligible')
    this.attempt(client, exchange, upstream, now)
  }

  private attempt(client: ClientConnection, exchange: Exchange, upstream: Upstream, now: number): void {
    const { gather, requestHead } = this.context
    exchange.upstream = upstream
    exchange.phase = WAITING
    exchange.attempts++
    exchange.sentAt = exchange.headAt = now
    upstream.inFlight++
    this.routes[exchange.route]!.balancer.onSend?.(upstream, now)
    this.health.onSend(upstream, now)
    this.forwarding.client = client.address
    this.forwarding.via = viaByMinor[exchange.clientMinor]
    const borrowed = this.book.borrow(upstream, client.id, exchange.first, now)
    if (borrowed === REJECT) return this.endings.fail(client, 503, 'dial-failed', 'the pool is full')
    if (borrowed === DIAL || borrowed === WAIT || exchange.replayable) {
      if (exchange.head === '') {
        const length = writeRequestHead(requestHead, gather.slab, 0, this.forwarding)
        exchange.head = gather.slab.toString('latin1', 0, length)
      }
      if (borrowed === WAIT) this.context.setDeadline(client, now, this.book.waitMs)
      else if (borrowed !== DIAL) this.sendHead(exchange, borrowed, now)
      return
    }
    gather.open(borrowed.socket)
    gather.length = writeRequestHead(requestHead, gather.slab, 0, this.forwarding)
    this.holdForBody(exchange, borrowed)
    gather.close()
    this.sent(exchange, borrowed, now)
  }

  onDialing(ticket: Ticket, origin: OriginConnection): void {
    const client = this.context.clients[ticket]!
    client.exchange!.origin = origin
    this.endWait(client, performance.now())
  }

  onLent(ticket: Ticket, origin: OriginConnection): void {
    const client = this.context.clients[ticket]!
    const now = performance.now()
    this.endWait(client, now)
    this.sendHead(client.exchange!, origin, now)
    client.bodyWanted()
  }

  /** The client's own deadline runs again, in place of that of waiting for a connection. */
  private endWait(client: ClientConnection, now: number): void {
    const { done } = client.exchange!.requestBody
    this.context.setDeadline(client, now, done ? 0 : this.context.config.timeouts.bodyIdleMs)
  }

  /** Sends the head that was kept. */
  private sendHead(exchange: Exchange, origin: OriginConnection, now: number): void {
    this.holdForBody(exchange, origin)
    origin.socket.write(exchange.head, 'latin1')
    if (!exchange.replayable) exchange.head = ''
    this.sent(exchange, origin, now)
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
    this.context.setDeadline(origin, now, this.context.config.timeouts.responseHeadMs)
  }

  /** Relays body bytes; returns the offset after the last one taken, `from` when none is wanted now. */
  takeBody(client: ClientConnection, bytes: Buffer, from: number, to: number, shared: boolean): number {
    const exchange = client.exchange!
    const { origin, requestBody } = exchange
    if (origin === null || exchange.phase < SENT || requestBody.done) return from
    const { context, endings } = this
    const { gather, config } = context
    const now = performance.now()
    gather.open(origin.socket)
    const end = requestBody.relay(bytes, from, to, gather, shared)
    gather.close()
    if (requestBody.error !== '') {
      endings.fail(client, 400, 'client-gone', requestBody.error)
      return to
    }
    if (requestBody.relayedBytes > config.limits.maxBodyBytes) {
      endings.fail(client, 413, 'client-gone', 'the body is larger than maxBodyBytes')
      return to
    }
    context.setDeadline(client, now, requestBody.done ? 0 : config.timeouts.bodyIdleMs)
    if (exchange.phase === SENT) context.setDeadline(origin, now, config.timeouts.responseHeadMs)
    if (!requestBody.done && !this.policies.buffering.mayRead(origin.socket.writableLength)) {
      client.pause()
      origin.socket.write(empty, () => client.state !== CLOSED && client.resume())
    }
    return end
  }
}

function uncork(socket: net.Socket): void {
  socket.uncork()
}
