// One connection to an origin: opens it, reads into a buffer of its own, and says what happened. What the bytes mean is
// the server's business.
import net from 'node:net'
import type { Ticket, Upstream } from '../../core/contracts.ts'
import type { UpstreamAddress } from '../config.ts'
import { Timed } from '../deadlines.ts'

/** What an origin connection tells the server it belongs to. */
export interface OriginOwner {
  onDialed(origin: OriginConnection): void
  /** Response bytes in `bytes[0..to)`. */
  onOriginBytes(origin: OriginConnection, bytes: Buffer, to: number): void
  /** The origin has closed; `reset` when it did not do so cleanly. Also when dialling failed. Called once. */
  onOriginClosed(origin: OriginConnection, reset: boolean): void
  onOriginDue(origin: OriginConnection, now: number): void
}

/** Not lent: tickets are 0 and up. */
export const NOBODY = -1

export const DIALING = 0
const OPEN = 1
const GONE = 2

/** Reads start small; a connection that fills its buffer gets a large one (64 KB is where throughput stops growing). */
const smallBytes = 16_384
const largeBytes = 65_536

export class OriginConnection extends Timed {
  readonly id: number
  readonly upstream: Upstream
  readonly socket: net.Socket
  state = DIALING
  /** Has it ever been open? */
  opened = false
  /** The ticket of the exchange this connection is lent to (or opened for); NOBODY while idle. */
  lentTo: Ticket | typeof NOBODY = NOBODY
  /** The bytes last read may still be on their way to the client: read the next ones elsewhere. */
  bufferInUse = false
  paused = false
  private readonly owner: OriginOwner
  private buffer: Buffer | null = null
  private wantsLarge = false
  private partialHead: Buffer | null = null
  private reset = false

  constructor(owner: OriginOwner, id: number, upstream: Upstream, address: UpstreamAddress) {
    super()
    this.owner = owner
    this.id = id
    this.upstream = upstream
    this.socket = net.connect({
      host: address.host,
      port: address.port,
      noDelay: true,
      onread: {
        buffer: () => this.nextBuffer(),
        callback: (length: number, bytes: Buffer) => this.receive(bytes, length),
      },
    } as unknown as net.NetConnectOpts)
    this.socket
      .on('connect', () => this.onConnect())
      .on('end', () => this.close(false))
      .on('error', () => {
        this.reset = true
      })
      .on('close', () => this.close(this.reset))
  }

  onDue(now: number): void {
    this.owner.onOriginDue(this, now)
  }

  pause(): void {
    this.paused = true
    this.socket.pause()
  }

  resume(): void {
    this.paused = false
    this.socket.resume()
  }

  /** Keeps the bytes of a response head that is not complete. */
  keepPartialHead(bytes: Buffer, from: number, to: number): void {
    this.partialHead = Buffer.from(bytes.subarray(from, to))
  }

  /** Ends the connection without telling the owner. */
  destroy(): void {
    this.state = GONE
    this.socket.destroy()
  }

  private onConnect(): void {
    if (this.state !== DIALING) return
    this.state = OPEN
    this.opened = true
    this.owner.onDialed(this)
  }

  private receive(bytes: Buffer, length: number): boolean {
    if (this.state !== OPEN) return true
    if (length === this.buffer?.length && length < largeBytes) this.wantsLarge = true
    if (this.partialHead === null) {
      this.owner.onOriginBytes(this, bytes, length)
      return true
    }
    const whole = Buffer.concat([this.partialHead, bytes.subarray(0, length)])
    this.partialHead = null
    this.owner.onOriginBytes(this, whole, whole.length)
    return true
  }

  /**
   * Asked by Node before the first and after every read; anything but a buffer means "the same again". A paused connection
   * reads nothing, so its buffer may stay in use.
   */
  private nextBuffer(): Buffer | null {
    if (this.buffer !== null && !this.wantsLarge && (!this.bufferInUse || this.paused)) return null
    this.buffer = Buffer.allocUnsafeSlow(this.wantsLarge ? largeBytes : (this.buffer?.length ?? smallBytes))
    this.wantsLarge = this.bufferInUse = false
    return this.buffer
  }

  private close(reset: boolean): void {
    if (this.state === GONE) return
    this.state = GONE
    this.socket.destroy()
    this.owner.onOriginClosed(this, reset)
  }
}
