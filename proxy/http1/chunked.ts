// The chunked coding: a strict decoder that points at body bytes where they arrived, byte by byte over the framing and
// chunk by chunk over the data, and the frames for sending. CRLF only: a bare LF in the framing is how smuggling begins.
// Source: RFC 9112 section 7.1.
import { CR, fieldContent, HTAB, hexValue, LF, SEMICOLON, SP } from './character-classes.ts'
import { defaultHeadLimits, type HeadLimits } from './head.ts'
import { writeLineEnd, writeText } from './text-output.ts'
import { TrailerReader } from './trailers.ts'

const maxChunkBytes = 2 ** 48
/** Leading zeros are legal; this many digits are not. */
const maxSizeDigits = 16
/** Extensions are read over and dropped. In one chunk, and in a whole body: both are ways to make us work for nothing. */
const maxExtensionBytes = 256
const maxExtensionBytesTotal = 16_384

const SIZE = 0
const BLANK_AFTER_SIZE = 1
const EXTENSION = 2
const SIZE_LF = 3
const DATA = 4
const DATA_CR = 5
const DATA_LF = 6
const TRAILERS = 7
const DONE = 8
const FAILED = 9

/** Decodes one chunked body, then, after `reset`, the next. Buffers nothing but trailer fields. */
export class ChunkedDecoder {
  /** The body bytes that the last step found, in the bytes given to it; the two are equal when it found none. */
  dataFrom = 0
  dataTo = 0
  /** The whole body, trailers included, has been read. */
  done = false
  /** Empty, or what is wrong with the framing. There is no way on from an error. */
  error = ''
  private state = SIZE
  /** The size being read, then what is left of the chunk. */
  private chunkBytes = 0
  private sizeDigits = 0
  private extensionBytes = 0
  private extensionBytesTotal = 0
  private readonly trailerReader: TrailerReader

  /** `limits` bound the trailer section as they bound a head. */
  constructor(limits: HeadLimits = defaultHeadLimits) {
    this.trailerReader = new TrailerReader(limits)
  }

  /** When done: the trailer fields that may be forwarded, each as `Name: value` with CRLF; empty when there are none. */
  get trailers(): string {
    return this.done ? this.trailerReader.forwardable : ''
  }

  /** Begins a new body. */
  reset(): void {
    this.done = false
    this.error = ''
    this.dataFrom = this.dataTo = 0
    this.extensionBytesTotal = 0
    this.trailerReader.reset()
    this.beginChunk()
  }

  private beginChunk(): void {
    this.state = SIZE
    this.chunkBytes = 0
    this.sizeDigits = 0
    this.extensionBytes = 0
  }

  /**
   * Consumes bytes from `from` on and returns the offset it came to: `to`, or less when it found data, is done, or met an
   * error (at the byte where it is seen). Call again from there until it returns `to`, `done` is true or `error` is set.
   * Bytes after the end of the body are left alone.
   */
  step(bytes: Buffer, from: number, to: number): number {
    let at = from
    while (at < to && this.state < DONE) {
      if (this.state === DATA) return this.takeData(at, to)
      if (this.state === TRAILERS) at = this.takeTrailers(bytes, at, to)
      else if (this.takeFraming(bytes[at]!)) at++
    }
    this.dataFrom = this.dataTo = at
    return at
  }

  private takeData(from: number, to: number): number {
    const end = Math.min(to, from + this.chunkBytes)
    this.dataFrom = from
    this.dataTo = end
    this.chunkBytes -= end - from
    if (this.chunkBytes === 0) this.state = DATA_CR
    return end
  }

  private takeTrailers(bytes: Buffer, from: number, to: number): number {
    const end = this.trailerReader.take(bytes, from, to)
    if (this.trailerReader.error !== '') this.fail(this.trailerReader.error)
    else if (this.trailerReader.done) {
      this.state = DONE
      this.done = true
    }
    return end
  }

  /** One byte of a size line, or of the line end after data; false when it does not belong there. */
  private takeFraming(byte: number): boolean {
    switch (this.state) {
      case SIZE:
        return this.takeSize(byte)
      case BLANK_AFTER_SIZE:
        if (byte === SEMICOLON) this.state = EXTENSION
        else if (!isBlank(byte)) return this.fail('a blank after a chunk size')
        return this.countExtension()
      case EXTENSION:
        if (byte === CR) this.state = SIZE_LF
        else if (fieldContent[byte] === 0) return this.fail('a control character in a chunk extension')
        return this.countExtension()
      case SIZE_LF:
        if (byte !== LF) return this.fail('a bare CR in a chunk size line')
        this.state = this.chunkBytes === 0 ? TRAILERS : DATA
        return true
      case DATA_CR:
        if (byte !== CR) return this.fail('chunk data longer than its size')
        this.state = DATA_LF
        return true
      default:
        if (byte !== LF) return this.fail('a bare CR after chunk data')
        this.beginChunk()
        return true
    }
  }

  private takeSize(byte: number): boolean {
    const digit = hexValue[byte]!
    if (digit < 16) {
      this.chunkBytes = this.chunkBytes * 16 + digit
      if (++this.sizeDigits > maxSizeDigits || this.chunkBytes > maxChunkBytes)
        return this.fail('a chunk size beyond 2^48')
      return true
    }
    if (this.sizeDigits === 0) return this.fail('a chunk size without digits')
    if (byte === CR) this.state = SIZE_LF
    else if (byte === SEMICOLON) this.state = EXTENSION
    else if (isBlank(byte)) this.state = BLANK_AFTER_SIZE
    else
      return this.fail(
        byte === LF ? 'a chunk size line that ends in a bare LF' : 'a chunk size that is not hexadecimal',
      )
    return true
  }

  private countExtension(): boolean {
    if (++this.extensionBytes > maxExtensionBytes || ++this.extensionBytesTotal > maxExtensionBytesTotal) {
      return this.fail('chunk extensions that are too long')
    }
    return true
  }

  private fail(reason: string): false {
    this.state = FAILED
    this.error = reason
    return false
  }
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB
}

/** The last chunk; trailer fields and an empty line follow it. */
export const lastChunk = '0\r\n'

/** Writes the size line of a chunk of `size` bytes (above 0) at `at`; returns the offset after it. At most 15 bytes. */
export function writeChunkSize(size: number, out: Buffer, at: number): number {
  return writeLineEnd(out, writeText(size.toString(16), out, at))
}
