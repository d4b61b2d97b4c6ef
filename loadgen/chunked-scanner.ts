// Finds the end of a chunked body (RFC 9112, section 7.1), byte by byte. Kept apart from the proxy's parser on purpose:
// the instrument must not share code with what it measures. Used by the generator and by the scripted origin.

/** Answers of `ChunkedScanner.feed` that are not a position. */
export const MORE = -1
export const BAD = -2

const SIZE = 0
const EXTENSION = 1
const SIZE_LF = 2
const DATA = 3
const DATA_CR = 4
const DATA_LF = 5
const TRAILER = 6
const TRAILER_LF = 7
/** 2^32 - 1 is as large as eight hex digits go; nobody sends a chunk beyond it in good faith. */
const maxDigits = 8
const maxLineBytes = 16_384
const CR = 13
const LF = 10

/** Told where the payload of a chunk lies in the bytes just fed. */
export type PayloadSink = (bytes: Uint8Array, from: number, to: number) => void

/** One chunked body. `begin` makes it ready for the next. */
export class ChunkedScanner {
  /** Payload seen so far, without sizes, extensions and trailers. */
  bodyBytes = 0
  private state = SIZE
  private remaining = 0
  private digits = 0
  private lineBytes = 0

  begin(): void {
    this.bodyBytes = 0
    this.enterSize()
  }

  /** Reads `bytes` from `at` to `end`: the position after the body's end, MORE, or BAD when it is not chunked coding. */
  feed(bytes: Uint8Array, at: number, end: number, sink?: PayloadSink): number {
    let position = at
    while (position < end) {
      if (this.state === DATA) {
        const taken = Math.min(this.remaining, end - position)
        sink?.(bytes, position, position + taken)
        position += taken
        this.bodyBytes += taken
        if ((this.remaining -= taken) === 0) this.state = DATA_CR
        continue
      }
      const verdict = this.step(bytes[position++]!)
      if (verdict === BAD) return BAD
      if (verdict === 0) return position
    }
    return MORE
  }

  /** Takes one byte outside the payload: 0 when it ended the body. */
  private step(byte: number): number {
    switch (this.state) {
      case SIZE:
        return this.sizeByte(byte)
      case EXTENSION:
        if (byte === CR) this.state = SIZE_LF
        else if (byte === LF || ++this.lineBytes > maxLineBytes) return BAD
        return MORE
      case SIZE_LF:
        if (byte !== LF) return BAD
        this.state = this.remaining === 0 ? TRAILER : DATA
        this.lineBytes = 0
        return MORE
      case DATA_CR:
        this.state = DATA_LF
        return byte === CR ? MORE : BAD
      case DATA_LF:
        this.enterSize()
        return byte === LF ? MORE : BAD
      case TRAILER:
        if (byte === CR) this.state = TRAILER_LF
        else if (byte === LF || ++this.lineBytes > maxLineBytes) return BAD
        return MORE
      default:
        return this.trailerEnd(byte)
    }
  }

  private sizeByte(byte: number): number {
    const digit = hexDigit(byte)
    if (digit >= 0) {
      this.remaining = this.remaining * 16 + digit
      return ++this.digits > maxDigits ? BAD : MORE
    }
    if (this.digits === 0) return BAD
    if (byte === CR) this.state = SIZE_LF
    else if (byte === 59 || byte === 32 || byte === 9) this.state = EXTENSION
    else return BAD
    return MORE
  }

  private trailerEnd(byte: number): number {
    if (byte !== LF) return BAD
    if (this.lineBytes === 0) return 0
    this.state = TRAILER
    this.lineBytes = 0
    return MORE
  }

  private enterSize(): void {
    this.state = SIZE
    this.remaining = 0
    this.digits = 0
    this.lineBytes = 0
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
