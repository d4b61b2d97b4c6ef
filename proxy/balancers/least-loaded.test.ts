// The balancers that look for the least busy, the quickest or the idle.
import { describe, expect, test } from 'vitest'
import { answered, balancerOf, end, equals, fits, request, send, shares, upstreams } from '../../tests/balancing.ts'

describe('least-request', () => {
  test('as NGINX counts, idle ones are equal; as HAProxy counts, too, but one in flight weighs as two', async () => {
    const picked = async (spec: string, large: number, small: number) => {
      const balancer = await balancerOf(spec)
      const all = upstreams(4, 1)
      all[0]!.inFlight = large
      all[1]!.inFlight = small
      balancer.onEligible(all, 1, 0)
      return shares(balancer, 100, 2)
    }
    // 6 of 4 and 1 of 1: NGINX sees 1.5 and 1, HAProxy 7/4 and 2.
    expect(await picked('least-request', 6, 1)).toEqual([0, 100])
    expect(await picked('least-request:load=haproxy', 6, 1)).toEqual([100, 0])
    expect(await picked('least-request:load=haproxy', 1, 0)).toEqual([0, 100])
  })

  test('ties=turn: equals take turns by weight', async () => {
    const balancer = await balancerOf('least-request:ties=turn')
    balancer.onEligible(upstreams(5, 1, 1), 1, 0)
    const picks = Array.from({ length: 7 }, () => 'abc'[balancer.pick(request, [], 0)!.index])
    expect(picks.join(' ')).toBe('a a b a c a a')
  })
})

test('first-available fills one before it touches the next, and the least loaded when all are full', async () => {
  const balancer = await balancerOf('first-available:max=2')
  const all = equals(3)
  balancer.onEligible(all, 1, 0)
  const picks = Array.from({ length: 6 }, (_, i) => {
    const upstream = balancer.pick(request, [], i)!
    send(balancer, upstream, i)
    return upstream.index
  })
  expect(picks).toEqual([0, 0, 1, 1, 2, 2])
  all[1]!.inFlight = 3
  all[0]!.inFlight = 4
  expect(balancer.pick(request, [], 9)).toBe(all[2])
})

describe('power-of-d', () => {
  /** Picks by whether they met the one idle upstream of ten. */
  async function idleOfTen(spec: string): Promise<number[]> {
    const balancer = await balancerOf(spec)
    const all = equals(10)
    for (const upstream of all) upstream.inFlight = upstream.index === 3 ? 0 : 1
    balancer.onEligible(all, 1, 0)
    const idle = shares(balancer, 60_000, 10)[3]!
    return [idle, 60_000 - idle]
  }

  test('finds the one idle of n with chance 2/n, or 1 - (1 - 1/n)² when it may look twice at the same', async () => {
    const without = await idleOfTen('power-of-d')
    const replacing = await idleOfTen('power-of-d:replacement=yes')
    expect(fits(without, [0.2, 0.8])).toBe(true)
    expect(fits(without, [0.19, 0.81])).toBe(false)
    expect(fits(replacing, [0.19, 0.81])).toBe(true)
    expect(fits(replacing, [0.2, 0.8])).toBe(false)
  })

  test('five looks: 5/n', async () => {
    expect(fits(await idleOfTen('power-of-d:choices=5'), [0.5, 0.5])).toBe(true)
  })

  test('weighted looks meet an upstream in proportion to its weight', async () => {
    const balancer = await balancerOf('power-of-d:choices=1,draw=weighted')
    balancer.onEligible(upstreams(6, 1, 1), 1, 0)
    expect(fits(shares(balancer, 20_000, 3), [0.75, 0.125, 0.125])).toBe(true)
    const uniform = await balancerOf('power-of-d:choices=1')
    uniform.onEligible(upstreams(6, 1, 1), 1, 0)
    expect(fits(shares(uniform, 20_000, 3), [1 / 3, 1 / 3, 1 / 3])).toBe(true)
  })

  /** What a stuck upstream of four gets. */
  async function stuckOfFour(spec: string): Promise<number[]> {
    const balancer = await balancerOf(spec)
    const all = equals(4)
    all.forEach((upstream, i) => {
      upstream.inFlight = i === 2 ? 100 : 1
    })
    balancer.onEligible(all, 1, 0)
    const stuck = shares(balancer, 40_000, 4)[2]!
    return [stuck, 40_000 - stuck]
  }

  test('as HAProxy ships it without a balance line, there is one look, and a stuck upstream gets its full share', async () => {
    expect((await stuckOfFour('power-of-d'))[0]).toBe(0)
    expect(fits(await stuckOfFour('power-of-d:replacement=yes'), [1 / 16, 15 / 16])).toBe(true)
    expect(fits(await stuckOfFour('power-of-d:asShipped=haproxy-unset'), [1 / 4, 3 / 4])).toBe(true)
  })

  test('as Caddy 2.6 ships it, the busier of two still wins when it is met first and luck will have it', async () => {
    const busier = async (spec: string) => {
      const balancer = await balancerOf(spec)
      const all = equals(2)
      all[0]!.inFlight = 5
      all[1]!.inFlight = 3
      balancer.onEligible(all, 1, 0)
      return shares(balancer, 20_000, 2)
    }
    expect(await busier('power-of-d')).toEqual([0, 20_000])
    expect(fits(await busier('power-of-d:asShipped=caddy-2.6'), [1 / 4, 3 / 4])).toBe(true)
  })

  test('more looks than upstreams are a look at all', async () => {
    const balancer = await balancerOf('power-of-d:choices=64')
    const all = equals(5)
    for (const upstream of all) upstream.inFlight = upstream.index === 3 ? 1 : 2
    balancer.onEligible(all, 1, 0)
    expect(shares(balancer, 100, 5)[3]).toBe(100)
  })
})

