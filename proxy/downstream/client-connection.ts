// One client's connection: turns its bytes into request heads and body bytes, in order, and holds back what comes early
// (pipelined requests, body bytes before there is an upstream to take them). It knows nothing of upstreams.
import type net from 'node:net'
import { Timed } from '../deadlines.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { type HeadLimits, INCOMPLETE, REJECTED, type RequestHead } from '../http1/head.ts'
import { parseRequestHead } from '../http1/request.ts'
import type { ReadAdapter } from './shared-read.ts'

/** What a client connection needs from the server it belongs to. */
export interface ClientOwner {
  readonly adapter: ReadAdapter
  readonly headLimits: HeadLimits
  /** The flyweight that the parser fills; valid during `onRequest`. */
  readonly requestHead: RequestHead
  /** A valid head has come; it ends at `from`. */
  onRequest(client: ClientConnection, now: number): void
  /** Body bytes are offered. Returns the offset after the last one taken; `from` when none is wanted now. */
  takeBody(client: ClientConnection, bytes: Buffer, from: number, to: number, shared: boolean): number
  /** The head is not acceptable; `requestHead` says why. */
  onRejected(client: ClientConnection): void
  /** A deadline of this connection has passed. */
  onClientDue(client: ClientConnection, now: number): void
  /** The client has sent its last byte. */
  onClientEnd(client: ClientConnection): void
  /** The connection is gone. Called once. */
  onClientClosed(client: ClientConnection): void
  /** A later request has begun to arrive: its head has so long to come. */
  onHeadBegins(client: ClientConnection): void
}

export const AWAIT_HEAD = 0
export const IN_EXCHANGE = 1
/** The last response is on its way; what still comes in is thrown away. */
export const LINGERING = 2
export const CLOSED = 3

type OwnedSocket = net.Socket & { owner: ClientConnection }

export class ClientConnection extends Timed {
  readonly id: number
  readonly socket: net.Socket
  /** The client's address, read once: asking the kernel for it costs a system call. */
  readonly address: string
  state = AWAIT_HEAD
  /** False between requests, until the first byte of the next one. */
  headBegun = true
  /** The client has half-closed: it will send nothing more. */
  ended = false
  /** The response is ahead of what the client reads. */
  writeStalled = false
  /** Made for the first request, reused for the later ones. */
  exchange: Exchange | null = null
  readonly owner: ClientOwner
  private stash: Buffer | null = null
  private stashFrom = 0
  private stashTo = 0
  private scannedTo = 0
  private consuming = false
  /** The server has stopped reading because the origin is behind. */
  private paused = false
  /** Reading has stopped because too much has come early. */
  private heldBack = false

  constructor(owner: ClientOwner, id: number, socket: net.Socket) {
    super()
    this.owner = owner
    this.id = id
    this.socket = socket
    this.address = socket.remoteAddress ?? ''
    ;(socket as OwnedSocket).owner = this
    socket.on('end', onEnd).on('error', onError).on('close', onClose)
    owner.adapter.attach(socket, onRead)
  }

  onDue(now: number): void {
    this.owner.onClientDue(this, now)
  }

  /** The exchange is over and the connection stays: goes on with what has come early, then with what comes. */
  nextRequest(): void {
    this.state = AWAIT_HEAD
    this.headBegun = false
    if (!this.consuming) this.consumeStash()
  }

  /** The exchange can take body bytes now. */
  bodyWanted(): void {
    if (!this.consuming) this.consumeStash()
  }

  /** Has part of a request arrived that is not a whole head yet? */
  get hasPartialHead(): boolean {
    return this.stashTo > this.stashFrom
  }

  pause(): void {
    this.paused = true
    this.socket.pause()
  }

  resume(): void {
    this.paused = false
    if (!this.heldBack) this.socket.resume()
  }

  receive(bytes: Buffer, length: number): void {
    if (this.state >= LINGERING) return
    if (this.stash !== null) {
      this.keep(bytes, 0, length)
      this.consumeStash()
      return
    }
    const at = this.consume(bytes, 0, length, this.owner.adapter.shared)
    if (at < length) this.keep(bytes, at, length)
  }

