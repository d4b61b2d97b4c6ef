// The first half of a request's life: a head has arrived, an upstream is chosen, a connection to it is borrowed, head and
// body go to the origin.
import {
  type BufferingPolicy,
  DIAL,
  type Filter,
  type Limiter,
  REJECT,
  type RetryPolicy,
  type Ticket,
  type Upstream,
  WAIT,
} from '../../core/contracts.ts'
import type { WorkerContext } from '../context.ts'
import type { ClientConnection } from '../downstream/client-connection.ts'
import type { Borrower, UpstreamBook } from '../upstream/book.ts'
import type { OriginConnection } from '../upstream/origin-connection.ts'
import { Admission, type Enter } from './admission.ts'
import type { Attempts } from './attempts.ts'
import type { Endings } from './endings.ts'
import { DRAINING, Exchange, type Rival, SENT } from './exchange.ts'
import { Filtering } from './filtering.ts'
import { HeldRequests } from './held-requests.ts'
import { RequestHeads } from './kept-head.ts'
import { holdForBody, RequestBodies } from './request-bodies.ts'
import { type Route, routeOf } from './routes.ts'

const untried: readonly Upstream[] = []

export interface RequestPolicies {
  readonly buffering: BufferingPolicy
  readonly limiter: Limiter
  readonly retries: RetryPolicy
  readonly filter: Filter
}

export class Requests implements Borrower {
  private readonly context: WorkerContext
  private readonly book: UpstreamBook
  private readonly routes: readonly Route[]
  private readonly attempts: Attempts
  private readonly policies: RequestPolicies
  private readonly endings: Endings
  /** Null when no code is run for requests. */
  private readonly filtering: Filtering | null
  /** Null when the policy holds no requests. */
  private readonly held: HeldRequests | null
  private readonly bodies: RequestBodies
  private readonly heads: RequestHeads
  private readonly admission: Admission
  /** Does the policy ever send a request twice? */
  private readonly mayRepeat: boolean
  private readonly launch = (exchange: Exchange) => this.hedge(exchange)

  constructor(
    context: WorkerContext,
    book: UpstreamBook,
    routes: readonly Route[],
    attempts: Attempts,
    policies: RequestPolicies,
    endings: Endings,
  ) {
    this.context = context
    this.book = book
    this.routes = routes
    this.attempts = attempts
    this.policies = policies
    this.endings = endings
    this.filtering = Filtering.of(policies.filter, context.counters)
    this.bodies = new RequestBodies(context, policies.buffering, endings)
    this.heads = new RequestHeads(context)
    const enter: Enter = (client, exchange, now) => this.enter(client, exchange, now)
    this.admission = new Admission(context, policies.limiter, this.heads, endings, enter)
    this.mayRepeat = policies.retries.retryIn !== undefined || policies.retries.hedgeAfter !== undefined
    this.held = HeldRequests.of(policies.buffering, {
      context,
      endings,
      heads: this.heads,
      keeps: policies.retries.retryIn !== undefined,
      dial: client => this.dispatch(client, client.exchange!, performance.now()),
    })
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
    this.heads.view.client = client.address
    exchange.attempts = 0
    exchange.tried.length = 0
    exchange.idempotent = head.isIdempotent
    exchange.replayable = this.mayRepeat && exchange.requestBody.done
    this.admission.decide(client, exchange, now)
  }

  /** The limiter lets the request in: its first attempt begins. */
  private enter(client: ClientConnection, exchange: Exchange, now: number): void {
    this.policies.retries.onRequest?.(now)
    const goesOnAt = this.filtering === null ? now : this.filtering.run(this.heads.view, now)
    if (this.held !== null && !exchange.requestBody.done && !this.held.begin(client, exchange)) return
    this.dispatch(client, exchange, goesOnAt)
  }

  /** The first attempt; the head is in `context.requestHead`. */
  private dispatch(client: ClientConnection, exchange: Exchange, now: number): void {
    const upstream = this.routes[exchange.route]!.balancer.pick(this.heads.view, untried, now)
    if (upstream === null) return this.endings.refuse(client, 503, 'no upstream is eligible')
    this.attempt(client, exchange, upstream, now)
  }

  /** The time has come for another attempt: at an upstream that has not failed this request, if there is one. */
  retry(client: ClientConnection): void {
    const exchange = client.exchange!
    const now = performance.now()
    this.heads.restore(client, exchange)
    const { balancer } = this.routes[exchange.route]!
    const upstream = balancer.pick(this.heads.view, exchange.tried, now) ?? balancer.pick(this.heads.view, untried, now)
    if (upstream === null) return this.endings.refuse(client, 503, 'no upstream is eligible')
    this.attempt(client, exchange, upstream, now)
  }

