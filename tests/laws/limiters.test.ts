// What every limiter must do. Runs over every file in proxy/limiters.
import { describe, expect, test } from 'vitest'
import type { AnyStrategy, Limiter, PolicyRequest } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import { randomStream } from '../../core/random.ts'
import { load, namesOf } from '../../core/registry.ts'

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

const from = (client: string): PolicyRequest => ({ method: 'GET', target: '/', client, header: () => undefined })

test('token-bucket lets a burst through, then its rate, and says how long to wait', async () => {
  const strategy = await load<AnyStrategy<Limiter>>('limiter', 'token-bucket', 'test')
  const limiter = strategy.make({ ratePerSecond: 10, burst: 5, per: 'proxy' } as never, { rng: randomStream(1, 'l') })
  const at = (now: number) => limiter.admit!(from('a'), 0, now)
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
  expect([0, 2, 3, 9].map(inFlight => limiter.admit!(from('a'), inFlight, 0))).toEqual([null, null, 500, 500])
})
