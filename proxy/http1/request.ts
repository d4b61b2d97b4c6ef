// Request heads: the request line, then what a request's fields must and must not say. Strict throughout: in doubt a
// request is refused, since a second reader behind us might understand it otherwise.
// Source: RFC 9112 section 3, RFC 9110 sections 7.2 and 10.1.1.
import {
  ASTERISK,
  COLON,
  CR,
  equalsLower,
  LF,
  QUESTION,
  SLASH,
  SP,
  sameIgnoringCase,
  targetContent,
  tokenLower,
} from './character-classes.ts'
import { EXPECT, HOP_BY_HOP, HOST, REQUEST_REWRITTEN, treatmentOf } from './field-names.ts'
import { parseFields, parseVersion } from './fields.ts'
import { readFraming } from './framing.ts'
import { type HeadLimits, INCOMPLETE, REJECTED, type RequestHead } from './head.ts'
import { isAuthority } from './host.ts'

const maxMethodBytes = 32

/** The methods that have a name of their own here, by length and first letter, so that a method costs no new string. */
const methods: (string | undefined)[] = new Array((maxMethodBytes + 1) * 32).fill(undefined)
for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']) {
  methods[method.length * 32 + (method.charCodeAt(0) & 31)] = method
}

/**
 * Parses the request head at `from`; bytes at and after `to` are not read. Returns the offset after the head, INCOMPLETE
 * or REJECTED. A prefix of a head gives INCOMPLETE or the rejection that the whole head gives. Nothing is allocated
 * unless the method is an unusual one. One empty line before the request line is skipped.
 */
export function parseRequestHead(
  bytes: Buffer,
  from: number,
  to: number,
  limits: HeadLimits,
  head: RequestHead,
): number {
  head.begin(bytes, from, limits)
  const end = Math.min(to, from + limits.maxHeadBytes)
  let at = parseRequestLine(bytes, from, end, limits, head)
  if (at > 0) at = parseFields(bytes, at, end, limits.maxHeaderCount, head)
  if (at === INCOMPLETE && to - from >= limits.maxHeadBytes) {
    return head.reject(431, `a head longer than ${limits.maxHeadBytes} bytes`)
  }
  if (at > 0 && !readFields(head)) return REJECTED
  return at
}

function parseRequestLine(bytes: Buffer, from: number, to: number, limits: HeadLimits, head: RequestHead): number {
  let at = from
  if (at < to && bytes[at] === CR) {
    if (at + 1 >= to) return INCOMPLETE
    if (bytes[at + 1] !== LF) return head.reject(400, 'a bare CR')
    at += 2
  }
  head.startFrom = at
  at = parseMethod(bytes, at, to, head)
  if (at <= 0) return at

  head.targetFrom = at
  const targetEnd = Math.min(to, at + limits.maxTargetBytes + 1)
  while (at < targetEnd && targetContent[bytes[at]!] !== 0) at++
  if (at - head.targetFrom > limits.maxTargetBytes) {
    return head.reject(414, `a target longer than ${limits.maxTargetBytes} bytes`)
  }
  if (at >= to) return INCOMPLETE
  if (bytes[at] !== SP || at === head.targetFrom) return head.reject(400, 'a malformed request target')
  head.targetTo = at

  at = parseVersion(bytes, at + 1, to, head)
  if (at <= 0) return at
  if (at + 2 > to) return INCOMPLETE
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return head.reject(400, 'a request line that does not end in CRLF')
  if (bytes[head.targetFrom] !== SLASH && !readOtherTarget(head)) return REJECTED
  return at + 2
}

function parseMethod(bytes: Buffer, from: number, to: number, head: RequestHead): number {
  const end = Math.min(to, from + maxMethodBytes + 1)
  let at = from
  while (at < end && tokenLower[bytes[at]!] !== 0) at++
  const length = at - from
  if (length > maxMethodBytes) return head.reject(501, `a method longer than ${maxMethodBytes} bytes`)
  if (at >= to) return INCOMPLETE
  if (bytes[at] !== SP || length === 0) return head.reject(400, 'a malformed method')
  head.method = methodAt(bytes, from, at)
  if (head.method === 'CONNECT') return head.reject(501, 'CONNECT to a reverse proxy')
  return at + 1
}

