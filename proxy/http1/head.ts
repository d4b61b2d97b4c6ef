// What is known of a message head after parsing: flyweights that hold offsets into the bytes as they arrived, one object
// per worker and direction, reused for each message. Text is made only when somebody asks for it.
import { equalsLower, sameIgnoringCase } from './character-classes.ts'

/** The head is not complete: call again from the same offset when more bytes have come. */
export const INCOMPLETE = 0
/** The head is refused: `errorStatus` and `errorReason` say how and why. */
export const REJECTED = -1

/** What a head may measure. A head at a limit is accepted, one beyond it is refused. */
export interface HeadLimits {
  /** From the first byte of the start line to the empty line, both included. */
  readonly maxHeadBytes: number
  /** Header fields. */
  readonly maxHeaderCount: number
  /** The request target as it arrived; not looked at for responses. */
  readonly maxTargetBytes: number
}

/** 16 KiB, 100 fields, 8 KiB of target: what common proxies allow. */
export const defaultHeadLimits: HeadLimits = { maxHeadBytes: 16_384, maxHeaderCount: 100, maxTargetBytes: 8192 }

const noBytes = Buffer.alloc(0)

/** The part that requests and responses share. Offsets are valid while the bytes they point into are untouched. */
export class MessageHead {
  bytes: Buffer = noBytes
  /** Where the start line begins (after an empty line before it, if there was one). */
  startFrom = 0
  /** Header fields found. */
  count = 0
  /** Four offsets per field: nameFrom, nameTo, valueFrom, valueTo; the value is without blanks around it. */
  fields = new Int32Array(0)
  /** Where the field lines end: the offset of the empty line. */
  fieldsTo = 0
  /** Per field: the id of its name in field-names.ts, 0 for a name that is not known. */
  ids = new Uint8Array(0)
  /** Per field: 1 when it is not forwarded as it stands (hop-by-hop, nominated, or written anew). */
  drop = new Uint8Array(0)
  /** True when the start line (for requests: and the Host line after it) may be sent on as it arrived. */
  plainStart = false
  /** Minor version of the sender: 0, or 1 for 1.1 and everything later. */
  minor: 0 | 1 = 1
  /** Bytes of body announced; -1 when there is no Content-Length. */
  contentLength = -1
  chunked = false
  /** `Connection` says close; says keep-alive, which only HTTP/1.0 needs. */
  closes = false
  persists = false
  /** Fields named by `Connection` that are not connection options of HTTP itself. */
  nominations = 0
  /** 0, or the status to answer. */
  errorStatus = 0
  /** A short sentence for the log. */
  errorReason = ''

  /** Forgets the last message and makes room for the fields of the next. */
  protected begin(bytes: Buffer, from: number, limits: HeadLimits): void {
    if (this.drop.length < limits.maxHeaderCount) {
      this.fields = new Int32Array(limits.maxHeaderCount * 4)
      this.ids = new Uint8Array(limits.maxHeaderCount)
      this.drop = new Uint8Array(limits.maxHeaderCount)
    }
    this.bytes = bytes
    this.startFrom = from
    this.count = 0
    this.plainStart = false
    this.minor = 1
    this.contentLength = -1
    this.chunked = false
    this.closes = false
    this.persists = false
    this.nominations = 0
    this.errorStatus = 0
    this.errorReason = ''
  }

  /** May the connection carry another message, as far as the sender is concerned? */
  get keepAlive(): boolean {
    return !this.closes && (this.minor === 1 || this.persists)
  }

  /** Notes why the head is refused; returns REJECTED so that a parser can return the call. */
  reject(status: number, reason: string): typeof REJECTED {
    this.errorStatus = status
    this.errorReason = reason
    return REJECTED
  }

  /**
   * The value of the field `name` (in lower case) as it arrived, several values joined by ", "; undefined when there is
   * no such field. Bytes above 0x7f come as latin1 characters.
   */
  header(name: string): string | undefined {
    let value: string | undefined
    for (let i = 0; i < this.count * 4; i += 4) {
      if (!equalsLower(this.bytes, this.fields[i]!, this.fields[i + 1]!, name)) continue
      const part = this.bytes.toString('latin1', this.fields[i + 2], this.fields[i + 3])
      value = value === undefined ? part : `${value}, ${part}`
    }
    return value
  }

  /** Marks every field with the name found between two offsets as not to be forwarded. */
  dropNamed(nameFrom: number, nameTo: number): void {
    for (let i = 0; i < this.count; i++) {
      if (sameIgnoringCase(this.bytes, this.fields[i * 4]!, this.fields[i * 4 + 1]!, nameFrom, nameTo)) this.drop[i] = 1
    }
  }
}

/** The head of a request. */
export class RequestHead extends MessageHead {
  /** As it arrived; empty when the head was refused before its end was found. */
  method = ''
  /** The target's path and query lie between these offsets. Use `target` for the text: it knows the exceptions. */
  targetFrom = 0
  targetTo = 0
  /** What an absolute-form target leaves out and a request to an origin needs in front: '', '/' or '*'. */
  impliedTarget: '' | '/' | '*' = ''
  /** The host and port asked for; empty only when an HTTP/1.0 request names none. */
  hostFrom = 0
  hostTo = 0
  /** The client waits for `100 Continue` before it sends its body. False for HTTP/1.0, whose clients cannot wait. */
  expectContinue = false

  override begin(bytes: Buffer, from: number, limits: HeadLimits): void {
    super.begin(bytes, from, limits)
    this.method = ''
    this.targetFrom = this.targetTo = from
    this.impliedTarget = ''
    this.hostFrom = this.hostTo = from
    this.expectContinue = false
  }

  /** Path and query, or `*`. */
  get target(): string {
    return this.impliedTarget + this.bytes.toString('latin1', this.targetFrom, this.targetTo)
  }

  /** May the request be sent twice without harm, by its method (RFC 9110 section 9.2.2)? */
  get isIdempotent(): boolean {
    switch (this.method) {
      case 'GET':
      case 'HEAD':
      case 'OPTIONS':
      case 'TRACE':
      case 'PUT':
      case 'DELETE':
        return true
      default:
        return false
    }
  }
}

/** The head of a response. */
export class ResponseHead extends MessageHead {
  /** 100 to 599. */
  status = 0
  reasonFrom = 0
  reasonTo = 0

  override begin(bytes: Buffer, from: number, limits: HeadLimits): void {
    super.begin(bytes, from, limits)
    this.status = 0
  }

  /** A status whose responses never have a body (1xx, 204, 304), whatever the fields say. An answer to HEAD has none either. */
  get isBodiless(): boolean {
    return this.status < 200 || this.status === 204 || this.status === 304
  }
}
