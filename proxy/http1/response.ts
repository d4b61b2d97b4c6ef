// Response heads: the status line, then what a response's fields say. Whatever is wrong with one, the client is told 502.
// Source: RFC 9112 section 4 and 6.3.
import { CR, fieldContent, isDigit, LF, SP, ZERO } from './character-classes.ts'
import { HOP_BY_HOP, RESPONSE_REWRITTEN, treatmentOf } from './field-names.ts'
import { parseFields, parseVersion } from './fields.ts'
import { readFraming } from './framing.ts'
import { type HeadLimits, INCOMPLETE, REJECTED, type ResponseHead } from './head.ts'

/**
 * Parses the response head at `from`; bytes at and after `to` are not read. Returns the offset after the head,
 * INCOMPLETE, or REJECTED, always with 502. A prefix of a head gives INCOMPLETE or the rejection that the whole head
 * gives. Nothing is allocated.
 */
export function parseResponseHead(
  bytes: Buffer,
  from: number,
  to: number,
  limits: HeadLimits,
  head: ResponseHead,
): number {
  head.begin(bytes, from, limits)
  const end = Math.min(to, from + limits.maxHeadBytes)
  let at = parseStatusLine(bytes, from, end, head)
  if (at > 0) at = parseFields(bytes, at, end, limits.maxHeaderCount, head)
  if (at === INCOMPLETE && to - from >= limits.maxHeadBytes) {
    at = head.reject(502, `a head longer than ${limits.maxHeadBytes} bytes`)
  }
  if (at > 0 && !readFields(head)) at = REJECTED
  if (at === REJECTED) head.errorStatus = 502
  return at
}

function parseStatusLine(bytes: Buffer, from: number, to: number, head: ResponseHead): number {
  let at = parseVersion(bytes, from, to, head)
  if (at <= 0) return at
  if (at + 5 > to) return INCOMPLETE
  if (bytes[at] !== SP || !isDigit(bytes[at + 1]!) || !isDigit(bytes[at + 2]!) || !isDigit(bytes[at + 3]!)) {
    return head.reject(502, 'a malformed status')
  }
  head.status = (bytes[at + 1]! - ZERO) * 100 + (bytes[at + 2]! - ZERO) * 10 + bytes[at + 3]! - ZERO
  if (head.status < 100 || head.status > 599) return head.reject(502, 'a status outside 100 to 599')
  at += 4
  if (bytes[at] === SP) at++
  else head.plainStart = false
  head.reasonFrom = at
  if (bytes[at - 1] === SP) while (at < to && fieldContent[bytes[at]!] !== 0) at++
  head.reasonTo = at
  if (at + 2 > to) return INCOMPLETE
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return head.reject(502, 'a status line that does not end in CRLF')
  return at + 2
}

/** Takes the meaning of all fields; false when the head was rejected. */
function readFields(head: ResponseHead): boolean {
  for (let i = 0; i < head.count; i++) {
    const id = head.ids[i]!
    if (id === 0) continue
    if ((treatmentOf[id]! & (HOP_BY_HOP | RESPONSE_REWRITTEN)) !== 0) head.drop[i] = 1
    if (!readFraming(head, i, id)) return false
  }
  return true
}
