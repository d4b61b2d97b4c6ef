// The balancers that go by what upstreams say of themselves, and the one that keeps to a slice of them.
import { describe, expect, test } from 'vitest'
import type { Balancer, LoadReport, Upstream } from '../../core/contracts.ts'
import { answered, balancerOf, equals, fits, request, shares, upstreams } from '../../tests/balancing.ts'

const report = (more: Partial<LoadReport>): LoadReport => ({
  inFlight: 1,
  latencyMs: 10,
  utilisation: 0.5,
  ratePerSecond: 100,
  errorsPerSecond: 0,
  ...more,
})

describe('prequal', () => {
  /** A balancer of so many upstreams that has had these answers: index, requests in flight, latency. */
  async function knowing(spec: string, n: number, ...answers: [number, number, number][]) {
    const balancer = await balancerOf(spec)
    const all = equals(n)
    balancer.onEligible(all, 1, 0)
    for (const [index, inFlight, latencyMs] of answers) {
      balancer.probing!.onProbe(all[index]!, report({ inFlight, latencyMs }), 0)
    }
    return { balancer, all }
  }
  const once = (balancer: Balancer, now = 1, avoid: readonly Upstream[] = []) =>
    balancer.pick(request, avoid, now)!.index

  test('the quickest of those that are not hot, however few requests a slower one has', async () => {
    // The quantile of five loads is the fifth: nobody above 9 would be cold, 0.6 of them is the third: above 3 is hot.
    const answers: [number, number, number][] = [
      [0, 9, 1],
      [1, 1, 50],
      [2, 3, 20],
      [3, 2, 40],
      [4, 4, 5],
    ]
    expect(once((await knowing('prequal:hotQuantile=0.6', 100, ...answers)).balancer)).toBe(2)
    expect(once((await knowing('prequal:hotQuantile=1', 100, ...answers)).balancer)).toBe(0)
    expect(once((await knowing('prequal:hotQuantile=0', 100, ...answers)).balancer)).toBe(1)
  })

  test('fewer than two answers are none, and answers grow too old', async () => {
    const one = await knowing('prequal', 100, [7, 1, 1])
    expect(new Set(Array.from({ length: 50 }, () => once(one.balancer))).size).toBeGreaterThan(20)
    const two = await knowing('prequal', 100, [7, 1, 1], [8, 1, 2])
    expect(once(two.balancer, 1000)).toBe(7)
    const old = await knowing('prequal:removedPerRequest=0', 100, [7, 1, 1], [8, 1, 2])
    expect(new Set(Array.from({ length: 50 }, () => once(old.balancer, 1001))).size).toBeGreaterThan(20)
  })

  test('one that is picked counts as having one request more, until it is hot', async () => {
    const { balancer } = await knowing(
      'prequal:removedPerRequest=0,reuse=10,hotQuantile=0.5',
      100,
      [0, 1, 5],
      [1, 2, 10],
      [2, 2, 20],
      [3, 9, 1],
    )
    // Two of four may be cold: those with up to 2 in flight. Picked twice the first has 3.
    expect([once(balancer), once(balancer), once(balancer)]).toEqual([0, 0, 1])
  })

  test('the oldest and the worst answers are taken out by turns', async () => {
    const { balancer } = await knowing(
      'prequal:hotQuantile=1,reuse=10',
      100,
      [5, 1, 1],
      [1, 1, 30],
      [2, 1, 20],
      [3, 1, 10],
    )
    // Picks 5, which is also the oldest and goes; then 3, and the worst, 1, goes; 3 again, and the oldest, 2, goes.
    expect([once(balancer), once(balancer), once(balancer)]).toEqual([5, 3, 3])
  })

  test('asks so many different upstreams after each request', async () => {
    const { balancer, all } = await knowing('prequal:probesPerRequest=2.5', 10)
    const rounds = Array.from({ length: 1000 }, (_, i) => [...balancer.probing!.due(i)])
    expect(rounds.reduce((sum, due) => sum + due.length, 0)).toBe(2500)
    for (const due of rounds) expect(new Set(due).size).toBe(due.length)
    const asked = all.map(upstream => rounds.flat().filter(one => one === upstream).length)
    expect(fits(asked, new Array<number>(10).fill(0.1))).toBe(true)
  })

  test('knows nothing of one that has left, and takes no late answer from it', async () => {
    const { balancer, all } = await knowing('prequal', 3, [0, 1, 1], [1, 1, 2], [2, 1, 3])
    balancer.onEligible(all.slice(1), 2, 1)
    balancer.probing!.onProbe(all[0]!, report({ latencyMs: 0.1 }), 1)
    for (let i = 0; i < 50; i++) expect(once(balancer, 1)).not.toBe(0)
    expect(once(balancer, 1, [all[1]!])).toBe(2)
  })
})

