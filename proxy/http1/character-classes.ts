// Which bytes may stand where in an HTTP/1.1 head: 256-entry tables, so that each byte of a head costs one look-up.
// Source: RFC 9110 section 5.5 and 5.6.2 (fields, tokens), RFC 9112 section 3.2 (target), RFC 3986 section 3.2.2 (host).

export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const ASTERISK = 0x2a
export const COMMA = 0x2c
export const HYPHEN = 0x2d
export const DOT = 0x2e
export const SLASH = 0x2f
export const ZERO = 0x30
export const NINE = 0x39
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const QUESTION = 0x3f
export const UNDERSCORE = 0x5f

const letters = 'abcdefghijklmnopqrstuvwxyz'
const digits = '0123456789'

function classOf(allowed: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const character of allowed) table[character.charCodeAt(0)] = 1
  return table
}

function rangeClass(from: number, to: number): Uint8Array {
  return new Uint8Array(256).fill(1, from, to + 1)
}

/** A token character in lower case; 0 for a byte that no token has. */
export const tokenLower = new Uint8Array(256)
for (const character of `!#$%&'*+-.^_\`|~${digits}${letters}`) {
  tokenLower[character.charCodeAt(0)] = character.charCodeAt(0)
  tokenLower[character.toUpperCase().charCodeAt(0)] = character.charCodeAt(0)
}

/** 1 for what a field value or a reason phrase may hold: HTAB, space, visible ASCII, and 0x80 to 0xff. */
export const fieldContent = rangeClass(SP, 0xff)
fieldContent[0x7f] = 0
fieldContent[HTAB] = 1

/** 1 for what a request target may hold: visible ASCII other than `#`. */
export const targetContent = rangeClass(0x21, 0x7e)
targetContent['#'.charCodeAt(0)] = 0

/** 1 for what a host name or an IPv4 address may hold. */
export const hostContent = classOf(`-._~!$&'()*+,;=%${digits}${letters}${letters.toUpperCase()}`)

/** 1 for what stands between the brackets of an IPv6 address. */
export const addressContent = classOf(`:.${digits}abcdefABCDEF`)

/** The value of a hexadecimal digit; 255 for any other byte. */
export const hexValue = new Uint8Array(256).fill(255)
for (let value = 0; value < 16; value++) {
  hexValue[value.toString(16).charCodeAt(0)] = value
  hexValue[value.toString(16).toUpperCase().charCodeAt(0)] = value
}

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

/** True when the bytes are `text` (given in lower case) in any case. */
export function equalsLower(bytes: Buffer, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false
  for (let i = 0; i < text.length; i++) {
    if (tokenLower[bytes[from + i]!] !== text.charCodeAt(i)) return false
  }
  return true
}

/** True when two ranges hold the same text but for the case of letters. */
export function sameIgnoringCase(bytes: Buffer, from: number, to: number, otherFrom: number, otherTo: number): boolean {
  if (to - from !== otherTo - otherFrom) return false
  for (let i = 0; i < to - from; i++) {
    const one = bytes[from + i]!
    const other = bytes[otherFrom + i]!
    if (one !== other && (tokenLower[one] !== tokenLower[other] || tokenLower[one] === 0)) return false
  }
  return true
}

/** The first offset from `at` on that is neither space nor HTAB. */
export function skipBlanks(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && (bytes[at] === SP || bytes[at] === HTAB)) at++
  return at
}
