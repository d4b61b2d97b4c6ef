// The attempts of a request at upstreams. There is one at a time, the exchange itself, unless an attempt that is slow is
// joined by others (hedges): the first good answer wins and the rest are given up.
// Source: Dean & Barroso, "The tail at scale", CACM 56(2), 2013 (hedged requests).
import type { Outcome, RetryPolicy, Upstream } from '../../core/contracts.ts'
import type { WorkerContext } from '../context.ts'
import type { UpstreamBook } from '../upstream/book.ts'
import type { HealthKeeper } from '../upstream/health-keeper.ts'
import type { OriginConnection } from '../upstream/origin-connection.ts'
import { type Exchange, RESPONDING, RESTING, Rival, SENT, WAITING } from './exchange.ts'
import type { Route } from './routes.ts'

type OutcomeKind = Outcome['kind']

/** A longer timer would fire at once. */
export const longestTimerMs = 2 ** 31 - 1

export class Attempts {
  private readonly context: WorkerContext
  private readonly book: UpstreamBook
  private readonly routes: readonly Route[]
  private readonly health: HealthKeeper
  private readonly retries: RetryPolicy

  constructor(
    context: WorkerContext,
    book: UpstreamBook,
    routes: readonly Route[],
    health: HealthKeeper,
    retries: RetryPolicy,
  ) {
    this.context = context
    this.book = book
    this.routes = routes
    this.health = health
    this.retries = retries
  }

  /** The policies hear that an attempt at `upstream` begins; its connection is still to come. */
  begin(exchange: Exchange, upstream: Upstream, now: number): void {
    exchange.upstream = upstream
    exchange.phase = WAITING
    exchange.attempts++
    exchange.sentAt = exchange.headAt = now
    upstream.inFlight++
    this.routes[exchange.route]!.balancer.onSend?.(upstream, now)
    this.health.onSend(upstream, now)
  }

  /** The policies hear of the end, and the upstream connection goes back to the pool or is closed. */
  end(exchange: Exchange, kind: OutcomeKind, reusable: boolean, now: number): void {
    const { upstream, origin } = exchange
    if (upstream === null) return
    upstream.inFlight--
    const outcome = outcomeOf(exchange, kind, now)
    this.routes[exchange.route]!.balancer.onDone?.(upstream, outcome, now)
    this.health.onDone(upstream, outcome, now)
    this.retries.onDone?.(outcome, now)
    const isSent = exchange.requestBody.done && (exchange.heldRequest === null || exchange.heldRequest.delivered)
    exchange.heldRequest?.leave()
    exchange.phase = RESTING
    exchange.upstream = exchange.origin = null
    if (origin === null) this.book.giveUp(upstream, exchange.client)
    else if (origin.lentTo === exchange.client) {
      if (reusable && isSent) this.book.release(origin, true, now)
      else this.book.discard(origin, now)
    }
  }

  /** An attempt has been sent: `launch` is called when the policy wants another beside it and no head has come by then. */
  planHedge(exchange: Exchange, now: number, launch: (exchange: Exchange) => void): void {
    // A held body goes to one origin at a time.
    if (!exchange.replayable || !exchange.idempotent || exchange.heldRequest !== null) return
    exchange.cancelHedge()
    const ms = this.retries.hedgeAfter?.(exchange, now) ?? null
    if (ms !== null) exchange.hedgeTimer = setTimeout(launch, Math.min(ms, longestTimerMs), exchange)
  }

  /** Puts the attempt that is under way aside and makes room in the exchange for one more. */
  openRival(exchange: Exchange): Rival {
    const rival = new Rival()
    exchange.rivals.push(rival)
    exchange.swap(rival)
    return rival
  }

  /** An answer has come from `origin`: its attempt is the one that counts, and the others are given up. */
  win(exchange: Exchange, origin: OriginConnection, now: number): void {
    exchange.cancelHedge()
    if (exchange.rivals.length === 0) return
    if (origin !== exchange.origin) {
      this.context.counters.hedgesWon++
      exchange.swap(exchange.rivals.find(rival => rival.origin === origin)!)
    }
    this.giveUpRivals(exchange, now)
  }

  /** Every attempt but the one in the exchange itself is given up, and no more are planned. */
  giveUpRivals(exchange: Exchange, now: number): void {
    exchange.cancelHedge()
    for (let rival = exchange.rivals.pop(); rival; rival = exchange.rivals.pop()) {
      this.endRival(exchange, rival, 'client-gone', now)
    }
  }

  /**
   * The attempt at `origin` (null: the one in the exchange) has failed, or has answered with `status`, 500 or more. True
   * when another attempt is on its way: then that is all, and the other one counts.
   */
  dropped(
    exchange: Exchange,
    origin: OriginConnection | null,
    kind: OutcomeKind,
    status: number,
    now: number,
  ): boolean {
    const isCurrent = origin === null || origin === exchange.origin
    const rival = isCurrent ? exchange.rivals[0] : exchange.rivals.find(one => one.origin === origin)
    if (rival === undefined) return false
    if (isCurrent) exchange.swap(rival)
    exchange.rivals.splice(exchange.rivals.indexOf(rival), 1)
    exchange.tried.push(rival.upstream!)
    rival.headAt = now
    exchange.status = status
    this.endRival(exchange, rival, kind, now)
    if (exchange.waitsForPool) this.context.setDeadline(this.context.clients[exchange.client]!, now, this.book.waitMs)
    return true
  }

  private endRival(exchange: Exchange, rival: Rival, kind: OutcomeKind, now: number): void {
    exchange.swap(rival)
    this.end(exchange, kind, false, now)
    exchange.swap(rival)
  }
}

/** How the attempt in the exchange has ended, as policies are told. */
export function outcomeOf(exchange: Exchange, kind: OutcomeKind, now: number): Outcome {
  const hasHead = kind === 'response' || exchange.phase === RESPONDING
  return {
    kind,
    status: kind === 'response' ? exchange.status : 0,
    headMs: (hasHead ? exchange.headAt : now) - exchange.sentAt,
    totalMs: now - exchange.sentAt,
    maybeExecuted: exchange.phase >= SENT,
  }
}
