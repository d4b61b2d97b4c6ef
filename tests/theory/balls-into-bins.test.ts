// Requests that do not end, thrown at upstreams: how full is the fullest? Random draws are held to the exact distribution, a
// look at more than one to the law of two choices.
// Sources: Brooker, "Balls into bins" and "The power of two random choices" (brooker.co.za, 2018 and 2012); Azar, Broder,
// Karlin, Upfal, "Balanced allocations", SIAM J. Comput. 29(1), 1999.
import { describe, expect, test } from 'vitest'
import { balancerOf, equals, request } from '../balancing.ts'

/** How many the fullest of `bins` has after `balls` picks. */
async function fullest(spec: string, balls: number, bins: number, seed: number): Promise<number> {
  const balancer = await balancerOf(spec, seed)
  const all = equals(bins)
  balancer.onEligible(all, 1, 0)
  let most = 0
  for (let ball = 0; ball < balls; ball++) {
    const upstream = balancer.pick(request, [], ball)!
    upstream.inFlight++
    most = Math.max(most, upstream.inFlight)
  }
  return most
}

/**
 * The exact mean of the fullest when balls fall independently: bins are Poisson variables given their sum, so
 * P(max <= k) = P(all <= k and sum = balls) / P(sum = balls), by powers of the truncated generating function.
 */
function meanOfFullest(balls: number, bins: number): number {
  const rate = balls / bins
  const poisson = [Math.exp(-rate)]
  for (let j = 1; j <= balls; j++) poisson.push((poisson[j - 1]! * rate) / j)
  const times = (a: readonly number[], b: readonly number[]) => {
    const product = new Array<number>(balls + 1).fill(0)
    for (let i = 0; i < a.length; i++) {
      if (a[i] === 0) continue
      for (let j = 0; j < b.length && i + j <= balls; j++) product[i + j]! += a[i]! * b[j]!
    }
    return product
  }
  const chanceOfSum = (most: number) => {
    let power: readonly number[] = poisson.slice(0, most + 1)
    let result: readonly number[] = [1]
    for (let left = bins; left > 0; left >>= 1) {
      if (left & 1) result = times(result, power)
      if (left > 1) power = times(power, power)
    }
    return result[balls] ?? 0
  }
  const all = chanceOfSum(balls)
  let mean = 0
  for (let most = Math.floor(rate); ; most++) {
    const above = 1 - chanceOfSum(most) / all
    if (most === Math.floor(rate)) mean = most
    mean += above
    if (above < 1e-7) return mean
  }
}

describe('drawn at random', () => {
  // Brooker has 4.2 and 18.8.
  test.each([
    [100, 100, 4.2, 2000],
    [400, 100, 9.8, 800],
  ])('%i balls in %i bins: the fullest has %f on average', async (balls, bins, about, runs) => {
    const exact = meanOfFullest(balls, bins)
    expect(Math.abs(exact - about)).toBeLessThan(0.06)
    const seen: number[] = []
    for (let seed = 0; seed < runs; seed++) seen.push(await fullest('random', balls, bins, seed))
    const mean = seen.reduce((sum, n) => sum + n) / runs
    const error = Math.sqrt(seen.reduce((sum, n) => sum + (n - mean) ** 2, 0) / (runs - 1) / runs)
    expect(Math.abs(mean - exact)).toBeLessThan(3.3 * error)
  })

  test('the more balls, the smaller the excess: 25 percent with a hundred each, 8 with a thousand', async () => {
    const excess = async (balls: number, runs: number) => {
      let sum = 0
      for (let seed = 0; seed < runs; seed++) sum += await fullest('random', balls, 100, seed)
      return sum / runs / (balls / 100) - 1
    }
    expect(await excess(10_000, 60)).toBeCloseTo(0.255, 1)
    expect(Math.abs((await excess(10_000, 60)) - 0.258)).toBeLessThan(0.02)
    expect(Math.abs((await excess(100_000, 10)) - 0.08)).toBeLessThan(0.015)
  })
})

describe('as many balls as bins, 65,536: ln ln n / ln d', () => {
  test.each([
    ['random', 7, 10],
    ['power-of-d:choices=2', 3, 4],
    ['power-of-d:choices=3', 3, 3],
    ['power-of-d:choices=2,replacement=yes', 3, 4],
  ])('%s: the fullest has %i to %i', async (spec, least, most) => {
    for (let seed = 1; seed <= 3; seed++) {
      const full = await fullest(spec, 65_536, 65_536, seed)
      expect(full).toBeGreaterThanOrEqual(least)
      expect(full).toBeLessThanOrEqual(most)
    }
  })
})