  /** An attempt has been slow for long enough: another joins it, at an upstream that has not had this request yet. */
  private hedge(exchange: Exchange): void {
    if (exchange.phase !== SENT) return
    const client = this.context.clients[exchange.client]!
    const now = performance.now()
    this.heads.restore(client, exchange)
    const busy = [exchange.upstream!, ...exchange.rivals.map(rival => rival.upstream!)]
    const upstream = this.routes[exchange.route]!.balancer.pick(this.heads.view, [...exchange.tried, ...busy], now)
    if (upstream === null || busy.includes(upstream) || this.policies.retries.mayHedge?.(now) === false) return
    this.context.counters.hedges++
    const before = this.attempts.openRival(exchange)
    this.attempt(client, exchange, upstream, now)
    // When the pool is full the hedge has failed already, and the attempt before it is back in its place.
    if (exchange.rivals.includes(before)) exchange.swap(before)
  }

  private attempt(client: ClientConnection, exchange: Exchange, upstream: Upstream, now: number): void {
    const { gather } = this.context
    this.attempts.begin(exchange, upstream, now)
    const borrowed = this.book.borrow(upstream, client.id, exchange.first, now)
    if (borrowed === REJECT) {
      if (this.attempts.dropped(exchange, null, 'dial-failed', 0, now)) return
      return this.endings.fail(client, 503, 'dial-failed', 'the pool is full')
    }
    if (borrowed === DIAL || borrowed === WAIT || exchange.replayable || exchange.head !== '') {
      this.heads.keep(client, exchange)
      if (borrowed === WAIT) this.context.setDeadline(client, now, this.book.waitMs)
      else if (borrowed !== DIAL) this.sendHead(exchange, borrowed, now)
      return
    }
    gather.open(borrowed.socket)
    gather.length = this.heads.write(client, exchange)
    holdForBody(exchange, borrowed)
    gather.close()
    this.sent(exchange, borrowed, now)
  }

  onDialing(ticket: Ticket, origin: OriginConnection): void {
    const client = this.context.clients[ticket]!
    const exchange = client.exchange!
    const rival = exchange.upstream === origin.upstream ? undefined : rivalAt(exchange, origin)
    if (rival) rival.origin = origin
    else exchange.origin = origin
    this.endWait(client, performance.now())
  }

  onLent(ticket: Ticket, origin: OriginConnection): void {
    const client = this.context.clients[ticket]!
    const now = performance.now()
    const exchange = client.exchange!
    this.endWait(client, now)
    const rival = exchange.upstream === origin.upstream ? undefined : rivalAt(exchange, origin)
    if (rival) exchange.swap(rival)
    this.sendHead(exchange, origin, now)
    if (rival) exchange.swap(rival)
    client.bodyWanted()
  }

  /** The client's own deadline runs again, in place of that of waiting for a connection. */
  private endWait(client: ClientConnection, now: number): void {
    const { requestBody, heldRequest } = client.exchange!
    const isOurs = requestBody.done || heldRequest?.senderPaused === true
    this.context.setDeadline(client, now, isOurs ? 0 : this.context.config.timeouts.bodyIdleMs)
  }

  /** Sends the head that was kept. */
  private sendHead(exchange: Exchange, origin: OriginConnection, now: number): void {
    const { heldRequest } = exchange
    if (heldRequest !== null) origin.socket.cork()
    else holdForBody(exchange, origin)
    origin.socket.write(exchange.head, 'latin1')
    if (!exchange.replayable) exchange.head = ''
    this.sent(exchange, origin, now)
    if (heldRequest === null) return
    heldRequest.begin(origin.socket)
    heldRequest.forward()
    origin.socket.uncork()
  }

  private sent(exchange: Exchange, origin: OriginConnection, now: number): void {
    exchange.origin = origin
    exchange.phase = SENT
    exchange.sentAt = now
    origin.lentTo = exchange.client
    this.context.setDeadline(origin, now, this.context.config.timeouts.responseHeadMs)
    this.attempts.planHedge(exchange, now, this.launch)
  }

  /** Takes body bytes; returns the offset after the last one taken, `from` when none is wanted now. */
  takeBody(client: ClientConnection, bytes: Buffer, from: number, to: number, shared: boolean): number {
    const exchange = client.exchange!
    // The response is complete and the connection will close: what is left of the request is thrown away.
    if (exchange.phase === DRAINING && !exchange.requestBody.done) return to
    if (exchange.heldRequest !== null) return this.held!.take(client, exchange, bytes, from, to)
    return this.bodies.take(client, exchange, bytes, from, to, shared)
  }
}

/** The attempt put aside that waits for a connection to the upstream of `origin`. */
function rivalAt(exchange: Exchange, origin: OriginConnection): Rival | undefined {
  return exchange.rivals.find(rival => rival.upstream === origin.upstream)
}
