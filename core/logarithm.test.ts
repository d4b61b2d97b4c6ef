import { expect, test } from 'vitest'
import { ln } from './logarithm.ts'
import { randomStream } from './random.ts'

/** An error of this much is at most two in the last bit of such a number, unless it is small. */
const tolerated = (value: number) => Math.max(5e-16, Math.abs(value) * 2 ** -51)

test('ln is Math.log to two in the last bit, or to 5e-16 where the logarithm is small', () => {
  const rng = randomStream(1, 'logarithm')
  for (let i = 0; i < 200_000; i++) {
    const below1 = 1 - rng.uniform()
    const anywhere = (1 + rng.uniform()) * 2 ** (rng.integer(2046) - 1022)
    for (const x of [below1, anywhere])
      expect(Math.abs(ln(x) - Math.log(x))).toBeLessThanOrEqual(tolerated(Math.log(x)))
  }
})

test('ln at the ends of its pieces and of its range', () => {
  expect(Math.abs(ln(1))).toBe(0)
  for (const x of [2, 0.5, 1 + 1 / 256, 2 - 2 ** -52, 1 - 2 ** -32, 1 - 2 ** -53, 2 ** -1022, Number.MAX_VALUE]) {
    expect(Math.abs(ln(x) - Math.log(x))).toBeLessThanOrEqual(tolerated(Math.log(x)))
  }
})
