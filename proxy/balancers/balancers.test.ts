// What each balancer promises beyond the laws of tests/laws/balancers.test.ts.
import { describe, expect, test } from 'vitest'
import type { Balancer, Outcome, PolicyRequest, Upstream } from '../../core/contracts.ts'
import { answered, balancerOf, request, requestFor, shares, upstreams } from '../../tests/balancing.ts'

test('random follows the weights', async () => {
  const balancer = await balancerOf('random')
  balancer.onEligible(upstreams(6, 1, 1), 1, 0)
  const [heavy, light] = shares(balancer, 8000, 3)
  expect(heavy! / 8000).toBeCloseTo(0.75, 1)
  expect(light! / 8000).toBeCloseTo(0.125, 1)
})

describe('weighted-round-robin', () => {
  test('5, 1, 1 gives a a b a c a a, again and again', async () => {
    const balancer = await balancerOf('weighted-round-robin')
    balancer.onEligible(upstreams(5, 1, 1), 1, 0)
    const picks = Array.from({ length: 14 }, () => 'abc'[balancer.pick(request, [], 0)!.index])
    expect(picks.join(' ')).toBe('a a b a c a a a a b a c a a')
  })

  test('goes on where it was for those that stay, and one that comes back does not catch up', async () => {
    const balancer = await balancerOf('weighted-round-robin')
    const all = upstreams(1, 1, 1)
    balancer.onEligible(all, 1, 0)
    balancer.pick(request, [], 0)
    balancer.onEligible(all.slice(0, 2), 2, 0)
    const [first, second, gone] = shares(balancer, 100, 3)
    expect(gone).toBe(0)
    expect(Math.abs(first! - second!)).toBeLessThanOrEqual(2)
    balancer.onEligible(all, 3, 0)
    for (const got of shares(balancer, 30, 3)) expect(Math.abs(got - 10)).toBeLessThanOrEqual(1)
  })
})

describe('least-request', () => {
  test('never picks one that is busier per weight than another', async () => {
    const balancer = await balancerOf('least-request')
    const all = upstreams(1, 2, 4, 1)
    balancer.onEligible(all, 1, 0)
    for (let round = 0; round < 500; round++) {
      all.forEach((upstream, k) => {
        upstream.inFlight = (round * (k + 3)) % 11
      })
      const avoid = round % 3 === 0 ? [all[round % 4]!] : []
      const picked = balancer.pick(request, avoid, 0)!
      const least = Math.min(...all.filter(one => !avoid.includes(one)).map(one => one.inFlight / one.weight))
      expect(picked.inFlight / picked.weight).toBe(least)
    }
  })

  test('draws among equals', async () => {
    const balancer = await balancerOf('least-request')
    const all = upstreams(1, 1, 1, 1)
    all[3]!.inFlight = 1
    balancer.onEligible(all, 1, 0)
    const picks = shares(balancer, 3000, 4)
    expect(picks[3]).toBe(0)
    for (const got of picks.slice(0, 3)) expect(Math.abs(got - 1000)).toBeLessThan(150)
  })
})

