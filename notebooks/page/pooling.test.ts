import { describe, expect, test } from 'vitest'
import recorded from '../recorded/pool-size.json' with { type: 'json' }
import {
  connectionsInUse,
  type Handshake,
  handshakes,
  limitNames,
  opensPerRequest,
  priceOf,
  sizesAround,
  throughASlowSpell,
  withPoolOf,
} from './pooling.ts'
import { chanceOf, opensInTheory } from './pooling-theory.ts'

describe('the price of a connection', () => {
  test.each(Object.keys(handshakes) as Handshake[])(
    '%s: a pool saves the round trips of opening and nothing else',
    handshake => {
      const saved = (rttMs: number) =>
        priceOf('new each time', rttMs, handshake).meanMs - priceOf('kept', rttMs, handshake).meanMs
      expect(saved(20)).toBeCloseTo(20 * handshakes[handshake], 0)
      expect(saved(100)).toBeCloseTo(100 * handshakes[handshake], 0)
      expect(saved(0)).toBe(0)
    },
  )

  test('with TLS 1.3 over 20 ms most of the response time goes', () => {
    expect(priceOf('kept', 20, 'tls13').meanMs).toBeLessThan(0.5 * priceOf('new each time', 20, 'tls13').meanMs)
  })

  test('a pool opens a few connections for a thousand requests, and none of those it may open are missing', () => {
    expect(priceOf('new each time', 20, 'tls13').perThousand).toBe(1000)
    expect(priceOf('kept', 20, 'tls13').perThousand).toBeLessThan(3)
    expect(priceOf('kept, at most 32', 20, 'tls13')).toEqual(priceOf('kept', 20, 'tls13'))
  })
})

describe('Little’s law', () => {
  test.each([
    [400, 20],
    [50, 5],
    [1000, 50],
  ])('%d per second for %d ms: what is counted is what it says', (rate, workMs) => {
    const { mean, ratePerSecond, timeMs } = connectionsInUse(rate, workMs)
    expect(Math.abs((mean * 1000) / (ratePerSecond * timeMs) - 1)).toBeLessThan(0.01)
    expect(Math.abs((mean * 1000) / (rate * workMs) - 1)).toBeLessThan(0.04)
  })

  test('the number in use goes up and down as theory says', () => {
    connectionsInUse(400, 20).shares.forEach((share, count) => {
      expect(Math.abs(share - chanceOf(count, 8)), `${count} in use`).toBeLessThan(0.01)
    })
  })

  test('the room that chance needs is a smaller factor when there are more', () => {
    const factor = (rate: number) => connectionsInUse(rate, 20).enough / (rate * 0.02)
    expect(factor(400)).toBeGreaterThan(1.7)
    expect(factor(1000)).toBeLessThan(factor(400))
    expect(connectionsInUse(1000, 50).enough / 50).toBeLessThan(1.5)
  })
})

describe('the size of a pool', () => {
  const at = (max: number) => withPoolOf(max, 400, 20, 50_000)

  test('below L the middle answer waits behind a full queue and some are refused', () => {
    expect(at(6).p50Ms).toBeGreaterThan(5 * at(16).p50Ms)
    expect(at(6).failedShare).toBeGreaterThan(0.2)
    expect(at(7).p50Ms).toBeGreaterThan(4 * at(16).p50Ms)
  })

  test('twice L is plenty, and less is enough when L is large', () => {
    expect(at(16).waitedShare).toBeLessThan(0.015)
    expect(at(16).failedShare).toBe(0)
    expect(withPoolOf(75, 1000, 50, 20_000).waitedShare).toBeLessThan(0.015)
  })

  test('the sizes tried lie on both sides of L', () => {
    for (const average of [0.25, 2, 8, 50]) {
      const sizes = sizesAround(average)
      expect(sizes[0]).toBeLessThanOrEqual(Math.max(1, average / 2))
      expect(sizes.at(-1)).toBeGreaterThanOrEqual(2 * average)
      expect(sizes.length).toBeLessThanOrEqual(16)
    }
  })

  test('the recorded run of the live proxy has the same knee', () => {
    for (const { max, p50Ms, waitedShare, failedShare } of recorded.variants) {
      const played = withPoolOf(max, 400, 20, 2500)
      expect(Math.abs(waitedShare - played.waitedShare), `max ${max}`).toBeLessThan(0.1)
      expect(Math.abs(failedShare - played.failedShare), `max ${max}`).toBeLessThan(0.05)
      if (max !== 8) expect(Math.abs(p50Ms / played.p50Ms - 1), `max ${max}`).toBeLessThan(0.1)
    }
  })
})

describe('when the larger pool loses', () => {
  const after = (crowdingMs: number) => limitNames.map(limit => throughASlowSpell(limit, crowdingMs))

  test('where a crowd slows the origin, only the pool with a limit comes back', () => {
    const [open, bounded] = after(0.25)
    expect(open!.inTheEnd).toBe(0)
    expect(open!.openPeak).toBeGreaterThan(400)
    expect(bounded!.inTheEnd).toBe(1)
    expect(bounded!.openPeak).toBe(16)
  })

  test('where a crowd does no harm both come back', () => {
    for (const { inTheEnd } of after(0)) expect(inTheEnd).toBe(1)
  })
})

describe('a pool for each worker', () => {
  // The last column comes from another simulation than ours, with a service time of 50 ms on average.
  test.each([
    [1, 0.05, 60_000, 0.0517],
    [4, 0.05, 60_000, 0.4699],
    [16, 0.5, 60_000, 0.1557],
    [1, 0.5, 60_000, 0.012],
    [16, 4, 60_000, 0.0102],
    [1, 200, 1000, 0.00911],
    [16, 200, 1000, 0.05163],
  ])('theory: %d workers, %d per second, idle for %d ms', (workers, ratePerSecond, idleMs, missed) => {
    expect(Math.abs(opensInTheory(ratePerSecond / workers, 50, idleMs) / missed - 1)).toBeLessThan(0.03)
  })

  test('the more workers, the more connections are opened anew; a shared pool does not care', () => {
    const own = [4, 8, 16, 32].map(workers => opensPerRequest(workers, 'worker', 10_000))
    expect(own).toEqual(own.toSorted((a, b) => a - b))
    own.forEach((opened, at) => {
      expect(Math.abs(opened / opensInTheory(2 / 2 ** (at + 2), 50, 10_000) - 1)).toBeLessThan(0.05)
    })
    expect(opensPerRequest(16, 'proxy', 10_000)).toBe(opensPerRequest(1, 'worker', 10_000))
    expect(own[2]!).toBeGreaterThan(10 * opensPerRequest(16, 'proxy', 10_000))
  })

  test('a longer idle time is a remedy', () => {
    expect(opensPerRequest(16, 'worker', 60_000)).toBeLessThan(0.1 * opensPerRequest(16, 'worker', 10_000))
  })
})
