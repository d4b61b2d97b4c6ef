// What each combinator promises beyond the laws of tests/laws/balancers.test.ts.
import { describe, expect, test } from 'vitest'
import type { Balancer, Upstream } from '../../core/contracts.ts'
import {
  answered,
  balancerOf,
  end,
  equals,
  request,
  requestFor,
  send,
  shares,
  upstreams,
} from '../../tests/balancing.ts'

const at = (k: number) => requestFor('/', { client: `10.0.${k >> 8}.${k & 255}` })

describe('slow-start', () => {
  test('one that comes back begins with a tenth of its weight and grows in a line to all of it', async () => {
    const balancer = await balancerOf('slow-start:windowMs=1000+weighted-round-robin')
    const all = equals(2)
    balancer.onEligible(all, 1, 0)
    expect(shares(balancer, 100, 2, 0)).toEqual([50, 50])
    balancer.onEligible(all.slice(0, 1), 2, 5000)
    balancer.onEligible(all, 3, 6000)
    const newcomer = (now: number) => shares(balancer, 1100, 2, now)[1]! / 1100
    expect(newcomer(6000)).toBeCloseTo(0.1 / 1.1, 2)
    expect(newcomer(6500)).toBeCloseTo(0.5 / 1.5, 2)
    expect(newcomer(7000)).toBeCloseTo(0.5, 2)
    expect(newcomer(99_000)).toBeCloseTo(0.5, 2)
  })

  test('aggression 2 begins with more: the square root', async () => {
    const balancer = await balancerOf('slow-start:windowMs=1000,aggression=2+weighted-round-robin')
    const all = equals(2)
    balancer.onEligible(all.slice(0, 1), 1, 0)
    balancer.onEligible(all, 2, 1)
    expect(shares(balancer, 1500, 2, 251)[1]! / 1500).toBeCloseTo(0.5 / 1.5, 2)
  })
})

test('stale-view shows the load of the last refresh, on a grid of its own', async () => {
  const balancer = await balancerOf('stale-view:everyMs=100+least-request')
  const all = equals(2)
  balancer.onEligible(all, 1, 10)
  const busy = (first: number, second: number) => {
    all[0]!.inFlight = first
    all[1]!.inFlight = second
  }
  busy(5, 0)
  expect(shares(balancer, 100, 2, 99)[0]).toBeGreaterThan(20)
  expect(shares(balancer, 100, 2, 100)[0]).toBe(0)
  busy(0, 5)
  expect(shares(balancer, 100, 2, 199)[0]).toBe(0)
  expect(shares(balancer, 100, 2, 250)[0]).toBe(100)
})

describe('sticky', () => {
  test('a client stays while its upstream is there, and then stays where it was sent instead', async () => {
    const balancer = await balancerOf('sticky+random')
    const all = equals(5)
    balancer.onEligible(all, 1, 0)
    const homes = Array.from({ length: 200 }, (_, k) => balancer.pick(at(k), [], k)!.index)
    expect(new Set(homes).size).toBe(5)
    expect(homes.map((_, k) => balancer.pick(at(k), [], 300)!.index)).toEqual(homes)
    balancer.onEligible(all.slice(1), 2, 400)
    const moved = homes.map((_, k) => balancer.pick(at(k), [], 500)!.index)
    moved.forEach((home, k) => {
      if (homes[k] === 0) expect(home).not.toBe(0)
      else expect(home).toBe(homes[k])
    })
    balancer.onEligible(all, 3, 600)
    expect(homes.map((_, k) => balancer.pick(at(k), [], 700)!.index)).toEqual(moved)
  })

  test('forgets clients that are silent for long, and the oldest when there are too many', async () => {
    const balancer = await balancerOf('sticky:idleMs=1000,max=100+round-robin')
    balancer.onEligible(equals(1000), 1, 0)
    const home = balancer.pick(at(0), [], 0)!
    expect(balancer.pick(at(0), [], 400)).toBe(home)
    expect(balancer.pick(at(0), [], 800)).toBe(home)
    expect(balancer.pick(at(0), [], 1801)).not.toBe(home)
    const again = balancer.pick(at(0), [], 1801)!
    for (let k = 1; k <= 100; k++) balancer.pick(at(k), [], 1802)
    expect(balancer.pick(at(0), [], 1803)).not.toBe(again)
  })

  test('by=header: who comes with the same x-session is the same', async () => {
    const balancer = await balancerOf('sticky:by=header+round-robin')
    balancer.onEligible(equals(10), 1, 0)
    const session = (k: number, name: string) =>
      requestFor('/', { client: `10.0.0.${k}`, header: key => (key === 'x-session' ? name : undefined) })
    expect(balancer.pick(session(1, 'a'), [], 0)).toBe(balancer.pick(session(2, 'a'), [], 0))
    expect(balancer.pick(session(1, 'b'), [], 0)).not.toBe(balancer.pick(session(1, 'a'), [], 0))
  })
})

