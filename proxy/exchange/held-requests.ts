// Request bodies that are held: collected before an upstream is chosen when the policy wants that, given to the origin as it
// takes them, and kept for another attempt as long as the policy has room.
import type { BufferingPolicy, DirectionBuffering } from '../../core/contracts.ts'
import type { WorkerContext } from '../context.ts'
import type { ClientConnection } from '../downstream/client-connection.ts'
import { HeldBody, type HeldBodyOwner } from '../holding/held-body.ts'
import type { Endings } from './endings.ts'
import { type Exchange, SENT, WAITING } from './exchange.ts'
import type { RequestHeads } from './kept-head.ts'

const continueResponse = 'HTTP/1.1 100 Continue\r\n\r\n'

export interface HeldRequestsOptions {
  readonly context: WorkerContext
  readonly endings: Endings
  readonly heads: RequestHeads
  /** May requests be sent again? Then what has been sent is kept while there is room. */
  readonly keeps: boolean
  /** Chooses the upstream of a collected request, whose head is in `context.requestHead`, and makes the first attempt. */
  dial(client: ClientConnection): void
}

export class HeldRequests {
  private readonly context: WorkerContext
  private readonly endings: Endings
  private readonly policy: DirectionBuffering
  private readonly options: HeldRequestsOptions

  private constructor(policy: DirectionBuffering, options: HeldRequestsOptions) {
    this.context = options.context
    this.endings = options.endings
    this.policy = policy
    this.options = options
  }

  /** Null when the policy holds no requests. */
  static of(buffering: BufferingPolicy, options: HeldRequestsOptions): HeldRequests | null {
    return buffering.request ? new HeldRequests(buffering.request, options) : null
  }

  /**
   * A request with a body has been let in; its head is in `context.requestHead`. False when no upstream is to be chosen
   * now: the body is collected first, or the request has been refused.
   */
  begin(client: ClientConnection, exchange: Exchange): boolean {
    const { policy } = this
    const { keeps, heads } = this.options
    heads.keep(client, exchange)
    exchange.phase = WAITING
    const { contentLength, expectContinue } = this.context.requestHead
    const lengthBytes = contentLength >= 0 ? contentLength : null
    const held = new HeldBody(this.context.holding, policy, this.ownerOf(client, exchange), lengthBytes, keeps)
    exchange.heldRequest = held
    exchange.replayable = keeps
    if (this.refuses(client, held)) return false
    if (policy.mayDial?.(held) !== false) return true
    exchange.collecting = true
    if (expectContinue) {
      // The client waits for a word before it sends, and there is no origin yet to say it.
      client.socket.write(continueResponse, 'latin1')
      exchange.head = exchange.head.replace(/\r\nexpect:[^\r]*/i, '')
    }
    return false
  }

  /** Takes body bytes; returns the offset after the last one taken. */
  take(client: ClientConnection, exchange: Exchange, bytes: Buffer, from: number, to: number): number {
    const held = exchange.heldRequest!
    const { requestBody } = exchange
    const { gather, config } = this.context
    if (requestBody.done) return from
    gather.open(held)
    const end = requestBody.relay(bytes, from, to, gather, false)
    gather.close()
    held.complete = requestBody.done
    if (requestBody.error !== '') {
      this.endings.fail(client, 400, 'client-gone', requestBody.error)
      return to
    }
    if (requestBody.relayedBytes > config.limits.maxBodyBytes) {
      this.endings.fail(client, 413, 'client-gone', 'the body is larger than maxBodyBytes')
      return to
    }
    if (this.refuses(client, held)) return to
    if (exchange.collecting && this.policy.mayDial!(held)) {
      exchange.collecting = false
      this.options.heads.restore(client, exchange)
      this.options.dial(client)
    } else held.forward()
    // The attempt may have ended the request at once.
    if (exchange.heldRequest === held) this.onProgress(client, exchange, held, true)
    return end
  }

  private refuses(client: ClientConnection, held: HeldBody): boolean {
    const intake = this.policy.intake(held)
    if (intake === 'too-large') this.endings.fail(client, 413, 'client-gone', 'the body is larger than what is held')
    else if (intake === 'no-room') this.endings.fail(client, 503, 'client-gone', 'there is no room for the body')
    else return false
    return true
  }

  private ownerOf(client: ClientConnection, exchange: Exchange): HeldBodyOwner {
    return {
      onMoved: held => {
        if (exchange.heldRequest === held) this.onProgress(client, exchange, held, false)
      },
      onStoreFailed: (held, reason) => {
        if (exchange.heldRequest === held) this.endings.fail(client, 500, 'client-gone', reason)
      },
    }
  }

  /** Something has come (`received`) or left: the deadlines of both sides, and whether the client is read on. */
  private onProgress(client: ClientConnection, exchange: Exchange, held: HeldBody, received: boolean): void {
    const { context } = this
    const { origin } = exchange
    const now = performance.now()
    if (origin !== null && exchange.phase === SENT)
      context.setDeadline(origin, now, context.config.timeouts.responseHeadMs)
    const pauses = !this.mayRead(exchange, held)
    if (pauses !== held.senderPaused) {
      held.senderPaused = pauses
      if (pauses) client.pause()
      else client.resume()
    } else if (!received) return
    // While the client waits for us, or for a connection, that is not its fault.
    if (exchange.waitsForPool) return
    context.setDeadline(client, now, pauses || held.complete ? 0 : context.config.timeouts.bodyIdleMs)
  }

  private mayRead(exchange: Exchange, held: HeldBody): boolean {
    const { policy } = this
    if (held.complete) {
      if (policy.intake(held) === 'spill') held.spill()
      return true
    }
    let intake = policy.intake(held)
    if (intake === 'pause' && held.keepsAll) {
      held.letGo()
      exchange.replayable = held.keepsAll
      intake = policy.intake(held)
    }
    if (intake === 'spill') held.spill()
    return intake === 'read'
  }
}
