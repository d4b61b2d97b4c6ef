// The trailer section of a chunked body: gathered until its empty line, then read as strictly as header fields. What
// frames, routes or authenticates came too late to be obeyed and is left out. Source: RFC 9110 section 6.5.
import { CR, fieldContent, LF } from './character-classes.ts'
import { NOT_A_TRAILER, treatmentOf } from './field-names.ts'
import { parseFields } from './fields.ts'
import { type HeadLimits, MessageHead } from './head.ts'

const noBytes = Buffer.alloc(0)

/** Reads one trailer section at a time. Almost all are empty, and those cost no memory. */
export class TrailerReader {
  done = false
  /** Empty, or what is wrong with the section. */
  error = ''
  /** When done: the fields that may be forwarded, each as `Name: value` with CRLF. */
  forwardable = ''
  private readonly limits: HeadLimits
  private held = noBytes
  private heldBytes = 0
  private lineBytes = 0
  private afterCr = false

  constructor(limits: HeadLimits) {
    this.limits = limits
  }

  reset(): void {
    this.done = false
    this.error = ''
    this.forwardable = ''
    this.held = noBytes
    this.heldBytes = 0
    this.lineBytes = 0
    this.afterCr = false
  }

  /** Consumes bytes up to and including the empty line; returns the offset it came to, at an error the offending byte's. */
  take(bytes: Buffer, from: number, to: number): number {
    let at = from
    while (at < to && !this.done) {
      if (!this.takeByte(bytes[at]!)) return at
      at++
    }
    return at
  }

  private takeByte(byte: number): boolean {
    if (this.heldBytes === this.limits.maxHeadBytes) return this.fail('a trailer section that is too long')
    if (this.afterCr !== (byte === LF)) return this.fail('a trailer line that does not end in CRLF')
    if (byte !== LF && byte !== CR && fieldContent[byte] === 0) return this.fail('a control character in a trailer')
    if (this.heldBytes > 0 || (byte !== CR && byte !== LF)) this.hold(byte)
    this.afterCr = byte === CR
    if (byte === LF) {
      if (this.lineBytes === 0) return this.finish()
      this.lineBytes = 0
    } else if (byte !== CR) {
      this.lineBytes++
    }
    return true
  }

  private hold(byte: number): void {
    if (this.heldBytes === this.held.length) {
      const longer = Buffer.alloc(Math.max(64, this.held.length * 2))
      this.held.copy(longer)
      this.held = longer
    }
    this.held[this.heldBytes++] = byte
  }

  private finish(): boolean {
    this.done = true
    if (this.heldBytes === 0) return true
    const section = new TrailerSection(this.held, this.limits)
    if (parseFields(this.held, 0, this.heldBytes, this.limits.maxHeaderCount, section) < 0) {
      this.done = false
      return this.fail(section.errorReason)
    }
    this.forwardable = section.forwardable
    return true
  }

  private fail(reason: string): false {
    this.error = `${reason} (in the trailers)`
    return false
  }
}

class TrailerSection extends MessageHead {
  constructor(bytes: Buffer, limits: HeadLimits) {
    super()
    this.begin(bytes, 0, limits)
  }

  get forwardable(): string {
    let text = ''
    for (let i = 0; i < this.count; i++) {
      if ((treatmentOf[this.ids[i]!]! & NOT_A_TRAILER) !== 0) continue
      const name = this.bytes.toString('latin1', this.fields[i * 4], this.fields[i * 4 + 1])
      text += `${name}: ${this.bytes.toString('latin1', this.fields[i * 4 + 2], this.fields[i * 4 + 3])}\r\n`
    }
    return text
  }
}
