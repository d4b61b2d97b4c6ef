// The balancers that send equal keys to the same upstream: shares, what moves when one leaves, and what is hashed.
import { describe, expect, test } from 'vitest'
import type { Balancer, Upstream } from '../../core/contracts.ts'
import { balancerOf, equals, fits, requestFor, upstreams } from '../../tests/balancing.ts'

const keys = Array.from({ length: 20_000 }, (_, k) => requestFor(`/k/${k}`))
const homes = (balancer: Balancer, avoid: readonly Upstream[] = []) =>
  keys.map(key => balancer.pick(key, avoid, 0)!.index)
const without = (all: readonly Upstream[], gone: number) => all.filter(({ index }) => index !== gone)

/** The share of keys that had another home before upstream 4 of ten left, by whether they were its own. */
async function movedWhenOneLeaves(spec: string): Promise<{ own: number; others: number }> {
  const balancer = await balancerOf(spec)
  const all = equals(10)
  balancer.onEligible(all, 1, 0)
  const before = homes(balancer)
  balancer.onEligible(without(all, 4), 2, 0)
  const after = homes(balancer)
  const moved = before.filter((home, k) => after[k] !== home)
  const own = moved.filter(home => home === 4).length
  return { own: own / keys.length, others: (moved.length - own) / keys.length }
}

describe('when one of ten leaves', () => {
  test('rendezvous moves only its keys, and spreads them over all the others', async () => {
    const { own, others } = await movedWhenOneLeaves('rendezvous')
    expect(own).toBeGreaterThan(0.09)
    expect(own).toBeLessThan(0.11)
    expect(others).toBe(0)
    const balancer = await balancerOf('rendezvous')
    const all = equals(10)
    balancer.onEligible(all, 1, 0)
    const orphans = keys.filter(key => balancer.pick(key, [], 0)!.index === 4)
    balancer.onEligible(without(all, 4), 2, 0)
    expect(new Set(orphans.map(key => balancer.pick(key, [], 0)!.index)).size).toBe(9)
  })

  test('maglev moves its keys and a few more', async () => {
    const { own, others } = await movedWhenOneLeaves('maglev')
    expect(own).toBeGreaterThan(0.09)
    expect(own).toBeLessThan(0.11)
    expect(others).toBeGreaterThan(0)
    expect(others).toBeLessThan(0.05)
  })

  test.each(['source-hash', 'uri-hash'])('%s moves nearly all: nine keys of ten', async spec => {
    const balancer = await balancerOf(spec)
    const all = equals(10)
    const clients = Array.from({ length: 20_000 }, (_, k) =>
      requestFor(`/k/${k}`, { client: `10.0.${k >> 8}.${k & 255}` }),
    )
    balancer.onEligible(all, 1, 0)
    const before = clients.map(one => balancer.pick(one, [], 0)!.index)
    balancer.onEligible(without(all, 4), 2, 0)
    const moved = clients.filter((one, k) => balancer.pick(one, [], 0)!.index !== before[k])
    expect(moved.length / clients.length).toBeCloseTo(0.9, 1)
  })
})

test.each(['rendezvous', 'maglev', 'ring-hash'])(
  '%s does not depend on the order in which upstreams are told',
  async spec => {
    const all = equals(10)
    const [told, reversed] = await Promise.all([balancerOf(spec), balancerOf(spec)])
    told.onEligible(all, 1, 0)
    reversed.onEligible([...all].reverse(), 1, 0)
    expect(homes(reversed)).toEqual(homes(told))
  },
)

test('rendezvous shares by weight', async () => {
  const balancer = await balancerOf('rendezvous')
  balancer.onEligible(upstreams(3, 1), 1, 0)
  const first = homes(balancer).filter(home => home === 0).length
  expect(fits([first, keys.length - first], [0.75, 0.25])).toBe(true)
})

describe('source-hash', () => {
  test('the table has a place for each unit of weight, so that shares of many clients are exact but for chance', async () => {
    const balancer = await balancerOf('source-hash')
    balancer.onEligible(upstreams(3, 1), 1, 0)
    const heavy = Array.from({ length: 8000 }, (_, k) =>
      requestFor('/', { client: `10.1.${k >> 8}.${k & 255}` }),
    ).filter(one => balancer.pick(one, [], 0)!.index === 0).length
    expect(fits([heavy, 8000 - heavy], [0.75, 0.25])).toBe(true)
  })

  test('as NGINX has it, a network stays together: 10.1.2.x hashes to 2680 of 6271', async () => {
    const balancer = await balancerOf('source-hash:hash=nginx')
    // A place for every value of the hash.
    balancer.onEligible(equals(6271), 1, 0)
    // ((89·113 + 10) mod 6271 = 3796; (3796·113 + 1) mod 6271 = 2521; (2521·113 + 2) mod 6271 = 2680.
    const homesOf = (network: string) =>
      new Set(
        [0, 1, 77, 255].map(last => balancer.pick(requestFor('/', { client: `${network}.${last}` }), [], 0)!.index),
      )
    expect(homesOf('10.1.2')).toEqual(new Set([2680]))
    expect(homesOf('10.1.3')).toEqual(new Set([2681]))
    const whole = await balancerOf('source-hash')
    whole.onEligible(equals(6271), 1, 0)
    const clients = [0, 1, 77, 255].map(last => whole.pick(requestFor('/', { client: `10.1.2.${last}` }), [], 0)!.index)
    expect(new Set(clients).size).toBe(4)
  })
})

describe('uri-hash', () => {
  const homesOf = async (spec: string, targets: readonly string[]) => {
    const balancer = await balancerOf(spec)
    balancer.onEligible(equals(50), 1, 0)
    return new Set(targets.map(target => balancer.pick(requestFor(target), [], 0)!.index)).size
  }
  const queries = ['/a/b?x=1', '/a/b?x=2', '/a/b?x=3', '/a/b']

  test('the query does not count, unless it is asked for', async () => {
    expect(await homesOf('uri-hash', queries)).toBe(1)
    expect(await homesOf('uri-hash:part=whole', queries)).toBeGreaterThan(1)
  })

  test('depth=1: what lies in one directory stays together', async () => {
    const paths = ['/a/b', '/a/c', '/a/d/e', '/a/f?x=1']
    expect(await homesOf('uri-hash', paths)).toBeGreaterThan(1)
    expect(await homesOf('uri-hash:depth=1', paths)).toBe(1)
    expect(await homesOf('uri-hash:depth=1', ['/a/x', '/b/x', '/c/x', '/d/x', '/e/x'])).toBeGreaterThan(1)
  })
})
