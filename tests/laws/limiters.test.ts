// What every limiter must do. Runs over every file in proxy/limiters.
import { describe, expect, test } from 'vitest'
import type { AnyStrategy, Limiter } from '../../core/contracts.ts'
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
