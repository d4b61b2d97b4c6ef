// Seeded chance in named streams. Every use of chance names its stream ('arrivals', 'service/o3', 'balancer'), so every
// variant of a scenario sees the same traffic and comparisons are paired.
// Source of the generator: Blackman & Vigna, "Scrambled linear pseudorandom number generators" (xoshiro128**).

import { ln } from './logarithm.ts'

/** A stream of random numbers. The same seed and name give the same numbers on every machine. */
export interface Rng {
  /** A number in [0, 1) with 32 random bits. */
  uniform(): number
  /** An integer in [0, bound); `bound` is 1 to 2^31. */
  integer(bound: number): number
  /** An exponentially distributed number with the given mean (same unit as `mean`). */
  exponential(mean: number): number
}

/** A 32-bit hash of a text (FNV-1a, then the finisher of MurmurHash3 so that near names give unrelated streams). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix(hash)
}

/** A 32-bit number (0 and up) that looks unrelated to `value`; different 32-bit values give different ones. */
export function scrambled(value: number): number {
  return mix(value | 0)
}

function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The stream `name` of a run with this `seed` (any integer). */
export function randomStream(seed: number, name: string): Rng {
  return new Xoshiro128(mix(seed | 0) ^ hashText(name))
}

/**
 * The `index`-th number in [0, 1) of a stream that is addressed rather than read in order: draws that belong to request
 * `index` stay the same however the requests are interleaved.
 */
export function uniformAt(seed: number, name: string, index: number): number {
  return uniformOf(addressOf(seed, name), index)
}

/** The stream `name` of `uniformAt`, hashed once for many draws with `uniformOf`. */
export function addressOf(seed: number, name: string): number {
  return mix(mix(seed | 0) ^ hashText(name))
}

/** What `uniformAt` answers for the stream at this address. */
export function uniformOf(address: number, index: number): number {
  return mix(address + Math.imul(index | 0, 0x9e3779b1)) / 0x1_0000_0000
}

/** The generator itself, for those who draw from it in other ways as well. */
export class Xoshiro128 implements Rng {
  private a: number
  private b: number
  private c: number
  private d: number

  /** `start`: any 32 bits; near ones give unrelated numbers. */
  constructor(start: number) {
    this.a = mix(start + 0x9e3779b9) | 0
    this.b = mix(start + 0x3c6ef372) | 0
    this.c = mix(start + 0xdaa66d2b) | 0
    this.d = mix(start + 0x78dde6e4) | 1
  }

  /** 32 random bits, as a signed number. */
  protected bits(): number {
    const product = Math.imul(this.b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const shifted = this.b << 9
    this.c ^= this.a
    this.d ^= this.b
    this.b ^= this.c
    this.a ^= this.d
    this.c ^= shifted
    this.d = (this.d << 11) | (this.d >>> 21)
    return result
  }

  uniform(): number {
    return (this.bits() >>> 0) * 2 ** -32
  }

  integer(bound: number): number {
    return Math.floor((this.bits() >>> 0) * 2 ** -32 * bound)
  }

  exponential(mean: number): number {
    return -ln(1 - this.uniform()) * mean
  }
}
