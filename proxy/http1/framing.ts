// What the fields say about the message's length and the connection's life. This is where request smuggling is refused:
// whatever two readers might understand differently has no meaning here, it has a 400.
// Source: RFC 9112 sections 6 and 9.3, RFC 9110 section 7.6.1.
import { COMMA, equalsLower, isDigit, SEMICOLON, skipBlanks, tokenLower, ZERO } from './character-classes.ts'
import { CONNECTION, CONTENT_LENGTH, lookUpName, PROTECTED, TRANSFER_ENCODING, treatmentOf } from './field-names.ts'
import type { MessageHead } from './head.ts'

/** More options than this in `Connection` are no honest sender's, and each costs a look at every field. */
const maxNominations = 32
/** 15 digits stay below 2^53, so that a length is exact in a number. */
const maxLengthDigits = 15

/**
 * Takes the meaning of field `index` into `head` when its id is one that frames the message or ends the connection.
 * Returns false when the head was rejected.
 */
export function readFraming(head: MessageHead, index: number, id: number): boolean {
  const from = head.fields[index * 4 + 2]!
  const to = head.fields[index * 4 + 3]!
  if (id === CONTENT_LENGTH) return readContentLength(head, from, to)
  if (id === TRANSFER_ENCODING) return readTransferEncoding(head, from, to)
  if (id === CONNECTION) return readConnection(head, from, to)
  return true
}

function refuse(head: MessageHead, reason: string, status = 400): false {
  head.reject(status, reason)
  return false
}

function readContentLength(head: MessageHead, from: number, to: number): boolean {
  if (head.contentLength >= 0) return refuse(head, 'Content-Length twice')
  if (head.chunked) return refuse(head, 'Content-Length beside Transfer-Encoding')
  if (from === to || to - from > maxLengthDigits) return refuse(head, 'a Content-Length of no or too many digits')
  let length = 0
  for (let at = from; at < to; at++) {
    const byte = head.bytes[at]!
    if (!isDigit(byte)) return refuse(head, 'a Content-Length that is not digits only')
    length = length * 10 + byte - ZERO
  }
  head.contentLength = length
  return true
}

function readTransferEncoding(head: MessageHead, from: number, to: number): boolean {
  if (head.chunked) return refuse(head, 'Transfer-Encoding twice')
  if (head.minor === 0) return refuse(head, 'Transfer-Encoding in HTTP/1.0')
  if (head.contentLength >= 0) return refuse(head, 'Content-Length beside Transfer-Encoding')
  if (!equalsLower(head.bytes, from, to, 'chunked')) {
    return otherCodings(head.bytes, from, to)
      ? refuse(head, 'a transfer coding other than chunked', 501)
      : refuse(head, 'a Transfer-Encoding that is malformed or does not end in chunked')
  }
  head.chunked = true
  return true
}

/** Is it a well-formed list of codings in which `chunked`, if it occurs, comes once, last and without parameters? */
function otherCodings(bytes: Buffer, from: number, to: number): boolean {
  let at = from
  for (;;) {
    const codingFrom = at
    at = endOfToken(bytes, at, to)
    if (at === codingFrom) return false
    const isChunked = equalsLower(bytes, codingFrom, at, 'chunked')
    at = skipBlanks(bytes, at, to)
    if (at === to) return true
    if (isChunked || (bytes[at] !== COMMA && bytes[at] !== SEMICOLON)) return false
    while (at < to && bytes[at] !== COMMA) at++
    if (at === to) return true
    at = skipBlanks(bytes, at + 1, to)
  }
}

function readConnection(head: MessageHead, from: number, to: number): boolean {
  const { bytes } = head
  let at = from
  while (at < to) {
    at = skipBlanks(bytes, at, to)
    const optionFrom = at
    at = endOfToken(bytes, at, to)
    if (at > optionFrom && !readOption(head, optionFrom, at)) return false
    at = skipBlanks(bytes, at, to)
    if (at < to && bytes[at] !== COMMA) return refuse(head, 'a Connection field that is no list of tokens')
    at++
  }
  return true
}

function readOption(head: MessageHead, from: number, to: number): boolean {
  if (equalsLower(head.bytes, from, to, 'close')) {
    head.closes = true
    return true
  }
  if (equalsLower(head.bytes, from, to, 'keep-alive')) {
    head.persists = true
    return true
  }
  const id = lookUpName(head.bytes, from, to)
  if (id < 0 || (treatmentOf[id]! & PROTECTED) !== 0)
    return refuse(head, 'a Connection field that nominates a protected field')
  if (++head.nominations > maxNominations) return refuse(head, 'too many connection options')
  head.dropNamed(from, to)
  return true
}

function endOfToken(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && tokenLower[bytes[at]!] !== 0) at++
  return at
}
