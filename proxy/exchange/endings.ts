// How a request's life ends, well or badly: both connections go back, or the client is told what went wrong, or a response
// that has begun is cut so that nobody takes half for the whole.
import type { Limiter, Outcome, RetryPolicy } from '../../core/contracts.ts'
import type { WorkerContext } from '../context.ts'
import { CLOSED, type ClientConnection, IN_EXCHANGE, LINGERING } from '../downstream/client-connection.ts'
import { errorResponse } from '../http1/serialise.ts'
import type { UpstreamBook } from '../upstream/book.ts'
import { DIALING, NOBODY, type OriginConnection } from '../upstream/origin-connection.ts'
import { type Attempts, longestTimerMs, outcomeOf } from './attempts.ts'
import { ADMITTED, DRAINING, type Exchange, OUTSIDE, RESPONDING, RESTING, SENT, WAITING } from './exchange.ts'

/** After the last response of a connection that still sends, so long is its input thrown away before it is cut. */
const lingerMs = 1_000

type OutcomeKind = Outcome['kind']

export interface EndingPolicies {
  readonly limiter: Limiter
  readonly retries: RetryPolicy
  /** Makes the next attempt of a client's exchange. */
  retry(client: ClientConnection): void
}

export class Endings {
  private readonly context: WorkerContext
  private readonly book: UpstreamBook
  private readonly attempts: Attempts
  private readonly policies: EndingPolicies

  constructor(context: WorkerContext, book: UpstreamBook, attempts: Attempts, policies: EndingPolicies) {
    this.context = context
    this.book = book
    this.attempts = attempts
    this.policies = policies
  }

  /** The response is complete. `reusable`: the origin's connection may be used again, as far as the response says. */
  finish(client: ClientConnection, reusable: boolean, now: number): void {
    const { context } = this
    const exchange = client.exchange!
    if (exchange.heldResponse?.end() === false) return this.awaitClient(client, exchange, reusable, now)
    this.countResponse(client, exchange, now)
    this.attempts.end(exchange, 'response', reusable, now)
    this.endRequest(exchange, now, false)
    if (exchange.keepAlive && exchange.requestBody.done && !client.ended && !context.draining) {
      context.setDeadline(client, now, context.config.timeouts.keepAliveIdleMs)
      client.nextRequest()
    } else this.close(client, !exchange.requestBody.done)
  }

  /** The whole response is here and the client is still taking it: its origin is free, and `finish` comes again. */
  private awaitClient(client: ClientConnection, exchange: Exchange, reusable: boolean, now: number): void {
    exchange.servedBy = exchange.upstream
    this.attempts.end(exchange, 'response', reusable, now)
    exchange.phase = DRAINING
    client.writeStalled = exchange.heldResponse!.blocked
    this.context.setDeadline(client, now, client.writeStalled ? this.context.config.timeouts.writeIdleMs : 0)
  }

  /** Ends an exchange that has an upstream: with an error when nothing has been sent yet, else by cutting the response. */
  fail(client: ClientConnection, status: number, kind: OutcomeKind, reason: string): void {
    const exchange = client.exchange!
    const responding = exchange.phase >= RESPONDING
    const now = performance.now()
    const outcome = outcomeOf(exchange, kind, now)
    if (!responding && this.retryAfter(client, outcome, now)) return
    this.attempts.end(exchange, kind, false, now)
    if (!responding) return this.refuse(client, status, reason)
    this.endRequest(exchange, now, true)
    this.context.errorLog.line({ client: client.address, status: exchange.status, reason, cut: 1 })
    client.socket.resetAndDestroy()
  }

  /** The attempt at `origin` has failed; the exchange too, unless another attempt is still on its way. */
  failAttempt(
    client: ClientConnection,
    origin: OriginConnection,
    status: number,
    kind: OutcomeKind,
    reason: string,
  ): void {
    if (this.attempts.dropped(client.exchange!, origin, kind, 0, performance.now())) return
    this.fail(client, status, kind, reason)
  }

  /** `origin` answers with an error that another attempt may better: true when it is thrown away. */
  bettersAnswer(client: ClientConnection, origin: OriginConnection, status: number, now: number): boolean {
    const exchange = client.exchange!
    if (this.attempts.dropped(exchange, origin, 'response', status, now)) return true
    if (!exchange.replayable) return false
    exchange.status = status
    exchange.headAt = now
    return this.retryAfter(client, outcomeOf(exchange, 'response', now), now)
  }

  /** Ends the attempt and plans another when the policy wants one; false when this was the last. */
  private retryAfter(client: ClientConnection, outcome: Outcome, now: number): boolean {
    const exchange = client.exchange!
    const { upstream } = exchange
    if (!exchange.replayable || upstream === null || outcome.kind === 'client-gone') return false
    const waitMs = this.policies.retries.retryIn?.(exchange, outcome, now) ?? null
    if (waitMs === null) return false
    exchange.cancelHedge()
    this.attempts.end(exchange, outcome.kind, false, now)
    this.context.counters.retries++
    exchange.tried.push(upstream)
    exchange.phase = WAITING
    exchange.timer = setTimeout(() => this.policies.retry(client), Math.min(waitMs, longestTimerMs))
    return true
  }

  /** Answers a request that is not with an upstream. `retryAfterSeconds` tells the client when to come again. */
  refuse(client: ClientConnection, status: number, reason: string, retryAfterSeconds?: number): void {
    const { context } = this
    const { exchange } = client
    if (exchange) this.endRequest(exchange, performance.now(), true)
    // After a head that was not understood nothing on the connection can be trusted.
    const known = client.state === IN_EXCHANGE && exchange !== null
    const keepAlive = known && exchange.keepAlive && exchange.requestBody.done && !context.draining
    this.answer(client, status, !keepAlive, known ? exchange.method : '', reason, retryAfterSeconds)
    if (!keepAlive) return this.close(client, true)
    context.setDeadline(client, performance.now(), context.config.timeouts.keepAliveIdleMs)
    client.nextRequest()
  }

