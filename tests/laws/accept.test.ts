// What every accept policy must do. Runs over every file in proxy/accept, then what tells them apart.
import { describe, expect, test } from 'vitest'
import type { AcceptPolicy, AnyStrategy } from '../../core/contracts.ts'
import { randomStream } from '../../core/random.ts'
import { load, namesOf } from '../../core/registry.ts'

async function make(name: string): Promise<AcceptPolicy> {
  const strategy = await load<AnyStrategy<AcceptPolicy>>('accept', name, 'test')
  return strategy.make({} as never, { rng: randomStream(1, 'accept') })
}

/** Connections that stay: how many each worker holds after `count` of them. */
async function spread(name: string, workers: number, count: number, held: number[] = []): Promise<number[]> {
  const policy = await make(name)
  const connections = Array.from({ length: workers }, (_, worker) => held[worker] ?? 0)
  for (let i = 0; i < count; i++) connections[policy.choose(connections)]!++
  return connections
}

describe.each(namesOf('accept'))('accept %s', name => {
  test('chooses a worker there is, also when there is only one and when their number changes', async () => {
    const policy = await make(name)
    for (const workers of [1, 4, 2, 3, 1, 8]) {
      for (let i = 0; i < 50; i++) {
        const chosen = policy.choose(new Array(workers).fill(i % 3))
        expect(Number.isInteger(chosen) && chosen >= 0 && chosen < workers).toBe(true)
      }
    }
  })

  test('leaves no worker without connections, and none with more than twice its share', async () => {
    for (const connections of await spread(name, 4, 400)) {
      expect(connections).toBeGreaterThan(50)
      expect(connections).toBeLessThan(200)
    }
  })
})

test.each(['round-robin', 'least-connections', 'two-index'])('%s spreads connections that stay exactly', async name => {
  expect(await spread(name, 4, 40)).toEqual([10, 10, 10, 10])
})

test('chance does not: some worker gets more than another', async () => {
  const connections = await spread('kernel', 4, 40)
  expect(Math.max(...connections)).toBeGreaterThan(Math.min(...connections) + 2)
})

test('those that count spare a busy worker, round robin does not', async () => {
  const busy = [20, 0, 0, 0]
  expect((await spread('least-connections', 4, 30, busy))[0]).toBe(20)
  expect((await spread('two-index', 4, 30, busy))[0]).toBeLessThanOrEqual(21)
  expect((await spread('round-robin', 4, 30, busy))[0]).toBeGreaterThan(26)
})