describe('peak-ewma', () => {
  /** Three upstreams; the second has just taken `slowMs`, the others 10 ms. */
  async function afterOneSlow(spec: string, outcome: Outcome) {
    const balancer = await balancerOf(spec)
    const all = upstreams(1, 1, 1)
    balancer.onEligible(all, 1, 0)
    all.forEach((upstream, index) => {
      balancer.onDone!(upstream, index === 1 ? outcome : answered(10), 0)
    })
    return { balancer, all }
  }

  test('one slow answer is enough to avoid an upstream, and it comes back when it has been forgotten', async () => {
    const { balancer, all } = await afterOneSlow('peak-ewma:decayMs=1000', answered(100))
    expect(shares(balancer, 300, 3, 0)[1]).toBe(0)
    // The others answer in 10 ms all along; what the slow one took fades: 100 ms · e^(−t/1 s) < 10 ms from 2.3 s on.
    const picksAt = (now: number) => {
      for (const index of [0, 2]) balancer.onDone!(all[index]!, answered(10), now)
      return shares(balancer, 300, 3, now)[1]!
    }
    expect(picksAt(2000)).toBe(0)
    expect(picksAt(3000)).toBeGreaterThan(150)
  })

  test('requests in flight multiply what an upstream costs', async () => {
    const { balancer, all } = await afterOneSlow('peak-ewma', answered(25))
    all[0]!.inFlight = all[2]!.inFlight = 2
    expect(shares(balancer, 300, 3)[1]).toBeGreaterThan(150)
  })

  test('one that has been asked and has not answered yet is left alone', async () => {
    const balancer = await balancerOf('peak-ewma')
    const all = upstreams(1, 1)
    balancer.onEligible(all, 1, 0)
    all[0]!.inFlight = 1
    expect(shares(balancer, 100, 2)).toEqual([0, 100])
  })

  test.each<[string, Outcome]>([
    ['an error status', answered(1, 500)],
    ['too many requests', answered(1, 429)],
    ['a failed dial', { ...answered(1, 0), kind: 'dial-failed' }],
  ])('%s is as slow as failureMs says, and quick without it', async (_, failure) => {
    const punished = await afterOneSlow('peak-ewma:failureMs=500', failure)
    expect(shares(punished.balancer, 300, 3)[1]).toBe(0)
    const blind = await afterOneSlow('peak-ewma:failureMs=0', failure)
    expect(shares(blind.balancer, 300, 3)[1]).toBeGreaterThan(150)
  })

  test('a client that leaves early never makes an upstream look quick, and no failure either', async () => {
    const { balancer, all } = await afterOneSlow('peak-ewma', answered(100))
    for (let k = 0; k < 100; k++) balancer.onDone!(all[1]!, { ...answered(1, 0), kind: 'client-gone' }, 100 * k)
    for (const index of [0, 2]) balancer.onDone!(all[index]!, answered(10), 10_000)
    expect(shares(balancer, 100, 3, 10_000)[1]).toBe(0)
  })
})

describe('ring-hash', () => {
  const keys = Array.from({ length: 20_000 }, (_, k) => requestFor(`/k/${k}`))
  const homes = (balancer: Balancer, avoid: readonly Upstream[] = []) =>
    keys.map(key => balancer.pick(key, avoid, 0)!.index)

  test('a key stays where it is, and about 1/n of all move when one of n leaves: only its own', async () => {
    const balancer = await balancerOf('ring-hash')
    const all = upstreams(...new Array<number>(10).fill(1))
    balancer.onEligible(all, 1, 0)
    const before = homes(balancer)
    expect(homes(balancer)).toEqual(before)
    balancer.onEligible(
      all.filter(({ index }) => index !== 4),
      2,
      0,
    )
    const after = homes(balancer)
    const moved = before.filter((home, k) => after[k] !== home)
    expect(new Set(moved)).toEqual(new Set([4]))
    expect(moved.length / keys.length).toBeGreaterThan(0.07)
    expect(moved.length / keys.length).toBeLessThan(0.13)
    // One that is only to be avoided hands its keys to the same heirs.
    balancer.onEligible(all, 3, 0)
    expect(homes(balancer, [all[4]!])).toEqual(after)
  })

  test('shares follow the weights', async () => {
    const balancer = await balancerOf('ring-hash')
    balancer.onEligible(upstreams(3, 1), 1, 0)
    expect(homes(balancer).filter(home => home === 0).length / keys.length).toBeCloseTo(0.75, 1)
  })

  test('hashes the client, or a header, when asked to', async () => {
    const all = upstreams(1, 1, 1, 1)
    const reach = async (spec: string, vary: (k: number) => PolicyRequest) => {
      const balancer = await balancerOf(spec)
      balancer.onEligible(all, 1, 0)
      return new Set(Array.from({ length: 50 }, (_, k) => balancer.pick(vary(k), [], 0)!.index)).size
    }
    const byClient = (k: number) => requestFor('/', { client: `127.0.0.${k}` })
    const byHeader = (k: number) => requestFor('/', { header: name => (name === 'x-hash-key' ? `${k}` : undefined) })
    expect(await reach('ring-hash', byClient)).toBe(1)
    expect(await reach('ring-hash:key=client', byClient)).toBe(4)
    expect(await reach('ring-hash:key=client', byHeader)).toBe(1)
    expect(await reach('ring-hash:key=header', byHeader)).toBe(4)
    expect(await reach('ring-hash:key=header', k => requestFor(`/k/${k}`))).toBe(4)
  })

  test('weights beyond all measure do not blow the ring up', async () => {
    const balancer = await balancerOf('ring-hash')
    balancer.onEligible(upstreams(1_000_000, 1), 1, 0)
    expect(balancer.pick(request, [], 0)).not.toBeNull()
  })
})