describe('orca-weights', () => {
  const spec = 'orca-weights:blackoutMs=1000,expirationMs=5000,updateMs=100'

  async function reporting(...reports: (LoadReport | null)[]) {
    const balancer = await balancerOf(spec)
    const all = equals(reports.length)
    balancer.onEligible(all, 1, 0)
    reports.forEach((one, i) => {
      balancer.onDone!(all[i]!, answered(1, 200, one), 0)
    })
    return { balancer, all }
  }
  const near = (counts: number[], shares: number[]) =>
    counts.forEach((got, i) => {
      expect(Math.abs(got / counts.reduce((a, b) => a + b) - shares[i]!)).toBeLessThan(0.01)
    })

  test('twice the requests at the same utilisation is twice the weight, but not before the blackout is over', async () => {
    const { balancer } = await reporting(report({ ratePerSecond: 200 }), report({ ratePerSecond: 100 }))
    near(shares(balancer, 900, 2, 999), [1 / 2, 1 / 2])
    near(shares(balancer, 900, 2, 1100), [2 / 3, 1 / 3])
  })

  test('half the utilisation for the same requests is twice the weight, and errors count as utilisation', async () => {
    const idle = await reporting(report({ utilisation: 0.25 }), report({}))
    near(shares(idle.balancer, 900, 2, 1100), [2 / 3, 1 / 3])
    const failing = await reporting(report({}), report({ errorsPerSecond: 50 }))
    near(shares(failing.balancer, 900, 2, 1100), [2 / 3, 1 / 3])
  })

  test('who says nothing gets the median of the others, and reports expire', async () => {
    const { balancer } = await reporting(report({ ratePerSecond: 300 }), report({ ratePerSecond: 100 }), null)
    near(shares(balancer, 1200, 3, 1100), [3 / 6, 1 / 6, 2 / 6])
    near(shares(balancer, 300, 3, 5100), [1 / 3, 1 / 3, 1 / 3])
  })

  test('fewer than two reports say nothing of each other: configured weights hold', async () => {
    const balancer = await balancerOf(spec)
    const all = upstreams(3, 1)
    balancer.onEligible(all, 1, 0)
    balancer.onDone!(all[1]!, answered(1, 200, report({})), 0)
    near(shares(balancer, 400, 2, 1100), [3 / 4, 1 / 4])
  })
})

describe('deterministic-aperture', () => {
  /** How many of the picks of `peers` proxies each of `n` idle upstreams gets, and how many upstreams each proxy uses. */
  async function spread(peers: number, n: number, spec = 'deterministic-aperture') {
    const all = equals(n)
    const total = new Array<number>(n).fill(0)
    const used: number[] = []
    for (let index = 0; index < peers; index++) {
      const balancer = await balancerOf(spec, index, { index, count: peers })
      balancer.onEligible(all, 1, 0)
      const picks = shares(balancer, 600, n)
      picks.forEach((got, i) => {
        total[i]! += got
      })
      used.push(picks.filter(got => got > 0).length)
    }
    return { total, used }
  }

  test('ten proxies and 100 upstreams: slices of 20, and all upstreams get the same', async () => {
    const { total, used } = await spread(10, 100)
    // 12 of 100 is more than an arc of a tenth, so two arcs.
    for (const n of used) expect(n).toBe(20)
    for (const got of total) expect(Math.abs(got - 60)).toBeLessThan(40)
  })

  test('fractions of upstreams at the ends of a slice weigh what they are', async () => {
    // Three proxies, four upstreams: a slice of at least 2 is two arcs, 2.67 upstreams; together the slices go round twice.
    const { total, used } = await spread(3, 4, 'deterministic-aperture:min=2')
    for (const n of used) expect(n).toBeLessThanOrEqual(4)
    for (const got of total) expect(Math.abs(got - 450)).toBeLessThan(75)
  })

  test('in its slice the less loaded wins, and a retry may leave the slice', async () => {
    const all = equals(100)
    const balancer = await balancerOf('deterministic-aperture:peer=3,peers=100,min=2')
    balancer.onEligible(all, 1, 0)
    const own = [...new Set(Array.from({ length: 100 }, () => balancer.pick(request, [], 0)!))]
    expect(own.length).toBe(2)
    own[0]!.inFlight = 5
    for (let i = 0; i < 50; i++) expect(balancer.pick(request, [], 0)).toBe(own[1])
    expect(own).not.toContain(balancer.pick(request, own, 0))
  })
})
