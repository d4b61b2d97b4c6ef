// The second half of a request's life: the origin answers, and head and body go to the client as fast as it takes them.
import type { BufferingPolicy } from '../../core/contracts.ts'
import type { WorkerContext } from '../context.ts'
import { type ClientConnection, IN_EXCHANGE } from '../downstream/client-connection.ts'
import { INCOMPLETE, REJECTED, ResponseHead } from '../http1/head.ts'
import { parseResponseHead } from '../http1/response.ts'
import { type Framing, growthBytes, type ResponseOptions, writeResponseHead } from '../http1/serialise.ts'
import type { UpstreamBook } from '../upstream/book.ts'
import { NOBODY, type OriginConnection } from '../upstream/origin-connection.ts'
import type { Attempts } from './attempts.ts'
import type { Endings } from './endings.ts'
import { type Exchange, RESPONDING, SENT } from './exchange.ts'
import { HeldResponses } from './held-responses.ts'

/** The version origins speak to us, and our name. */
const via = '1.1 windtunnel'
const interim = { framing: 'none', keepAlive: true, clientMinor: 1, via } as const
const empty = Buffer.alloc(0)

export class Responses {
  private readonly context: WorkerContext
  private readonly book: UpstreamBook
  private readonly buffering: BufferingPolicy
  private readonly attempts: Attempts
  private readonly endings: Endings
  /** Null when the policy holds no responses. */
  private readonly held: HeldResponses | null
  private readonly head = new ResponseHead()
  private readonly options: { -readonly [K in keyof ResponseOptions]: ResponseOptions[K] } = { ...interim }
  /** Room for any response head. */
  private readonly headRoom: number

  constructor(
    context: WorkerContext,
    book: UpstreamBook,
    buffering: BufferingPolicy,
    attempts: Attempts,
    endings: Endings,
  ) {
    this.context = context
    this.book = book
    this.buffering = buffering
    this.attempts = attempts
    this.endings = endings
    this.held = buffering.response ? new HeldResponses(context, endings, buffering.response) : null
    this.headRoom = context.config.limits.maxHeadBytes + growthBytes
  }

  /** Bytes of an origin, in `bytes[0..to)`. */
  take(origin: OriginConnection, bytes: Buffer, to: number): void {
    const now = performance.now()
    // Bytes that nobody asked for: the connection cannot be trusted with another request.
    if (origin.lentTo === NOBODY) return this.book.discard(origin, now)
    const client = this.context.clients[origin.lentTo]!
    const exchange = client.exchange!
    const { gather, config } = this.context
    gather.open(client.socket)
    const awaited = exchange.phase === SENT || origin !== exchange.origin
    let at = awaited ? this.takeHeads(client, exchange, origin, bytes, to, now) : 0
    if (exchange.phase !== RESPONDING || origin !== exchange.origin) return gather.close()
    if (exchange.heldResponse !== null) {
      gather.close()
      return this.held!.take(client, exchange, origin, bytes, at, to, now)
    }
    const { responseBody } = exchange
    at = responseBody.relay(bytes, at, to, gather, false)
    gather.close()
    // What was read last may still be on its way to the client: it must not be read over, by this answer or the next.
    const heldBytes = client.socket.writableLength
    if (heldBytes > 0) origin.bufferInUse = true
    if (responseBody.error !== '') this.endings.fail(client, 502, 'origin-invalid', responseBody.error)
    else if (responseBody.done) this.endings.finish(client, at === to && exchange.reusable, now)
    else {
      this.context.setDeadline(origin, now, config.timeouts.responseIdleMs)
      if (heldBytes > 0) this.holdBack(client, origin, heldBytes, now)
    }
  }

  /** Interim responses go on to the client; the final head starts the response. Returns the offset after what was used. */
  private takeHeads(
    client: ClientConnection,
    exchange: Exchange,
    origin: OriginConnection,
    bytes: Buffer,
    to: number,
    now: number,
  ): number {
    const { head } = this
    const { gather, config } = this.context
    let at = 0
    while (at < to) {
      const end = parseResponseHead(bytes, at, to, config.limits, head)
      if (end === INCOMPLETE) {
        origin.keepPartialHead(bytes, at, to)
        return to
      }
      if (end === REJECTED || head.status === 101) {
        // What has been said so far goes first: the failure is answered on the same connection.
        gather.close()
        const reason = end === REJECTED ? head.errorReason : 'the origin switches protocols without being asked'
        this.endings.failAttempt(client, origin, 502, 'origin-invalid', reason)
        return to
      }
      at = end
      if (head.status >= 200) {
        if (head.status >= 500 && this.endings.bettersAnswer(client, origin, head.status, now)) return to
        this.attempts.win(exchange, origin, now)
        this.begin(client, exchange, to - at, now)
        return at
      }
      // While several attempts are on their way it is not known whose word counts.
      if (exchange.clientMinor === 1 && exchange.rivals.length === 0) {
        gather.reserve(this.headRoom)
        gather.length = writeResponseHead(head, gather.slab, gather.length, interim)
      }
    }
    return at
  }

  /** `hereBytes`: what has come behind the head. */
  private begin(client: ClientConnection, exchange: Exchange, hereBytes: number, now: number): void {
    const { head, options } = this
    const { gather, draining } = this.context
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
    exchange.keepAlive &&= framing !== 'close' && exchange.requestBody.done && !client.ended && !draining
    exchange.reusable = head.keepAlive && received !== 'close'
    exchange.status = head.status
    exchange.headAt = now
    exchange.phase = RESPONDING
    exchange.responseBody.start(received, head.contentLength, framing === 'chunked')
    options.framing = framing
    options.keepAlive = exchange.keepAlive
    options.clientMinor = exchange.clientMinor
    gather.reserve(this.headRoom)
    gather.length = writeResponseHead(head, gather.slab, gather.length, options)
    if (this.held !== null && !exchange.responseBody.done) this.held.begin(client, exchange, head, hereBytes)
  }

  /** While the client is behind, the origin is not read. */
  private holdBack(client: ClientConnection, origin: OriginConnection, heldBytes: number, now: number): void {
    if (client.writeStalled || this.buffering.mayRead(heldBytes)) return
    client.writeStalled = true
    origin.pause()
    this.context.setDeadline(origin, now, 0)
    this.context.setDeadline(client, now, this.context.config.timeouts.writeIdleMs)
    client.socket.write(empty, () => this.onClientCaughtUp(client, origin))
  }

  private onClientCaughtUp(client: ClientConnection, origin: OriginConnection): void {
    client.writeStalled = false
    if (client.state !== IN_EXCHANGE || origin.lentTo !== client.id) return
    const { timeouts } = this.context.config
    const now = performance.now()
    origin.bufferInUse = false
    this.context.setDeadline(client, now, client.exchange!.requestBody.done ? 0 : timeouts.bodyIdleMs)
    this.context.setDeadline(origin, now, timeouts.responseIdleMs)
    origin.resume()
  }
}
