// The field lines of a head, in one pass: CRLF only, no folding, no blank before the colon, no control characters. Also
// the version, which requests and responses write alike. Source: RFC 9112 sections 2.2, 2.3 and 5.
import {
  COLON,
  CR,
  DOT,
  fieldContent,
  HTAB,
  isDigit,
  LF,
  SLASH,
  SP,
  skipBlanks,
  tokenLower,
  ZERO,
} from './character-classes.ts'
import { lookUpName } from './field-names.ts'
import { INCOMPLETE, type MessageHead } from './head.ts'

/**
 * Reads field lines up to and including the empty line that ends them. Fills `fields`, `ids`, `count` and `fieldsTo` of
 * `head` and clears `drop`; what the fields mean is read by somebody else. Returns the offset after the empty line,
 * INCOMPLETE, or REJECTED with 400, or with 431 when there are more than `maxCount`.
 */
export function parseFields(bytes: Buffer, from: number, to: number, maxCount: number, head: MessageHead): number {
  const { fields, ids, drop } = head
  let count = 0
  let at = from
  let nameFrom = from
  for (;;) {
    nameFrom = at
    while (at < to && tokenLower[bytes[at]!] !== 0) at++
    if (at >= to) return INCOMPLETE
    const nameTo = at
    if (bytes[at] !== COLON || nameFrom === nameTo) break
    if (count === maxCount) return head.reject(431, `more than ${maxCount} header fields`)

    const valueFrom = skipBlanks(bytes, at + 1, to)
    at = valueFrom
    while (at < to && fieldContent[bytes[at]!] !== 0) at++
    if (at + 1 >= to && (at >= to || bytes[at] === CR)) return INCOMPLETE
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return head.reject(400, defectOfLine(bytes[at]!))
    let valueTo = at
    while (valueTo > valueFrom && (bytes[valueTo - 1] === SP || bytes[valueTo - 1] === HTAB)) valueTo--
    at += 2

    const id = lookUpName(bytes, nameFrom, nameTo)
    if (id < 0) return head.reject(400, 'a field name that imitates another with underscores')
    fields[count * 4] = nameFrom
    fields[count * 4 + 1] = nameTo
    fields[count * 4 + 2] = valueFrom
    fields[count * 4 + 3] = valueTo
    ids[count] = id
    drop[count] = 0
    count++
  }
  head.count = count
  return endOfFields(bytes, nameFrom, at, to, head)
}

/** At a byte that neither continues nor ends a field name as it should: the empty line, or a defect. */
function endOfFields(bytes: Buffer, nameFrom: number, at: number, to: number, head: MessageHead): number {
  const lineStart = at === nameFrom
  if (lineStart && bytes[at] === CR) {
    if (at + 1 >= to) return INCOMPLETE
    if (bytes[at + 1] !== LF) return head.reject(400, defectOfLine(CR))
    head.fieldsTo = at
    return at + 2
  }
  if (lineStart && (bytes[at] === SP || bytes[at] === HTAB)) return head.reject(400, 'a folded field line')
  if (bytes[at] === SP || bytes[at] === HTAB) return head.reject(400, 'a blank between field name and colon')
  if (bytes[at] === COLON) return head.reject(400, 'an empty field name')
  return head.reject(400, 'a byte that no field name has')
}

function defectOfLine(byte: number): string {
  if (byte === LF) return 'a line that ends in a bare LF'
  if (byte === CR) return 'a bare CR'
  return 'a control character'
}

/**
 * Reads `HTTP/d.d` at `at` and notes the minor version. Returns the offset after it, INCOMPLETE, or REJECTED with 400,
 * or with 505 for another major version than 1.
 */
export function parseVersion(bytes: Buffer, at: number, to: number, head: MessageHead): number {
  if (at + 8 > to) return INCOMPLETE
  const major = bytes[at + 5]!
  const minor = bytes[at + 7]!
  const wellFormed =
    bytes[at] === 0x48 &&
    bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 &&
    bytes[at + 4] === SLASH &&
    isDigit(major) &&
    bytes[at + 6] === DOT &&
    isDigit(minor)
  if (!wellFormed) return head.reject(400, 'no HTTP version where one is due')
  if (major !== ZERO + 1) return head.reject(505, `HTTP version ${major - ZERO}.${minor - ZERO}`)
  head.minor = minor === ZERO ? 0 : 1
  head.plainStart = minor === ZERO + 1
  return at + 8
}
