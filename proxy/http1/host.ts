// Is it a host with an optional port? Kept apart because the Host field and the authority of a target must pass the same
// test. Source: RFC 3986 section 3.2, without user information, which RFC 9110 section 4.2.4 calls an error here.
import { addressContent, COLON, hostContent, isDigit } from './character-classes.ts'

/** The longest host (255 bytes in the DNS) with a colon and five digits. */
export const maxHostBytes = 255 + 6

const maxPortDigits = 5
const openingBracket = 0x5b
const closingBracket = 0x5d

/** True for `name`, `name:port`, `192.0.2.1:80`, `[2001:db8::1]:80`; false when empty or longer than maxHostBytes. */
export function isAuthority(bytes: Buffer, from: number, to: number): boolean {
  if (to - from > maxHostBytes) return false
  let at = from
  if (at < to && bytes[at] === openingBracket) {
    at++
    while (at < to && addressContent[bytes[at]!] !== 0) at++
    if (at === from + 1 || at === to || bytes[at] !== closingBracket) return false
    at++
  } else {
    while (at < to && hostContent[bytes[at]!] !== 0) at++
  }
  if (at === from) return false
  if (at === to) return true
  if (bytes[at] !== COLON || to - at - 1 > maxPortDigits) return false
  for (at++; at < to; at++) if (!isDigit(bytes[at]!)) return false
  return true
}
