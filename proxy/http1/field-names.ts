// The field names a proxy must know, what it does with each, and a perfect hash that finds them: length and three
// characters give a slot of 256, one real comparison decides, and a stranger cannot make two names collide.
// Source: RFC 9110 section 7.6.1 (hop-by-hop), 6.5.1 (what may not be a trailer); RFC 7239 and common practice.
import { HYPHEN, tokenLower, UNDERSCORE } from './character-classes.ts'

/** Meant for one connection only, never forwarded. */
export const HOP_BY_HOP = 1
/** Written anew by the serialiser of requests, of responses. */
export const REQUEST_REWRITTEN = 2
export const RESPONSE_REWRITTEN = 4
/** Must not be nominated by `Connection`: that would let a sender delete what others rely on. */
export const PROTECTED = 8
/** Has no business in a trailer: framing, routing, authentication, how to read the content. */
export const NOT_A_TRAILER = 16

const rewritten = REQUEST_REWRITTEN | RESPONSE_REWRITTEN | PROTECTED | NOT_A_TRAILER
const forwarded = PROTECTED | NOT_A_TRAILER
const hop = HOP_BY_HOP | NOT_A_TRAILER

/** Ids of the names whose values are read; 0 is a name that is not known. */
export const HOST = 1
export const CONTENT_LENGTH = 2
export const TRANSFER_ENCODING = 3
export const CONNECTION = 4
export const EXPECT = 5
export const VIA = 6
export const X_FORWARDED_FOR = 7

const known: readonly (readonly [name: string, treatment: number])[] = [
  ['', 0],
  ['host', REQUEST_REWRITTEN | forwarded],
  ['content-length', rewritten],
  ['transfer-encoding', rewritten],
  ['connection', hop],
  ['expect', forwarded],
  ['via', rewritten],
  ['x-forwarded-for', REQUEST_REWRITTEN | forwarded],
  ['x-forwarded-proto', REQUEST_REWRITTEN | forwarded],
  ['x-forwarded-host', REQUEST_REWRITTEN | forwarded],
  ['x-forwarded-port', forwarded],
  ['x-forwarded-server', forwarded],
  ['x-forwarded-prefix', forwarded],
  ['x-real-ip', forwarded],
  ['forwarded', forwarded],
  ['authorization', forwarded],
  ['www-authenticate', forwarded],
  ['cookie', forwarded],
  ['set-cookie', forwarded],
  ['keep-alive', hop],
  ['proxy-connection', hop],
  ['te', hop],
  ['trailer', hop],
  ['upgrade', hop],
  ['http2-settings', hop],
  ['proxy-authenticate', hop],
  ['proxy-authorization', hop],
  ['content-type', NOT_A_TRAILER],
  ['content-encoding', NOT_A_TRAILER],
  ['content-range', NOT_A_TRAILER],
  ['cache-control', NOT_A_TRAILER],
  ['max-forwards', NOT_A_TRAILER],
  ['range', NOT_A_TRAILER],
  ['location', NOT_A_TRAILER],
  ['vary', NOT_A_TRAILER],
]

/** What is done with the name of each id: a sum of the constants above. */
export const treatmentOf: Uint8Array = Uint8Array.from(known, ([, treatment]) => treatment)

/** All names in one table, 32 bytes to each: one array is quicker to reach into than many. */
const stride = 32
const lengths = Uint8Array.from(known, ([name]) => name.length)
const letters = new Uint8Array(known.length * stride)
const slots = new Uint8Array(256)
for (let id = 1; id < known.length; id++) {
  for (let i = 0; i < lengths[id]!; i++) letters[id * stride + i] = known[id]![0].charCodeAt(i)
  const slot = slotOf(letters, id * stride, id * stride + lengths[id]!)
  if (slots[slot] !== 0) throw new Error(`two field names share slot ${slot}: choose other factors in slotOf`)
  slots[slot] = id
}

function slotOf(bytes: Uint8Array, from: number, to: number): number {
  const first = tokenLower[bytes[from]!]!
  const last = tokenLower[bytes[to - 1]!]!
  const beforeLast = tokenLower[bytes[to - 2]!]!
  return (to - from + first * 2 + last * 33 + beforeLast) & 255
}

/**
 * The id of a field name (a token of any case), or 0. A name that is a sensitive one but for `_` in place of `-` gives
 * the negative id: servers that turn both into the same variable would take one for the other.
 */
export function lookUpName(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from
  if (length < 2) return 0
  const id = slots[slotOf(bytes, from, to)]!
  if (lengths[id] !== length) return 0
  const name = id * stride
  let lookAlike = false
  for (let i = 0; i < length; i++) {
    const character = tokenLower[bytes[from + i]!]
    const expected = letters[name + i]
    if (character === expected) continue
    if (character !== UNDERSCORE || expected !== HYPHEN) return 0
    lookAlike = true
  }
  if (!lookAlike) return id
  return treatmentOf[id] === NOT_A_TRAILER ? 0 : -id
}
