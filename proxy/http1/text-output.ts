// Writing text into a buffer at an offset without allocating. Every function returns the offset after what it wrote.
import { CR, LF, ZERO } from './character-classes.ts'

/** The bytes of a constant, for `put`. */
export function encode(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** Writes a whole number of 0 or more in decimal digits. */
export function writeNumber(value: number, out: Buffer, at: number): number {
  let digits = 1
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++
  let rest = value
  for (let i = at + digits - 1; i >= at; i--) {
    out[i] = ZERO + (rest % 10)
    rest = Math.floor(rest / 10)
  }
  return at + digits
}

/** Writes bytes encoded beforehand: the quickest way, whatever their number. */
export function put(constant: Buffer, out: Buffer, at: number): number {
  out.set(constant, at)
  return at + constant.length
}

export function writeLineEnd(out: Buffer, at: number): number {
  out[at] = CR
  out[at + 1] = LF
  return at + 2
}

/** A loop beats a call into the runtime for texts as short as an address. */
export function writeText(text: string, out: Buffer, at: number): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i)
  return at + text.length
}

/** Copies a range of what was received; `out` may be the same buffer if the ranges do not overlap. */
export function copy(bytes: Buffer, from: number, to: number, out: Buffer, at: number): number {
  if (out === bytes) out.copyWithin(at, from, to)
  else bytes.copy(out, at, from, to)
  return at + to - from
}
