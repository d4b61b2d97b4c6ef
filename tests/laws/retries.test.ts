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

test('budgeted repeats what is not idempotent only when it is told to, and within its budget', async () => {
  const careless = await make('budgeted', { methods: 'all', share: 0, perSecond: 3, reserve: 3 })
  careless.onRequest!(0)
  const answers = [1, 2, 3, 4].map(() => careless.retryIn!({ attempts: 1, idempotent: false }, closed, 0) !== null)
  expect(answers).toEqual([true, true, true, false])
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

const answered = (headMs: number): Outcome => ({
  kind: 'response',
  status: 200,
  headMs,
  totalMs: headMs,
  maybeExecuted: true,
})
const first = { attempts: 1, idempotent: true }

describe.each(namesOf('retries'))('hedges of %s', name => {
  test('never ask twice for what is not idempotent, wait at least 0 ms, and come to an end', async () => {
    const policy = await make(name)
    for (let now = 0; now < 300; now++) {
      policy.onRequest?.(now)
      expect(policy.hedgeAfter?.({ attempts: 1, idempotent: false }, now) ?? null).toBeNull()
      expect(policy.hedgeAfter?.(first, now) ?? 0).toBeGreaterThanOrEqual(0)
      policy.onDone?.(answered(now % 7), now)
    }
    expect(policy.hedgeAfter?.({ attempts: 100, idempotent: true }, 300) ?? null).toBeNull()
  })
})

test('hedged waits for the quantile of what it has seen', async () => {
  const policy = await make('hedged', { quantile: 0.9, afterMs: 77 })
  expect(policy.hedgeAfter!(first, 0)).toBe(77)
  const rng = randomStream(2, 'times')
  for (let i = 0; i < 1024; i++) policy.onDone!(answered(rng.exponential(10)), i)
  const delay = policy.hedgeAfter!(first, 1024)!
  // The exponential law: P(T > d) = 0.1 at d = 10 ln 10; of 512 samples, four standard errors of the share either way.
  expect(Math.exp(-delay / 10)).toBeGreaterThan(0.1 - 4 * Math.sqrt(0.09 / 512))
  expect(Math.exp(-delay / 10)).toBeLessThan(0.1 + 4 * Math.sqrt(0.09 / 512))
})

test('hedged does not forget the slow because hedges beat them: its delay stays where the quantile is', async () => {
  const policy = await make('hedged', { quantile: 0.9, afterMs: 20, share: 1 })
  const rng = randomStream(3, 'times')
  let hedges = 0
  for (let i = 0; i < 20_000; i++) {
    const delay = policy.hedgeAfter!(first, i)!
    const [own, other] = [rng.exponential(10), rng.exponential(10)]
    if (own <= delay) policy.onDone!(answered(own), i)
    else {
      if (i >= 10_000) hedges++
      const wins = delay + other < own
      policy.onDone!(wins ? { ...answered(delay + other), kind: 'client-gone' } : answered(own), i)
      policy.onDone!(wins ? answered(other) : { ...answered(own - delay), kind: 'client-gone' }, i)
    }
  }
  expect(hedges / 10_000).toBeGreaterThan(0.07)
  expect(hedges / 10_000).toBeLessThan(0.13)
})

test('hedged never sends more hedges than its share of the requests', async () => {
  const policy = await make('hedged', { share: 0.05, reserve: 10 })
  let hedges = 0
  for (let requests = 1; requests <= 5000; requests++) {
    policy.onRequest!(requests)
    // A calm half, in which no more is saved up than the reserve, and then all are slow.
    if (requests > 2500 && policy.mayHedge!(requests)) hedges++
    expect(hedges).toBeLessThanOrEqual(0.05 * requests)
  }
  expect(hedges).toBeGreaterThanOrEqual(0.05 * 2500)
  expect(hedges).toBeLessThanOrEqual(0.05 * 2500 + 10)
})
