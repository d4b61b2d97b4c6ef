// Gathers the pieces of one message (head, chunk sizes, body bytes) so that they leave in one write. Small pieces are
// copied into a slab and leave as one latin1 string: a string write copies synchronously, so the slab is free at once.
// Large body pieces are not copied: they are written as they are, corked together with what came before.

/** Where a message goes: a socket, or a body that is held for one. */
export interface Outlet {
  write(data: Buffer | string, encoding?: 'latin1'): boolean
  cork(): void
  uncork(): void
}

/** Pieces up to this size are copied. */
const copyBytes = 8_192
const slabBytes = 131_072

export class Gather {
  /** Serialisers write into this at `length` and move `length` on; `reserve` makes room first. */
  readonly slab = Buffer.allocUnsafeSlow(slabBytes)
  length = 0
  private socket: Outlet | null = null
  private corked = false

  open(socket: Outlet): void {
    this.socket = socket
    this.length = 0
    this.corked = false
  }

  /** Makes sure that `bytes` more fit into the slab. */
  reserve(bytes: number): void {
    if (this.length + bytes > slabBytes) this.flush()
  }

  text(text: string): void {
    this.reserve(text.length)
    this.length += this.slab.write(text, this.length, 'latin1')
  }

  /** Appends bytes. Large pieces are given to the socket as they are; `shared` says that they must be copied for that. */
  bytes(bytes: Buffer, from: number, to: number, shared: boolean): void {
    const size = to - from
    if (size <= copyBytes && this.length + size <= slabBytes) {
      this.length += bytes.copy(this.slab, this.length, from, to)
      return
    }
    this.flush()
    const view = bytes.subarray(from, to)
    this.socket!.write(shared ? Buffer.from(view) : view)
  }

  /** Sends what is gathered. Closing twice does nothing. */
  close(): void {
    const { socket } = this
    if (socket === null) return
    if (this.length > 0) {
      socket.write(this.slab.toString('latin1', 0, this.length), 'latin1')
      this.length = 0
    }
    if (this.corked) socket.uncork()
    this.socket = null
  }

  private flush(): void {
    const socket = this.socket!
    if (!this.corked) {
      socket.cork()
      this.corked = true
    }
    if (this.length > 0) socket.write(this.slab.toString('latin1', 0, this.length), 'latin1')
    this.length = 0
  }
}