function methodAt(bytes: Buffer, from: number, to: number): string {
  const candidate = methods[(to - from) * 32 + (bytes[from]! & 31)]
  if (candidate !== undefined) {
    let i = 0
    while (i < candidate.length && bytes[from + i] === candidate.charCodeAt(i)) i++
    if (i === candidate.length) return candidate
  }
  return bytes.toString('latin1', from, to)
}

/** A target that does not begin with a slash: `*`, or an absolute one, whose path alone goes on to the origin. */
function readOtherTarget(head: RequestHead): boolean {
  const { bytes, targetFrom, targetTo } = head
  if (bytes[targetFrom] === ASTERISK && targetTo === targetFrom + 1) {
    if (head.method === 'OPTIONS') return true
    head.reject(400, 'the target * with another method than OPTIONS')
    return false
  }
  head.plainStart = false
  const hostFrom = afterScheme(bytes, targetFrom, targetTo)
  let hostTo = hostFrom
  while (hostTo < targetTo && bytes[hostTo] !== SLASH && bytes[hostTo] !== QUESTION) hostTo++
  if (hostFrom === 0 || !isAuthority(bytes, hostFrom, hostTo)) {
    head.reject(400, 'a target that is neither a path nor an http URI')
    return false
  }
  head.hostFrom = hostFrom
  head.hostTo = hostTo
  head.targetFrom = hostTo
  if (hostTo === targetTo) head.impliedTarget = head.method === 'OPTIONS' ? '*' : '/'
  else if (bytes[hostTo] === QUESTION) head.impliedTarget = '/'
  return true
}

/** The offset after `http://` or `https://`, or 0. */
function afterScheme(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] !== COLON) at++
  if (!equalsLower(bytes, from, at, 'http') && !equalsLower(bytes, from, at, 'https')) return 0
  return at + 3 <= to && bytes[at + 1] === SLASH && bytes[at + 2] === SLASH ? at + 3 : 0
}

/** Takes the meaning of all fields; false when the head was rejected. */
function readFields(head: RequestHead): boolean {
  let hosts = 0
  for (let i = 0; i < head.count; i++) {
    const id = head.ids[i]!
    if (id === 0) continue
    if ((treatmentOf[id]! & (HOP_BY_HOP | REQUEST_REWRITTEN)) !== 0) head.drop[i] = 1
    if (id === HOST) {
      hosts++
      if (!readHost(head, i)) return false
    } else if (id === EXPECT) {
      if (!readExpect(head, i)) return false
    } else if (!readFraming(head, i, id)) {
      return false
    }
  }
  if (hosts > 1 || (hosts === 0 && head.minor === 1)) {
    head.reject(400, hosts === 0 ? 'no Host' : 'more than one Host')
    return false
  }
  if (hosts === 0 || head.ids[0] !== HOST) head.plainStart = false
  return true
}

function readHost(head: RequestHead, index: number): boolean {
  const from = head.fields[index * 4 + 2]!
  const to = head.fields[index * 4 + 3]!
  if (!isAuthority(head.bytes, from, to)) {
    head.reject(400, 'a malformed Host')
    return false
  }
  const { hostFrom, hostTo } = head
  if (hostFrom < hostTo && !sameIgnoringCase(head.bytes, from, to, hostFrom, hostTo)) {
    head.reject(400, 'a Host that differs from the target or from another Host')
    return false
  }
  head.hostFrom = from
  head.hostTo = to
  return true
}

function readExpect(head: RequestHead, index: number): boolean {
  if (!equalsLower(head.bytes, head.fields[index * 4 + 2]!, head.fields[index * 4 + 3]!, '100-continue')) {
    head.reject(417, 'an expectation other than 100-continue')
    return false
  }
  if (head.minor === 1) head.expectContinue = true
  else head.drop[index] = 1
  return true
}
