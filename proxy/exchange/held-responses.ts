// Response bodies that are held: read from the origin while the policy has room, given to the client as it takes them. The
// origin is free when the last byte has come; the exchange ends when the client has it too.
import type { DirectionBuffering } from '../../core/contracts.ts'
import type { WorkerContext } from '../context.ts'
import { type ClientConnection, IN_EXCHANGE } from '../downstream/client-connection.ts'
import { HeldBody, type HeldBodyOwner } from '../holding/held-body.ts'
import type { ResponseHead } from '../http1/head.ts'
import type { OriginConnection } from '../upstream/origin-connection.ts'
import type { Endings } from './endings.ts'
import type { Exchange } from './exchange.ts'

export class HeldResponses {
  private readonly context: WorkerContext
  private readonly endings: Endings
  private readonly policy: DirectionBuffering

  constructor(context: WorkerContext, endings: Endings, policy: DirectionBuffering) {
    this.context = context
    this.endings = endings
    this.policy = policy
  }

  /** The head of a response with a body goes to the client; `hereBytes` of what follows have come with it. */
  begin(client: ClientConnection, exchange: Exchange, head: ResponseHead, hereBytes: number): void {
    const { framing } = exchange.responseBody
    // What is here as a whole keeps nobody waiting: head and body leave in one write.
    if (framing === 'length' && head.contentLength <= hereBytes) return
    if (this.policy.mayHold?.(name => head.header(name)) === false) return
    const lengthBytes = framing === 'length' ? head.contentLength : null
    const held = new HeldBody(this.context.holding, this.policy, this.ownerOf(client, exchange), lengthBytes, false)
    held.begin(client.socket)
    exchange.heldResponse = held
  }

  /** Body bytes in `bytes[from..to)`. */
  take(
    client: ClientConnection,
    exchange: Exchange,
    origin: OriginConnection,
    bytes: Buffer,
    from: number,
    to: number,
    now: number,
  ): void {
    const held = exchange.heldResponse!
    const { responseBody } = exchange
    const { gather, config } = this.context
    gather.open(held)
    const at = responseBody.relay(bytes, from, to, gather, false)
    gather.close()
    if (responseBody.error !== '') return this.endings.fail(client, 502, 'origin-invalid', responseBody.error)
    if (responseBody.done) return this.endings.finish(client, at === to && exchange.reusable, now)
    this.context.setDeadline(origin, now, config.timeouts.responseIdleMs)
    held.forward()
    this.watchClient(client, exchange, held, false, now)
    this.steer(origin, held, now)
  }

  private ownerOf(client: ClientConnection, exchange: Exchange): HeldBodyOwner {
    return {
      onMoved: held => {
        if (exchange.heldResponse !== held || client.state !== IN_EXCHANGE) return
        const now = performance.now()
        this.watchClient(client, exchange, held, true, now)
        if (held.delivered) return this.endings.finish(client, false, now)
        if (exchange.origin !== null) this.steer(exchange.origin, held, now)
      },
      onStoreFailed: (held, reason) => {
        if (exchange.heldResponse === held) this.endings.fail(client, 500, 'client-gone', reason)
      },
    }
  }

  /** A client that takes nothing has so long; its time begins anew whenever it has taken something (`moved`). */
  private watchClient(client: ClientConnection, exchange: Exchange, held: HeldBody, moved: boolean, now: number): void {
    if (!moved && client.writeStalled === held.blocked) return
    const { writeIdleMs, bodyIdleMs } = this.context.config.timeouts
    client.writeStalled = held.blocked
    this.context.setDeadline(client, now, held.blocked ? writeIdleMs : exchange.requestBody.done ? 0 : bodyIdleMs)
  }

  /** Reads the origin on, or does not. */
  private steer(origin: OriginConnection, held: HeldBody, now: number): void {
    const intake = this.policy.intake(held)
    if (intake === 'spill') held.spill()
    const pauses = intake !== 'read'
    if (pauses === origin.paused) return
    if (pauses) origin.pause()
    else origin.resume()
    this.context.setDeadline(origin, now, pauses ? 0 : this.context.config.timeouts.responseIdleMs)
  }
}
