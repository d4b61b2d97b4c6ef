// Past the limiter or not: a request is let in at once, kept outside for a while, or refused.
import type { Limiter } from '../../core/contracts.ts'
import type { WorkerContext } from '../context.ts'
import type { ClientConnection } from '../downstream/client-connection.ts'
import { longestTimerMs } from './attempts.ts'
import type { Endings } from './endings.ts'
import { ADMITTED, DELAYED, type Exchange, WAITING } from './exchange.ts'
import type { RequestHeads } from './kept-head.ts'

/** Goes on with a request that has been let in. */
export type Enter = (client: ClientConnection, exchange: Exchange, now: number) => void

export class Admission {
  private readonly context: WorkerContext
  private readonly limiter: Limiter
  private readonly heads: RequestHeads
  private readonly endings: Endings
  private readonly enter: Enter

  constructor(context: WorkerContext, limiter: Limiter, heads: RequestHeads, endings: Endings, enter: Enter) {
    this.context = context
    this.limiter = limiter
    this.heads = heads
    this.endings = endings
    this.enter = enter
  }

  /** A request has come, and the policies see it: its head is in `context.requestHead`. */
  decide(client: ClientConnection, exchange: Exchange, now: number): void {
    const { context } = this
    const holding = this.limiter.admit?.(this.heads.view, context.requestsInFlight, now) ?? null
    if (holding === null) return this.admit(client, exchange, now)
    if (holding.kind === 'delay') return this.delay(client, exchange, holding.ms, now)
    context.counters.requestsLimited++
    this.endings.refuse(client, 503, 'the limiter refuses it', holding.ms / 1000)
  }

  private admit(client: ClientConnection, exchange: Exchange, now: number): void {
    this.context.requestsInFlight++
    exchange.admission = ADMITTED
    exchange.admittedAt = now
    this.enter(client, exchange, now)
  }

  /** A client has one request at a time, so the connection cap bounds how many are delayed. Its body is not read meanwhile. */
  private delay(client: ClientConnection, exchange: Exchange, ms: number, now: number): void {
    this.context.counters.requestsDelayed++
    this.heads.keep(client, exchange)
    exchange.admission = DELAYED
    exchange.phase = WAITING
    this.context.setDeadline(client, now, 0)
    exchange.timer = setTimeout(() => this.delayed(client, exchange), Math.min(ms, longestTimerMs))
  }

  private delayed(client: ClientConnection, exchange: Exchange): void {
    const now = performance.now()
    const { config } = this.context
    this.heads.restore(client, exchange)
    this.context.setDeadline(client, now, exchange.requestBody.done ? 0 : config.timeouts.bodyIdleMs)
    this.admit(client, exchange, now)
    client.bodyWanted()
  }
}
