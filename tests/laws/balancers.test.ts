// What every balancer must do, whatever its idea. Runs over every file in proxy/balancers.
import { describe, expect, test } from 'vitest'
import type { AnyStrategy, Balancer, PolicyRequest, Upstream } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import { randomStream } from '../../core/random.ts'
import { choose, load, namesOf } from '../../core/registry.ts'

const request: PolicyRequest = { method: 'GET', target: '/', client: '127.0.0.1', header: () => undefined }

/** Requests that differ in everything a balancer might hash. */
const requestOf = (i: number): PolicyRequest => ({
  method: 'GET',
  target: `/k/${i}`,
  client: `127.0.${i >> 8}.${i & 255}`,
  header: () => `${i}`,
})

function upstreams(n: number): Upstream[] {
  return Array.from({ length: n }, (_, index) => ({ index, id: `o${index}`, weight: 1, inFlight: 0 }))
}

describe.each(namesOf('balancer'))('balancer %s', async name => {
  const strategy = await load<AnyStrategy<Balancer>>('balancer', name, 'test')
  const make = (seed = 1) =>
    strategy.make(decodeParameters(strategy.params, {}, name) as never, { rng: randomStream(seed, 'balancer') })

  test('says what it is and where it comes from', () => {
    expect(strategy.about).toMatch(/^[A-Z].*\.$/)
    expect(strategy.source.length).toBeGreaterThan(10)
  })

  test('picks only eligible upstreams, and null when there is none', () => {
    const balancer = make()
    balancer.onEligible([], 1, 0)
    expect(balancer.pick(request, [], 0)).toBeNull()
    const all = upstreams(5)
    balancer.onEligible(all.slice(1, 4), 2, 1)
    for (let i = 0; i < 200; i++) expect(all.slice(1, 4)).toContain(balancer.pick(request, [], 1 + i))
  })

  test('never returns an upstream to avoid while another is left, and null when all are to be avoided', () => {
    const balancer = make()
    const all = upstreams(3)
    balancer.onEligible(all, 1, 0)
    for (let i = 0; i < 100; i++) {
      const avoid = [all[i % 3]!, all[(i + 1) % 3]!]
      expect(balancer.pick(request, avoid, i)).toBe(all[(i + 2) % 3])
    }
    expect(balancer.pick(request, all, 100)).toBeNull()
  })

  test('reaches every upstream of equal weight with requests that differ, none with more than twice its share', () => {
    const balancer = make()
    const all = upstreams(8)
    balancer.onEligible(all, 1, 0)
    const picks = new Array<number>(8).fill(0)
    for (let i = 0; i < 8000; i++) {
      const upstream = balancer.pick(requestOf(i), [], i)!
      picks[upstream.index]!++
      balancer.onSend?.(upstream, i)
      balancer.onDone?.(upstream, { kind: 'response', status: 200, headMs: 1, totalMs: 1, maybeExecuted: true }, i)
    }
    for (const n of picks) expect(n).toBeGreaterThan(500)
    for (const n of picks) expect(n).toBeLessThan(2000)
  })

  test('is deterministic: the same seed gives the same picks', () => {
    const picks = [1, 1].map(seed => {
      const balancer = make(seed)
      balancer.onEligible(upstreams(7), 1, 0)
      return Array.from({ length: 100 }, (_, i) => balancer.pick(request, [], i)!.index)
    })
    expect(picks[0]).toEqual(picks[1])
  })
})

test.each(
  namesOf('balancer').filter(name => name !== 'round-robin'), // The one that is blind to weights by design.
)('%s gives a heavy upstream more than a light one', async name => {
  const { strategy, params } = await choose<AnyStrategy<Balancer>>('balancer', name)
  const balancer = strategy.make(params as never, { rng: randomStream(1, 'balancer') })
  const all = [1, 4].map((weight, index) => ({ index, id: `o${index}`, weight, inFlight: 0 }))
  balancer.onEligible(all, 1, 0)
  const inFlight: Upstream[] = []
  const picks = [0, 0]
  for (let i = 0; i < 4000; i++) {
    const upstream = balancer.pick(requestOf(i), [], i)!
    picks[upstream.index]!++
    upstream.inFlight++
    balancer.onSend?.(upstream, i)
    // Ten requests are under way at any time, so that load and weight both have their say.
    if (inFlight.push(upstream) <= 10) continue
    const ended = inFlight.shift()!
    ended.inFlight--
    balancer.onDone?.(ended, { kind: 'response', status: 200, headMs: 10, totalMs: 10, maybeExecuted: true }, i)
  }
  expect(picks[1]! / picks[0]!).toBeGreaterThan(2.5)
})

test('power-of-two takes the less loaded of its two looks, so the most loaded upstream gets nothing', async () => {
  const strategy = await load<AnyStrategy<Balancer>>('balancer', 'power-of-two', 'test')
  const balancer = strategy.make({} as never, { rng: randomStream(3, 'balancer') })
  const all = upstreams(4)
  all[2]!.inFlight = 10
  balancer.onEligible(all, 1, 0)
  for (let i = 0; i < 500; i++) expect(balancer.pick(request, [], i)).not.toBe(all[2])
})

test('power-of-two weighs load by weight', async () => {
  const strategy = await load<AnyStrategy<Balancer>>('balancer', 'power-of-two', 'test')
  const balancer = strategy.make({} as never, { rng: randomStream(3, 'balancer') })
  const small: Upstream = { index: 0, id: 'small', weight: 1, inFlight: 2 }
  const large: Upstream = { index: 1, id: 'large', weight: 10, inFlight: 5 }
  balancer.onEligible([small, large], 1, 0)
  for (let i = 0; i < 50; i++) expect(balancer.pick(request, [], i)).toBe(large)
})

test('round-robin gives each upstream exactly its share', async () => {
  const strategy = await load<AnyStrategy<Balancer>>('balancer', 'round-robin', 'test')
  const balancer = strategy.make({} as never, { rng: randomStream(3, 'balancer') })
  balancer.onEligible(upstreams(5), 1, 0)
  const picks = Array.from({ length: 50 }, (_, i) => balancer.pick(request, [], i)!.index)
  for (let i = 5; i < 50; i++) expect(picks[i]).toBe(picks[i - 5])
  expect(new Set(picks.slice(0, 5)).size).toBe(5)
})
