// Finds where an HTTP/1.1 response ends and what its status is; nothing else. Independent of the proxy's parser on
// purpose: the instrument must not share code with what it measures. Framing rules: RFC 9112, section 6.3.
import { BAD, ChunkedScanner, MORE } from './chunked-scanner.ts'

const maxHeadBytes = 65_536
const HEAD = 0
const LENGTH = 1
const CHUNKED = 2
const UNTIL_CLOSE = 3

export type Progress = 'more' | 'complete' | 'bad'

/** Scans the responses of one connection, one request at a time. */
export class ResponseScanner {
  /** Of the final response; 0 until its head is complete. */
  status = 0
  bodyBytes = 0
  /** False when the server closes the connection after this response. */
  reusable = true
  private framing = HEAD
  private head = ''
  private remaining = 0
  private readonly chunked = new ChunkedScanner()

  /** Makes ready for the response to the next request. */
  begin(): void {
    this.status = 0
    this.bodyBytes = 0
    this.reusable = true
    this.framing = HEAD
    this.head = ''
  }

  /** Takes the next `count` bytes. They are not kept. Bytes beyond the response's end make it `bad`. */
  feed(bytes: Buffer, count: number): Progress {
    let at = 0
    while (this.framing === HEAD) {
      const next = this.takeHead(bytes, at, count)
      if (next < 0) return next === BAD ? 'bad' : 'more'
      at = next
    }
    return this.takeBody(bytes, at, count)
  }

  /** The server has finished sending: true when that is a proper end of the response. */
  endsAtClose(): boolean {
    return this.framing === UNTIL_CLOSE
  }

  private takeHead(bytes: Buffer, at: number, count: number): number {
    const seen = this.head.length
    // An end of head may straddle two reads, so a partial head is completed as text; this is rare.
    const text = seen === 0 ? null : this.head + bytes.toString('latin1', at, count)
    const end = text === null ? bytes.indexOf('\r\n\r\n', at, 'latin1') : text.indexOf('\r\n\r\n')
    const found = end >= 0 && (text !== null || end + 4 <= count)
    if (!found) {
      this.head = text ?? bytes.toString('latin1', at, count)
      return this.head.length > maxHeadBytes ? BAD : MORE
    }
    this.head = ''
    const head = text === null ? bytes.toString('latin1', at, end + 2) : text.slice(0, end + 2)
    if (!this.readHead(head)) return BAD
    return text === null ? end + 4 : at + end + 4 - seen
  }

  /** Reads status and framing; false when they cannot be trusted. `head` ends with the last header's line end. */
  private readHead(head: string): boolean {
    const parts = /^HTTP\/1\.([01]) ([1-5]\d\d)[ \r]/.exec(head)
    if (!parts) return false
    const status = Number(parts[2])
    if (status === 101) return false
    if (status < 200) return true
    this.status = status
    const lower = head.toLowerCase()
    const connection = headerOf(lower, '\r\nconnection:')
    this.reusable = parts[1] === '1' ? connection !== 'close' : connection === 'keep-alive'
    return this.readFraming(headerOf(lower, '\r\ntransfer-encoding:'), headerOf(lower, '\r\ncontent-length:'))
  }

  private readFraming(coding: string | null, length: string | null): boolean {
    if (this.status === 204 || this.status === 304) {
      this.framing = LENGTH
      this.remaining = 0
      return true
    }
    if (coding !== null) {
      this.framing = CHUNKED
      this.chunked.begin()
      return coding === 'chunked' && length === null
    }
    if (length === null) {
      this.framing = UNTIL_CLOSE
      this.reusable = false
      return true
    }
    this.framing = LENGTH
    this.remaining = Number(length)
    return /^\d{1,15}$/.test(length)
  }

  private takeBody(bytes: Buffer, at: number, count: number): Progress {
    if (this.framing === CHUNKED) {
      const next = this.chunked.feed(bytes, at, count)
      this.bodyBytes = this.chunked.bodyBytes
      if (next === MORE) return 'more'
      return next === count ? 'complete' : 'bad'
    }
    this.bodyBytes += count - at
    if (this.framing === UNTIL_CLOSE) return 'more'
    if ((this.remaining -= count - at) > 0) return 'more'
    return this.remaining === 0 ? 'complete' : 'bad'
  }
}

/** The value of a header in a lower-cased head, null when absent, '' when it occurs more than once. */
function headerOf(lower: string, line: string): string | null {
  const at = lower.indexOf(line)
  if (at < 0) return null
  if (lower.indexOf(line, at + line.length) >= 0) return ''
  return lower.slice(at + line.length, lower.indexOf('\r', at + line.length)).trim()
}