describe('bounded-load', () => {
  /** Sends `m` requests for one key that do not end, over `n` upstreams: how many each has. */
  async function pile(spec: string, n: number, m: number): Promise<number[]> {
    const balancer = await balancerOf(spec)
    const all = equals(n)
    balancer.onEligible(all, 1, 0)
    for (let i = 0; i < m; i++) send(balancer, balancer.pick(request, [], i)!, i)
    return all.map(({ inFlight }) => inFlight)
  }

  test.each(['ring-hash', 'maglev', 'rendezvous'])(
    'nobody has more than ceil(c m / n) of one hot key, over %s',
    async inner => {
      const loads = await pile(`bounded-load:factor=1.5+${inner}`, 10, 100)
      expect(Math.max(...loads)).toBe(15)
      expect(loads.reduce((sum, n) => sum + n)).toBe(100)
      const unbounded = await pile(inner, 10, 100)
      expect(Math.max(...unbounded)).toBe(100)
    },
  )

  test('the bound holds at every moment while requests come and go', async () => {
    const balancer = await balancerOf('bounded-load+ring-hash')
    const all = upstreams(1, 2, 1, 4)
    balancer.onEligible(all, 1, 0)
    const underWay: Upstream[] = []
    for (let i = 0; i < 3000; i++) {
      const upstream = balancer.pick(requestFor(`/k/${(i * i) % 7}`), [], i)!
      send(balancer, upstream, i)
      underWay.push(upstream)
      expect(upstream.inFlight).toBeLessThanOrEqual(Math.ceil((1.25 * underWay.length * upstream.weight) / 8))
      while (underWay.length > 5 + (i % 40)) {
        end(balancer, underWay.splice((i * 7) % underWay.length, 1)[0]!, answered(1), i)
      }
    }
  })

  test('as Envoy counts, one that has reached the bound takes one more', async () => {
    expect(Math.max(...(await pile('bounded-load:factor=1.5,full=above-bound+ring-hash', 10, 100)))).toBe(16)
  })

  test('without a hot key, hardly any key moves', async () => {
    const [bounded, plain] = await Promise.all([balancerOf('bounded-load:factor=2+ring-hash'), balancerOf('ring-hash')])
    const all = equals(10)
    for (const balancer of [bounded, plain]) balancer.onEligible(all, 1, 0)
    let moved = 0
    const underWay: Upstream[] = []
    for (let k = 0; k < 2000; k++) {
      const asked = requestFor(`/k/${k}`)
      const upstream = bounded.pick(asked, [], k)!
      if (upstream !== plain.pick(asked, [], k)) moved++
      send(bounded, upstream, k)
      if (underWay.push(upstream) > 200) end(bounded, underWay.shift()!, answered(1), k)
    }
    expect(moved / 2000).toBeLessThan(0.02)
  })
})

describe('failure-penalty', () => {
  /** Four upstreams; the second fails everything in 1 ms, the others take 10 ms. Its share of 4000 requests, one per ms. */
  async function blackHole(spec: string): Promise<number> {
    const balancer = await balancerOf(spec)
    const all = equals(4)
    balancer.onEligible(all, 1, 0)
    const underWay: { upstream: Upstream; at: number }[] = []
    let lost = 0
    for (let now = 0; now < 4000; now++) {
      for (let i = underWay.length - 1; i >= 0; i--) {
        const { upstream, at } = underWay[i]!
        if (at > now) continue
        underWay.splice(i, 1)
        end(balancer, upstream, upstream.index === 1 ? answered(1, 503) : answered(10), now)
      }
      const upstream = balancer.pick(request, [], now)!
      send(balancer, upstream, now)
      if (upstream.index === 1) lost++
      underWay.push({ upstream, at: now + (upstream.index === 1 ? 1 : 10) })
    }
    return lost / 4000
  }

  test.each(['least-request', 'power-of-two', 'peak-ewma:failureMs=0'])(
    'a black hole draws %s, and hardly any with it',
    async inner => {
      expect(await blackHole(inner)).toBeGreaterThan(0.4)
      expect(await blackHole(`failure-penalty+${inner}`)).toBeLessThan(0.02)
    },
  )

  test('a failure is forgiven after penaltyMs', async () => {
    const balancer = await balancerOf('failure-penalty:penaltyMs=100+least-request')
    const all = equals(2)
    balancer.onEligible(all, 1, 0)
    send(balancer, all[0]!, 0)
    end(balancer, all[0]!, answered(1, 500), 1)
    expect(shares(balancer, 50, 2, 100)[0]).toBe(0)
    expect(shares(balancer, 50, 2, 101)[0]).toBeGreaterThan(10)
  })
})