  /** The client is gone: what it had begun is given up. */
  abandon(exchange: Exchange, now: number): void {
    if (exchange.phase === RESTING) return
    this.context.counters.clientAborts++
    clearTimeout(exchange.timer)
    this.attempts.giveUpRivals(exchange, now)
    this.attempts.end(exchange, 'client-gone', false, now)
    this.endRequest(exchange, now, true)
  }

  /** A head has not come in time. A client that has sent nothing has asked nothing: it is closed without an answer. */
  giveUpOnHead(client: ClientConnection): void {
    this.context.counters.requestHeadTimeouts++
    if (client.hasPartialHead) this.answer(client, 408, true, '', 'requestHeadMs has passed')
    this.close(client, false)
  }

  /** Every connection to the upstream has been lent to others for too long. */
  giveUpWaiting(client: ClientConnection): void {
    this.context.counters.upstreamWaitTimeouts++
    this.fail(client, 503, 'timeout', `${client.exchange!.upstream!.id}: no connection became free in time`)
  }

  /** An upload has stopped. With the request all here the upstream's deadlines are the ones that count. */
  giveUpOnBody(client: ClientConnection): void {
    if (client.exchange!.requestBody.done) return
    this.fail(client, 408, 'client-gone', 'bodyIdleMs has passed')
  }

  onOriginClosed(origin: OriginConnection, reset: boolean): void {
    const now = performance.now()
    const client = origin.lentTo === NOBODY ? undefined : this.context.clients[origin.lentTo]!
    const exchange = client?.exchange
    const dialling = !origin.opened
    const { id } = origin.upstream
    this.book.forget(origin, dialling, now)
    if (!client || !exchange) return
    const broken = dialling ? 'dial-failed' : 'origin-closed'
    if (this.attempts.dropped(exchange, origin, broken, 0, now)) return
    if (dialling) this.fail(client, 502, 'dial-failed', `${id} cannot be reached`)
    else if (exchange.phase === SENT) this.fail(client, 502, 'origin-closed', `${id} closed without an answer`)
    else if (!reset && exchange.responseBody.endOfConnection()) this.finish(client, false, now)
    else this.fail(client, 502, 'origin-closed', `${id} closed within the response`)
  }

  onOriginDue(origin: OriginConnection): void {
    // Only a spare connection has a deadline without being lent: that of opening.
    if (origin.lentTo === NOBODY) return this.book.discard(origin, performance.now())
    const client = this.context.clients[origin.lentTo]!
    const exchange = client.exchange!
    const phase = exchange.origin === origin ? exchange.phase : SENT
    const what = origin.state === DIALING ? 'connectMs' : phase === SENT ? 'responseHeadMs' : 'responseIdleMs'
    this.failAttempt(client, origin, 504, 'timeout', `${origin.upstream.id}: ${what} has passed`)
  }

  /** Closes a client's connection. One that may still be sending is read on for a while, so that it gets its answer. */
  private close(client: ClientConnection, stillSending: boolean): void {
    if (client.state === CLOSED) return
    client.state = LINGERING
    if (!stillSending || client.ended) return client.socket.destroySoon()
    client.socket.end()
    this.context.setDeadline(client, performance.now(), lingerMs)
  }

  /** The request no longer counts as in flight. `dropped`: as limiters are told. */
  private endRequest(exchange: Exchange, now: number, dropped: boolean): void {
    const { admission } = exchange
    if (exchange.heldRequest !== null || exchange.heldResponse !== null) this.releaseBodies(exchange)
    exchange.cancelHedge()
    exchange.head = ''
    exchange.phase = RESTING
    exchange.admission = OUTSIDE
    if (admission === OUTSIDE) return
    if (admission === ADMITTED) this.context.requestsInFlight--
    this.policies.limiter.onDone?.(admission === ADMITTED ? now - exchange.admittedAt : 0, now, dropped)
  }

  private releaseBodies(exchange: Exchange): void {
    const { heldRequest, heldResponse } = exchange
    exchange.heldRequest = exchange.heldResponse = null
    exchange.collecting = false
    heldResponse?.release()
    heldRequest?.release()
    // What a client still sends is read on, if only to be thrown away.
    if (heldRequest?.senderPaused) this.context.clients[exchange.client]?.resume()
  }

  private answer(
    client: ClientConnection,
    status: number,
    close: boolean,
    method: string,
    reason: string,
    retryAfterSeconds?: number,
  ): void {
    const { counters, errorLog } = this.context
    if (status >= 500) counters.responses5xx++
    else counters.responses4xx++
    errorLog.line({ client: client.address, status, reason })
    client.socket.write(errorResponse(status, close, retryAfterSeconds, method === 'HEAD'), 'latin1')
  }

  private countResponse(client: ClientConnection, exchange: Exchange, now: number): void {
    const { counters, accessLog } = this.context
    const { status } = exchange
    if (status < 400) counters.responses2xx++
    else if (status < 500) counters.responses4xx++
    else counters.responses5xx++
    accessLog?.line({
      client: client.address,
      request: `${exchange.method} ${exchange.target}`,
      status,
      upstream: (exchange.upstream ?? exchange.servedBy)!.id,
      bytes: exchange.responseBody.relayedBytes,
      totalMs: Math.round((now - exchange.startedAt) * 1000) / 1000,
    })
  }
}