  /** Uses as many bytes as can be used now and returns the offset after them. */
  private consume(bytes: Buffer, from: number, to: number, shared: boolean): number {
    this.consuming = true
    let at = from
    while (at < to) {
      let next = to
      if (this.state === AWAIT_HEAD) next = this.takeHead(bytes, at, to)
      else if (this.state === IN_EXCHANGE) next = this.owner.takeBody(this, bytes, at, to, shared)
      if (next === at) break
      at = next
    }
    this.consuming = false
    return at
  }

  private takeHead(bytes: Buffer, from: number, to: number): number {
    if (!this.headBegun) {
      this.headBegun = true
      this.owner.onHeadBegins(this)
    }
    const { headLimits, requestHead } = this.owner
    if (bytes === this.stash && !this.mayBeComplete(from, to, headLimits.maxHeadBytes)) return from
    const end = parseRequestHead(bytes, from, to, headLimits, requestHead)
    if (end === INCOMPLETE) return from
    if (end === REJECTED) {
      this.owner.onRejected(this)
      return to
    }
    if (bytes === this.stash) this.scannedTo = end
    this.state = IN_EXCHANGE
    this.owner.onRequest(this, performance.now())
    return end
  }

  /**
   * Is it worth parsing again? A head that drips in is only looked through for its end, each byte once; it is parsed when
   * an empty line, a bare line feed or the size limit is met.
   */
  private mayBeComplete(from: number, to: number, maxHeadBytes: number): boolean {
    const stash = this.stash!
    if (this.scannedTo <= from) {
      this.scannedTo = to
      return true
    }
    for (let at = stash.indexOf(10, this.scannedTo); at >= 0 && at < to; at = stash.indexOf(10, at + 1)) {
      if (stash[at - 1] !== 13 || stash[at - 2] === 10) {
        this.scannedTo = to
        return true
      }
    }
    this.scannedTo = to
    return to - from > maxHeadBytes
  }

  /** Copies bytes that cannot be used yet. Reading stops when more than a head's worth is held. */
  private keep(bytes: Buffer, from: number, to: number): void {
    const held = this.stashTo - this.stashFrom
    const size = held + to - from
    if (this.stash === null || this.stashTo + (to - from) > this.stash.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(512, 2 ** Math.ceil(Math.log2(size))))
      this.stash?.copy(larger, 0, this.stashFrom, this.stashTo)
      this.scannedTo = Math.max(0, this.scannedTo - this.stashFrom)
      this.stash = larger
      this.stashFrom = 0
      this.stashTo = held
    }
    this.stashTo += bytes.copy(this.stash, this.stashTo, from, to)
    if (this.state === IN_EXCHANGE && size > this.owner.headLimits.maxHeadBytes) {
      this.heldBack = true
      this.socket.pause()
    }
  }

  private consumeStash(): void {
    const stash = this.stash
    if (stash === null) return
    this.stashFrom = this.consume(stash, this.stashFrom, this.stashTo, false)
    if (this.stashFrom === this.stashTo) {
      this.stash = null
      this.stashFrom = this.stashTo = this.scannedTo = 0
    }
    if (this.heldBack && this.stashTo - this.stashFrom <= this.owner.headLimits.maxHeadBytes) {
      this.heldBack = false
      if (!this.paused) this.socket.resume()
    }
  }
}

function onRead(this: net.Socket, bytes: Buffer, length: number): void {
  ;(this as OwnedSocket).owner.receive(bytes, length)
}

function onEnd(this: net.Socket): void {
  const client = (this as OwnedSocket).owner
  client.ended = true
  client.owner.onClientEnd(client)
}

/** What went wrong does not matter: 'close' follows. */
function onError(): void {}

function onClose(this: net.Socket): void {
  const client = (this as OwnedSocket).owner
  if (client.state === CLOSED) return
  client.owner.onClientClosed(client)
  client.state = CLOSED
}