describe('subset', () => {
  /** How many of `peers` proxies use each of `n` upstreams. */
  async function users(spec: string, peers: number, n: number): Promise<number[]> {
    const all = equals(n)
    const users = new Array<number>(n).fill(0)
    for (let index = 0; index < peers; index++) {
      const balancer = await balancerOf(`${spec}+round-robin`, index, { index, count: peers })
      balancer.onEligible(all, 1, 0)
      shares(balancer, n, n).forEach((got, i) => {
        if (got > 0) users[i]!++
      })
    }
    return users
  }

  test('dealt out in rounds each upstream belongs to as many proxies; drawn at random to many or to few', async () => {
    // 300 upstreams in subsets of 30: ten proxies are a round.
    expect(new Set(await users('subset:size=30', 20, 300))).toEqual(new Set([2]))
    const drawn = await users('subset:size=30,kind=random', 20, 300)
    expect(drawn.reduce((sum, n) => sum + n)).toBe(600)
    expect(Math.max(...drawn)).toBeGreaterThan(4)
    expect(Math.min(...drawn)).toBe(0)
  })

  test('one that is not eligible is replaced by one other, and has its place again when it comes back', async () => {
    const balancer = await balancerOf('subset:size=5+round-robin')
    const all = equals(50)
    balancer.onMembers!(all, 0)
    const used = (eligible: readonly Upstream[], version: number) => {
      balancer.onEligible(eligible, version, version)
      return new Set(Array.from({ length: 20 }, () => balancer.pick(request, [], version)!.index))
    }
    const before = used(all, 1)
    const gone = [...before][2]!
    const meanwhile = used(
      all.filter(({ index }) => index !== gone),
      2,
    )
    expect(meanwhile.size).toBe(5)
    expect([...before].filter(index => !meanwhile.has(index))).toEqual([gone])
    expect(used(all, 3)).toEqual(before)
  })
})

/** Upstreams of two or more levels, a hundred each. */
function levelled(levels: number): Upstream[] {
  return Array.from({ length: levels * 100 }, (_, index) => ({
    index,
    id: `o${index}`,
    weight: 1,
    inFlight: 0,
    priority: Math.floor(index / 100),
  }))
}

/** What each level of a hundred gets of many picks, in percent, when so many of each are healthy. */
async function loads(spec: string, healthy: readonly number[]): Promise<{ percent: number[]; unhealthy: number }> {
  const balancer = await balancerOf(`${spec}+random`)
  const all = levelled(healthy.length)
  const isHealthy = ({ index }: Upstream) => index % 100 < healthy[Math.floor(index / 100)]!
  balancer.onMembers!(all, 0)
  balancer.onEligible(all.filter(isHealthy), 1, 0)
  const percent = healthy.map(() => 0)
  let unhealthy = 0
  for (let i = 0; i < 10_000; i++) {
    const upstream = balancer.pick(request, [], 0)!
    percent[upstream.priority!]! += 0.01
    if (!isHealthy(upstream)) unhealthy++
  }
  return { percent, unhealthy: unhealthy / 10_000 }
}

