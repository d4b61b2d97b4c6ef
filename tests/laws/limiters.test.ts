// What every limiter must do. Runs over every file in proxy/limiters.
import { describe, expect, test } from 'vitest'
import type { AnyStrategy, Limiter, PolicyRequest } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import { randomStream } from '../../core/random.ts'
import { load, namesOf } from '../../core/registry.ts'

const from = (client: string): PolicyRequest => ({ method: 'GET', target: '/', client, header: () => undefined })

describe.each(namesOf('limiter'))('limiter %s', async name => {
  const strategy = await load<AnyStrategy<Limiter>>('limiter', name, 'test')
  const make = () =>
    strategy.make(decodeParameters(strategy.params, {}, name) as never, { rng: randomStream(1, 'limiter') })

  test('lets a client in that has nothing open', () => {
    const limiter = make()
    for (let i = 0; i < 300; i++) expect(limiter.onConnect?.(`10.0.${i >> 8}.${i & 255}`, i) ?? true).toBe(true)
  })

  test('what closes makes room again: a client that leaves can always come back', () => {
    const limiter = make()
    for (let i = 0; i < 1000; i++) {
      expect(limiter.onConnect?.('10.0.0.1', i) ?? true).toBe(true)
      limiter.onClose?.('10.0.0.1', i)
    }
  })

  test('a request that finds the proxy empty is let in, at once or soon, and every wait is a finite number', () => {
    const limiter = make()
    const rng = randomStream(3, name)
    for (let now = 0; now < 20_000; now += rng.integer(200)) {
      const holding = limiter.admit?.(from(`10.0.0.${rng.integer(5)}`), 0, now) ?? null
      if (holding) {
        expect(holding.ms).toBeGreaterThanOrEqual(0)
        expect(holding.ms).toBeLessThan(60_000)
      }
      if (holding?.kind !== 'refuse') limiter.onDone?.(rng.integer(50), now, rng.integer(4) === 0)
      else expect(limiter.limit).toBeUndefined()
    }
  })

  test('one that limits requests in flight lets in below its limit and refuses at it, and the limit is at least 1', () => {
    const limiter = make()
    if (limiter.limit === undefined) return
    const rng = randomStream(4, name)
    for (let now = 0; now < 60_000; now += rng.integer(20)) {
      const limit = limiter.limit(now)
      expect(limit).toBeGreaterThanOrEqual(1)
      expect(limiter.admit!(from('a'), limit, now)?.kind).toBe('refuse')
      expect(limiter.admit!(from('a'), limit - 1, now)).toBeNull()
      limiter.onDone?.(1 + rng.exponential(20), now, rng.integer(20) === 0)
    }
  })
})

test('per-client-connections refuses above its number, and only that client', async () => {
  const strategy = await load<AnyStrategy<Limiter>>('limiter', 'per-client-connections', 'test')
  const limiter = strategy.make({ max: 3 } as never, { rng: randomStream(1, 'limiter') })
  const connect = (client: string) => limiter.onConnect!(client, 0)
  expect([1, 2, 3, 4, 5].map(() => connect('a'))).toEqual([true, true, true, false, false])
  expect(connect('b')).toBe(true)
  limiter.onClose!('a', 1)
  expect([connect('a'), connect('a')]).toEqual([true, false])
})

test('token-bucket lets a burst through, then its rate, and says how long to wait', async () => {
  const strategy = await load<AnyStrategy<Limiter>>('limiter', 'token-bucket', 'test')
  const limiter = strategy.make({ ratePerSecond: 10, burst: 5, per: 'proxy' } as never, { rng: randomStream(1, 'l') })
  const at = (now: number) => limiter.admit!(from('a'), 0, now)?.ms ?? null
  expect([1, 2, 3, 4, 5].map(() => at(0))).toEqual([null, null, null, null, null])
  expect(at(0)).toBeCloseTo(100)
  expect(at(60)).toBeCloseTo(40)
  expect(at(100)).toBeNull()
  let admitted = 0
  for (let now = 101; now <= 10_100; now++) if (at(now) === null) admitted++
  expect(admitted).toBe(100)
})

test('token-bucket per client keeps clients apart', async () => {
  const strategy = await load<AnyStrategy<Limiter>>('limiter', 'token-bucket', 'test')
  const limiter = strategy.make({ ratePerSecond: 1, burst: 1, per: 'client' } as never, { rng: randomStream(1, 'l') })
  expect(['a', 'a', 'b', 'b'].map(client => limiter.admit!(from(client), 0, 0) === null)).toEqual([
    true,
    false,
    true,
    false,
  ])
})

test('fixed-inflight admits up to its number', async () => {
  const strategy = await load<AnyStrategy<Limiter>>('limiter', 'fixed-inflight', 'test')
  const limiter = strategy.make({ max: 3, retryAfterMs: 500 } as never, { rng: randomStream(1, 'l') })
  const refusal = { kind: 'refuse', ms: 500 }
  expect([0, 2, 3, 9].map(inFlight => limiter.admit!(from('a'), inFlight, 0))).toEqual([null, null, refusal, refusal])
})
