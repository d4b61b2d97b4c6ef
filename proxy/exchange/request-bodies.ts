// Request bodies on the straight path: they go to the origin's socket as they come, as fast as it takes them.
import type net from 'node:net'
import type { BufferingPolicy } from '../../core/contracts.ts'
import type { WorkerContext } from '../context.ts'
import { CLOSED, type ClientConnection } from '../downstream/client-connection.ts'
import type { OriginConnection } from '../upstream/origin-connection.ts'
import type { Endings } from './endings.ts'
import { type Exchange, SENT } from './exchange.ts'

const empty = Buffer.alloc(0)

export class RequestBodies {
  private readonly context: WorkerContext
  private readonly buffering: BufferingPolicy
  private readonly endings: Endings

  constructor(context: WorkerContext, buffering: BufferingPolicy, endings: Endings) {
    this.context = context
    this.buffering = buffering
    this.endings = endings
  }

  /** Relays body bytes; returns the offset after the last one taken, `from` when none is wanted now. */
  take(client: ClientConnection, exchange: Exchange, bytes: Buffer, from: number, to: number, shared: boolean): number {
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
    if (!requestBody.done && !this.buffering.mayRead(origin.socket.writableLength)) {
      client.pause()
      origin.socket.write(empty, () => client.state !== CLOSED && client.resume())
    }
    return end
  }
}

/** The first body bytes usually follow in the same turn: head and body leave in one write. */
export function holdForBody(exchange: Exchange, origin: OriginConnection): void {
  if (exchange.requestBody.done) return
  origin.socket.cork()
  process.nextTick(uncork, origin.socket)
}

function uncork(socket: net.Socket): void {
  socket.uncork()
}
