// The body of one message on its way: how many bytes are still to come, where it ends, and in which framing it goes on.
// Framing is never copied from one side to the other: what arrived is decoded and what leaves is framed anew.
import type { Gather } from './gather.ts'
import { ChunkedDecoder, lastChunk, writeChunkSize } from './http1/chunked.ts'
import type { Framing } from './http1/serialise.ts'

/** Room that a chunk-size line needs: 12 hex digits and CRLF. */
const chunkLineBytes = 16

export class BodyRelay {
  /** How the body is delimited as it arrives. */
  framing: Framing = 'none'
  /** True when the last byte has been relayed. A `close` body is done when its connection ends. */
  done = true
  /** Body bytes relayed so far, without framing. */
  relayedBytes = 0
  /** '' or why the body is not valid. */
  error = ''
  private remaining = 0
  private chunkedOut = false
  private decoder: ChunkedDecoder | null = null

  /** Prepares for the next message. `length` counts for framing `length`; `chunkedOut`: it goes on in chunks. */
  start(framing: Framing, length: number, chunkedOut: boolean): void {
    this.framing = framing
    this.remaining = length
    this.chunkedOut = chunkedOut
    this.relayedBytes = 0
    this.error = ''
    this.done = framing === 'none' || (framing === 'length' && length === 0)
    if (framing === 'chunked') {
      this.decoder ??= new ChunkedDecoder()
      this.decoder.reset()
    }
  }

  /**
   * Moves the body bytes among `bytes[from..to)` into `out` and returns the offset after the last one used; the rest
   * belongs to the next message. Check `error` and `done` afterwards.
   */
  relay(bytes: Buffer, from: number, to: number, out: Gather, shared: boolean): number {
    if (this.framing === 'chunked') return this.relayChunks(bytes, from, to, out, shared)
    const size = this.framing === 'length' ? Math.min(this.remaining, to - from) : to - from
    if (this.done || size === 0) return from
    this.send(bytes, from, from + size, out, shared)
    if (this.framing === 'length') {
      this.remaining -= size
      this.done = this.remaining === 0
    }
    return from + size
  }

  /** The connection of a `close` body ended cleanly. Returns false when the body is incomplete. */
  endOfConnection(): boolean {
    if (this.framing === 'close') this.done = true
    return this.done
  }

  private relayChunks(bytes: Buffer, from: number, to: number, out: Gather, shared: boolean): number {
    const decoder = this.decoder!
    let at = from
    while (at < to && !decoder.done) {
      at = decoder.step(bytes, at, to)
      if (decoder.error !== '') {
        this.error = decoder.error
        return at
      }
      if (decoder.dataTo > decoder.dataFrom) this.send(bytes, decoder.dataFrom, decoder.dataTo, out, shared)
    }
    if (decoder.done) {
      this.done = true
      if (this.chunkedOut) out.text(`${lastChunk}${decoder.trailers}\r\n`)
    }
    return at
  }

  private send(bytes: Buffer, from: number, to: number, out: Gather, shared: boolean): void {
    this.relayedBytes += to - from
    if (!this.chunkedOut) {
      out.bytes(bytes, from, to, shared)
      return
    }
    out.reserve(chunkLineBytes)
    out.length = writeChunkSize(to - from, out.slab, out.length)
    out.bytes(bytes, from, to, shared)
    out.text('\r\n')
  }
}
