// The balancers that take turns by deadline.
import { describe, expect, test } from 'vitest'
import { balancerOf, equals, request, shares, upstreams } from '../../tests/balancing.ts'

describe('edf', () => {
  test('5, 1, 1 gives a a a a b c a: whole multiples in a row, unlike a smooth turn', async () => {
    const balancer = await balancerOf('edf:start=first')
    balancer.onEligible(upstreams(5, 1, 1), 1, 0)
    const picks = Array.from({ length: 7 }, () => 'abc'[balancer.pick(request, [], 0)!.index])
    expect(picks.join(' ')).toBe('a a a a b c a')
  })

  test('of any window as long as the weights together, everyone gets its weight, one more or one less', async () => {
    const weights = [5, 1, 1, 3, 2, 0.5]
    const balancer = await balancerOf('edf')
    balancer.onEligible(upstreams(...weights), 1, 0)
    for (let window = 0; window < 200; window++) {
      shares(balancer, window % 5, 6)
      shares(balancer, 25, 6).forEach((got, i) => {
        expect(Math.abs(got - 2 * weights[i]!)).toBeLessThanOrEqual(1)
      })
    }
  })

  test('those that stay go on where they were, and one that comes back does not catch up', async () => {
    const balancer = await balancerOf('edf:start=first')
    const all = equals(3)
    balancer.onEligible(all, 1, 0)
    balancer.pick(request, [], 0)
    balancer.onEligible(all.slice(0, 2), 2, 0)
    expect(balancer.pick(request, [], 0)).toBe(all[1])
    shares(balancer, 100, 3)
    balancer.onEligible(all, 3, 0)
    expect(shares(balancer, 30, 3)).toEqual([10, 10, 10])
  })

  test('workers with other seeds are not in step', async () => {
    const firsts = new Set<number>()
    for (let seed = 1; seed <= 20; seed++) {
      const balancer = await balancerOf('edf', seed)
      balancer.onEligible(equals(5), 1, 0)
      firsts.add(balancer.pick(request, [], 0)!.index)
    }
    expect(firsts.size).toBeGreaterThan(2)
  })
})

describe('biased-least-request', () => {
  test('unequal weights: weight 2 with 4 in flight counts as 0.4, weight 1 with none as 1', async () => {
    const balancer = await balancerOf('biased-least-request')
    const all = upstreams(2, 1)
    all[0]!.inFlight = 4
    balancer.onEligible(all, 1, 0)
    const [busy, idle] = shares(balancer, 1400, 2)
    // 0.4 : 1, so the busy one gets two of seven: it never drains.
    expect(Math.abs(busy! - 400)).toBeLessThanOrEqual(1)
    expect(Math.abs(idle! - 1000)).toBeLessThanOrEqual(1)
  })

  test('a bias of 0 is a turn by weight, and a greater one takes more from the busy', async () => {
    const busyShare = async (spec: string) => {
      const balancer = await balancerOf(spec)
      const all = upstreams(2, 1)
      all[0]!.inFlight = 4
      balancer.onEligible(all, 1, 0)
      return shares(balancer, 3000, 2)[0]! / 3000
    }
    expect(await busyShare('biased-least-request:bias=0')).toBeCloseTo(2 / 3, 2)
    expect(await busyShare('biased-least-request:bias=2')).toBeCloseTo(0.08 / 1.08, 2)
  })

  test('equal weights: a stuck one is met whenever both looks meet it, one in 16 of four', async () => {
    const balancer = await balancerOf('biased-least-request')
    const all = equals(4)
    all[1]!.inFlight = 50
    balancer.onEligible(all, 1, 0)
    expect(shares(balancer, 16_000, 4)[1]! / 16_000).toBeCloseTo(1 / 16, 2)
  })
})
