// What every retry policy must do. Runs over every file in proxy/retries, then what is particular to each.
import { describe, expect, test } from 'vitest'
import type { AnyStrategy, Outcome, RetryPolicy } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import { randomStream } from '../../core/random.ts'
import { load, namesOf } from '../../core/registry.ts'

const refused: Outcome = { kind: 'dial-failed', status: 0, headMs: 0, totalMs: 1, maybeExecuted: false }
const closed: Outcome = { ...refused, kind: 'origin-closed', maybeExecuted: true }

async function make(name: string, given: Record<string, unknown> = {}): Promise<RetryPolicy> {
  const strategy = await load<AnyStrategy<RetryPolicy>>('retries', name, 'test')
  return strategy.make(decodeParameters(strategy.params, given, name) as never, { rng: randomStream(1, 'retries') })
}

describe.each(namesOf('retries'))('retries %s', name => {
  test('never does twice what may have been done and is not idempotent', async () => {
    const policy = await make(name)
    for (let now = 0; now < 500; now++) {
      policy.onRequest?.(now)
      expect(policy.retryIn?.({ attempts: 1, idempotent: false }, closed, now) ?? null).toBeNull()
    }
  })

  test('never retries for a client that is gone, and waits at least 0 ms', async () => {
    const policy = await make(name)
    for (let now = 0; now < 500; now++) {
      policy.onRequest?.(now)
      const gone: Outcome = { ...refused, kind: 'client-gone' }
      expect(policy.retryIn?.({ attempts: 1, idempotent: true }, gone, now) ?? null).toBeNull()
      expect(policy.retryIn?.({ attempts: 1, idempotent: true }, refused, now) ?? 0).toBeGreaterThanOrEqual(0)
    }
  })

  test('comes to an end: a request that fails for ever is given up', async () => {
    const policy = await make(name)
    let attempts = 1
    policy.onRequest?.(0)
    while ((policy.retryIn?.({ attempts, idempotent: true }, refused, attempts) ?? null) !== null) {
      attempts++
      expect(attempts).toBeLessThan(100)
    }
  })
})

test('budgeted keeps retries below its share of requests, plus what time adds', async () => {
  const policy = await make('budgeted', { share: 0.2, perSecond: 0, reserve: 10 })
  let retries = 0
  for (let request = 0; request < 1000; request++) {
    policy.onRequest!(request)
    for (let attempts = 1; policy.retryIn!({ attempts, idempotent: true }, refused, request) !== null; attempts++)
      retries++
  }
  expect(retries).toBeGreaterThan(190)
  expect(retries).toBeLessThanOrEqual(200)
})

test('budgeted waits at random, up to a bound that doubles and then stays', async () => {
  const policy = await make('budgeted', { attempts: 10, baseMs: 10, maxMs: 40, reserve: 1e6, perSecond: 1e6 })
  const longest = [1, 2, 3, 4].map(attempts => {
    let most = 0
    for (let i = 0; i < 500; i++) {
      policy.onRequest!(i)
      most = Math.max(most, policy.retryIn!({ attempts, idempotent: true }, refused, i)!)
    }
    return most
  })
  for (const [at, bound] of [10, 20, 40, 40].entries()) {
    expect(longest[at]).toBeLessThanOrEqual(bound)
    expect(longest[at]).toBeGreaterThan(bound * 0.9)
  }
})

test('budgeted retries gateway errors of an idempotent request, not its other answers', async () => {
  const policy = await make('budgeted', { reserve: 100, perSecond: 1e6 })
  const answers = (status: number) => {
    policy.onRequest!(status)
    return policy.retryIn!({ attempts: 1, idempotent: true }, { ...closed, kind: 'response', status }, status) !== null
  }
  expect([500, 502, 503, 504, 404].map(answers)).toEqual([false, true, true, true, false])
})