describe('join-idle-queue', () => {
  test('idle ones in the order in which they became idle, and anybody when nobody is', async () => {
    const balancer = await balancerOf('join-idle-queue')
    const all = equals(3)
    balancer.onEligible(all, 1, 0)
    const sent = Array.from({ length: 3 }, (_, i) => {
      const upstream = balancer.pick(request, [], i)!
      send(balancer, upstream, i)
      return upstream.index
    })
    expect(sent).toEqual([0, 1, 2])
    expect(fits(shares(balancer, 3000, 3), [1 / 3, 1 / 3, 1 / 3])).toBe(true)
    for (const index of [2, 0, 1]) end(balancer, all[index]!, answered(1), 10)
    expect([0, 1, 2].map(() => balancer.pick(request, [], 11)!.index)).toEqual([2, 0, 1])
  })

  test('one that says others keep it busy is not idle, and one drawn meanwhile is passed over', async () => {
    const balancer = await balancerOf('join-idle-queue')
    const all = equals(2)
    for (const upstream of all) upstream.inFlight = 1
    balancer.onEligible(all, 1, 0)
    const report = { inFlight: 7, latencyMs: 1, utilisation: 1, ratePerSecond: 1, errorsPerSecond: 0 }
    end(balancer, all[0]!, answered(1, 200, report), 1)
    expect(shares(balancer, 100, 2)[1]).toBeGreaterThan(20)
    end(balancer, all[1]!, answered(1, 200, { ...report, inFlight: 0 }), 2)
    send(balancer, all[1]!, 3)
    expect(shares(balancer, 100, 2, 4)[0]).toBeGreaterThan(20)
  })

  test('the queue follows those that stay', async () => {
    const balancer = await balancerOf('join-idle-queue')
    const all = equals(4)
    balancer.onEligible(all, 1, 0)
    balancer.onEligible([all[3]!, all[1]!], 2, 0)
    balancer.onEligible(all, 3, 0)
    expect([0, 1, 2, 3].map(() => balancer.pick(request, [], 1)!.index)).toEqual([1, 3, 0, 2])
  })
})

describe('least-time', () => {
  async function after(spec: string, ...times: number[]) {
    const balancer = await balancerOf(spec)
    const all = equals(times.length)
    balancer.onEligible(all, 1, 0)
    times.forEach((ms, i) => {
      send(balancer, all[i]!, 0)
      end(balancer, all[i]!, answered(ms), ms)
    })
    return { balancer, all }
  }

  test('the quicker one, until it has so many in flight that it is not', async () => {
    // 25 ms counts as 40, 90 ms as 100.
    const { balancer, all } = await after('least-time', 25, 90)
    expect(shares(balancer, 10, 2, 100)).toEqual([10, 0])
    all[0]!.inFlight = 2
    expect(shares(balancer, 10, 2, 100)).toEqual([0, 10])
  })

  test('times within a step are equal and take turns', async () => {
    const { balancer } = await after('least-time', 21, 39, 41)
    expect(shares(balancer, 10, 3, 100)).toEqual([5, 5, 0])
    const fine = await after('least-time:stepMs=1', 21, 39, 41)
    expect(shares(fine.balancer, 10, 3, 100)).toEqual([10, 0, 0])
  })

  test('above five seconds all are equally bad', async () => {
    const { balancer } = await after('least-time', 6000, 60_000)
    expect(shares(balancer, 10, 2, 1)).toEqual([5, 5])
  })

  test('one that was not asked for long gets another chance', async () => {
    const { balancer } = await after('least-time:halveMs=1000', 25, 90)
    balancer.pick(request, [], 1001)
    expect(shares(balancer, 10, 2, 1500)).toEqual([10, 0])
    // Halved twice its 90 ms are as good as 25. It is asked once: from then on it has been asked.
    balancer.pick(request, [], 2002)
    expect(shares(balancer, 10, 2, 2003)).toEqual([9, 1])
  })

  test('failures teach nothing', async () => {
    const { balancer, all } = await after('least-time', 50, 90)
    for (let i = 0; i < 100; i++) balancer.onDone!(all[1]!, answered(1, 503), 100)
    expect(shares(balancer, 10, 2, 100)).toEqual([10, 0])
  })

  test('inflight=yes: one whose requests do not come back is noticed before they do', async () => {
    const stuck = async (spec: string) => {
      const { balancer, all } = await after(spec, 25, 25)
      send(balancer, all[0]!, 100)
      all[1]!.inFlight = 1
      return shares(balancer, 100, 2, 1100)
    }
    expect(await stuck('least-time')).toEqual([50, 50])
    expect(await stuck('least-time:inflight=yes')).toEqual([0, 100])
  })
})
