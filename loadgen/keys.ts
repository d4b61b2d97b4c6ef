// Which thing each request asks for, and by which method: a few keys are asked for all the time and most of them
// rarely, as pages, customers and shards are. Drawn before the load starts, so that every variant of a scenario is
// asked for the same keys.
// Source: Breslau et al., "Web Caching and Zipf-like Distributions", INFOCOM 1999 (exponents 0.64 to 0.83 on the web).

import { UsageError } from '../core/errors.ts'
import { randomStream } from '../core/random.ts'
import type { KeyPlan } from '../core/scenario.ts'

const keysAtMost = 1_000_000

/** The key of each of `size` requests, drawn from the stream `keys` of `seed`. @throws UsageError when out of range. */
export function drawKeys({ count, exponent }: KeyPlan, size: number, seed: number): Int32Array {
  if (!(Number.isInteger(count) && count >= 1 && count <= keysAtMost && exponent >= 0)) {
    throw new UsageError(
      `load.keys: ${count} keys with exponent ${exponent} given; allowed: 1 to ${keysAtMost} with an exponent from 0`,
    )
  }
  const cumulative = new Float64Array(count)
  let total = 0
  for (let key = 0; key < count; key++) cumulative[key] = total += (key + 1) ** -exponent
  const rng = randomStream(seed, 'keys')
  return Int32Array.from({ length: size }, () => firstAbove(cumulative, rng.uniform() * total))
}

/** Which of `size` requests are POSTs (1) and not GETs (0), drawn from the stream `methods`. @throws UsageError when out of range. */
export function drawPosts(share: number, size: number, seed: number): Uint8Array {
  if (!(share >= 0 && share <= 1)) throw new UsageError(`load.postShare: ${share} given; allowed: a number from 0 to 1`)
  const rng = randomStream(seed, 'methods')
  return Uint8Array.from({ length: size }, () => (rng.uniform() < share ? 1 : 0))
}

/** The first index whose value is above `value`; the last one when none is. */
function firstAbove(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}