describe('priority', () => {
  test.each<[number[], number[]]>([
    [
      [100, 100, 100],
      [100, 0, 0],
    ],
    [
      [72, 72, 100],
      [100, 0, 0],
    ],
    [
      [71, 71, 100],
      [99.4, 0.6, 0],
    ],
    [
      [50, 50, 100],
      [70, 30, 0],
    ],
    [
      [25, 100, 100],
      [35, 65, 0],
    ],
    [
      [25, 25, 100],
      [35, 35, 30],
    ],
    [
      [0, 25, 100],
      [0, 35, 65],
    ],
  ])('with %j percent healthy the levels get %j percent', async (healthy, expected) => {
    const { percent, unhealthy } = await loads('priority', healthy)
    expected.forEach((share, i) => {
      expect(Math.abs(percent[i]! - share)).toBeLessThan(2)
    })
    expect(unhealthy).toBe(0)
  })

  test('when the levels together cannot bear it, one below the threshold sends to all its members', async () => {
    // 25 % of both: 35 + 35 is less than 100, so each gets half, and three of four picks are unhealthy.
    const { percent, unhealthy } = await loads('priority', [25, 25])
    expect(Math.abs(percent[0]! - 50)).toBeLessThan(2)
    expect(unhealthy).toBeCloseTo(0.75, 1)
    expect((await loads('priority:panicShare=0', [25, 25])).unhealthy).toBe(0)
  })

  test('without members being told there is nobody to panic with', async () => {
    const balancer = await balancerOf('priority+random')
    const all = levelled(1)
    balancer.onEligible(all, 1, 0)
    balancer.onEligible(all.slice(0, 3), 2, 0)
    for (let i = 0; i < 50; i++) expect(balancer.pick(request, [], 0)!.index).toBeLessThan(3)
  })
})

describe('zone-aware', () => {
  /** What zones a, b and c get of many picks by a proxy in `zone` when they have so many upstreams. */
  async function zoneShares(spec: string, counts: readonly number[], more: { zone?: string; zoneShare?: number } = {}) {
    const all = counts
      .flatMap((n, z) => Array.from({ length: n }, () => 'abc'[z]!))
      .map((zone, index) => {
        return { index, id: `o${index}`, weight: 1, inFlight: 0, zone }
      })
    const balancer: Balancer = await balancerOf(`${spec}+random`, 1, { index: 0, count: 9, ...more })
    balancer.onEligible(all, 1, 0)
    const got = [0, 0, 0]
    for (let i = 0; i < 10_000; i++) got['abc'.indexOf(balancer.pick(request, [], 0)!.zone!)]! += 0.0001
    return got
  }
  const near = (got: number[], expected: number[]) =>
    expected.forEach((share, i) => {
      expect(Math.abs(got[i]! - share)).toBeLessThan(0.02)
    })

  test('all stays at home when the zone has its share of the upstreams', async () => {
    near(await zoneShares('zone-aware:zone=a', [4, 4, 4]), [1, 0, 0])
    near(await zoneShares('zone-aware', [8, 4, 0], { zone: 'a', zoneShare: 0.5 }), [1, 0, 0])
  })

  test('what the zone cannot bear goes where there is room', async () => {
    // A third of the proxies, a sixth of the upstreams: half stays. b has 1/6 of room, c has none.
    near(await zoneShares('zone-aware', [2, 6, 4], { zone: 'a' }), [0.5, 0.5, 0])
    // Two zones, half of the proxies in each, a quarter of the upstreams here.
    near(await zoneShares('zone-aware:zone=a,zoneShare=0.5', [3, 9, 0]), [0.5, 0.5, 0])
  })

  test('zones do not count when there are few upstreams, when none is at home, or when the zone is not known', async () => {
    near(await zoneShares('zone-aware:zone=a', [1, 2, 1]), [1 / 4, 2 / 4, 1 / 4])
    near(await zoneShares('zone-aware:zone=d', [4, 4, 4]), [1 / 3, 1 / 3, 1 / 3])
    near(await zoneShares('zone-aware', [4, 4, 4]), [1 / 3, 1 / 3, 1 / 3])
  })
})

test('probes pass through combinators: asked for by the balancer within, answered to it', async () => {
  for (const outer of [
    'slow-start',
    'sticky',
    'bounded-load',
    'subset',
    'priority',
    'zone-aware',
    'failure-penalty',
    'stale-view',
  ]) {
    const balancer = await balancerOf(`${outer}+prequal:hotQuantile=1,removedPerRequest=0,reuse=10`)
    const all = equals(20)
    balancer.onEligible(all, 1, 0)
    const due = balancer.probing!.due(0)
    expect(due.length, outer).toBe(3)
    const asked = due[0]!
    expect(all).toContain(asked)
    for (const upstream of [asked, due[1]!]) {
      const latencyMs = upstream === asked ? 1 : 99
      balancer.probing!.onProbe(
        upstream,
        { inFlight: 0, latencyMs, utilisation: 0, ratePerSecond: 1, errorsPerSecond: 0 },
        1,
      )
    }
    expect(balancer.pick(request, [], 2), outer).toBe(asked)
  }
})
