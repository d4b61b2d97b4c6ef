// What limiters of a rate promise: how much at most passes in any stretch of time, how long a refused client has to wait,
// and that three ways of saying the same thing say the same.
import { describe, expect, test } from 'vitest'
import { ClientStates } from '../../core/client-states.ts'
import type { AnyStrategy, Limiter, PolicyRequest } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import { type Rng, randomStream } from '../../core/random.ts'
import { choose } from '../../core/registry.ts'

async function make(spec: string): Promise<Limiter> {
  const { strategy, params, name } = await choose<AnyStrategy<Limiter>>('limiter', spec)
  return strategy.make(decodeParameters(strategy.params, params, name) as never, { rng: randomStream(1, 'limiter') })
}

const from = (client: string): PolicyRequest => ({ method: 'GET', target: '/', client, header: () => undefined })

/** Bursts and silences: whole milliseconds, several arrivals in one of them at times. */
function arrivals(rng: Rng, count: number): number[] {
  let now = 1000
  return Array.from({ length: count }, () => {
    const draw = rng.integer(20)
    if (draw === 0) now += rng.integer(1500)
    else if (draw < 8) now += rng.integer(12)
    return now
  })
}

/** The instants at which what came at `times` was let in, after its delay. */
function letIn(limiter: Limiter, times: readonly number[]): number[] {
  return times.flatMap(now => {
    const holding = limiter.admit!(from('a'), 0, now)
    if (holding?.kind === 'refuse') return []
    return [now + (holding?.ms ?? 0)]
  })
}

/** The most by which any stretch of time from one entry to another holds more than `perMs` times its length. */
function mostAbove(entries: readonly number[], perMs: number): number {
  let most = 0
  for (let i = 0; i < entries.length; i++) {
    for (let j = i; j < entries.length; j++) most = Math.max(most, j - i + 1 - (entries[j]! - entries[i]!) * perMs)
  }
  return most
}

// Of 125 per second, an interval is 8 ms and a millisecond an eighth of a request: exact in binary.
describe.each([
  ['token-bucket:ratePerSecond=125,burst=10', 10],
  ['gcra:ratePerSecond=125,burst=10', 10],
  ['leaky-bucket:ratePerSecond=125,burst=9,queue=nodelay', 10],
  ['leaky-bucket:ratePerSecond=125,burst=9', 1],
  ['leaky-bucket:ratePerSecond=125,burst=9,delayAfter=4', 5],
])('%s', (spec, atOnce) => {
  test(`never lets in more than ${atOnce} beyond its rate, in any stretch of time, and sometimes as many`, async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const entries = letIn(await make(spec), arrivals(randomStream(seed, 'arrivals'), 600))
      expect(entries.length).toBeGreaterThan(200)
      expect(mostAbove(entries, 0.125)).toBe(atOnce)
    }
  })

  test('lets in nobody later than who came after', async () => {
    const entries = letIn(await make(spec), arrivals(randomStream(9, 'arrivals'), 600))
    expect(entries).toEqual(entries.toSorted((a, b) => a - b))
  })
})

test('sliding-window lets in at most its number at once and less than twice that in any window', async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const times = arrivals(randomStream(seed, 'arrivals'), 2000)
    const entries = letIn(await make('sliding-window:max=20,windowMs=200'), times)
    let most = 0
    for (let i = 0; i < entries.length; i++) {
      const within = entries.filter(at => at >= entries[i]! && at < entries[i]! + 200).length
      most = Math.max(most, within)
    }
    expect(most).toBeGreaterThanOrEqual(20)
    expect(most).toBeLessThan(40)
  }
})

test('sliding-window forgets: the edge between two windows lets nearly twice the number pass, but not at once', async () => {
  const limiter = await make('sliding-window:max=100,windowMs=1000')
  expect(letIn(limiter, [0])).toHaveLength(1)
  expect(letIn(limiter, Array(150).fill(999))).toHaveLength(99)
  expect(letIn(limiter, Array(150).fill(1000))).toHaveLength(0)
  const second = Array.from({ length: 990 }, (_, i) => 1001 + i)
  const entries = letIn(limiter, second)
  expect(entries.length).toBeGreaterThan(95)
  expect(entries.length).toBeLessThanOrEqual(100)
})

test.each([
  'token-bucket:ratePerSecond=125,burst=10',
  'gcra:ratePerSecond=125,burst=10',
  'leaky-bucket:ratePerSecond=125,burst=9',
  'sliding-window:max=16,windowMs=128',
])('%s: who is refused and comes again after the wait is let in, and half a millisecond earlier is not', async spec => {
  const rng = randomStream(6, 'waits')
  const [punctual, early] = [await make(spec), await make(spec)]
  let refused = 0
  for (let now = 1000; now < 20_000; now += rng.integer(10)) {
    const holding = punctual.admit!(from('a'), 0, now)
    expect(early.admit!(from('a'), 0, now)).toEqual(holding)
    if (holding?.kind !== 'refuse' || holding.ms < 1) continue
    refused++
    expect(early.admit!(from('a'), 0, now + holding.ms - 0.5)?.kind).toBe('refuse')
    now = Math.ceil(now + holding.ms)
    expect(punctual.admit!(from('a'), 0, now)?.kind).not.toBe('refuse')
    expect(early.admit!(from('a'), 0, now)?.kind).not.toBe('refuse')
  }
  expect(refused).toBeGreaterThan(50)
})

test('GCRA, a token bucket, and a leaky bucket as a meter decide alike', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const times = arrivals(randomStream(seed, 'alike'), 2000)
    const bucket = letIn(await make('token-bucket:ratePerSecond=125,burst=10'), times)
    expect(letIn(await make('gcra:ratePerSecond=125,burst=10'), times)).toEqual(bucket)
    expect(letIn(await make('leaky-bucket:ratePerSecond=125,burst=9,queue=nodelay'), times)).toEqual(bucket)
    expect(bucket.length).toBeLessThan(times.length)
  }
})

test('leaky-bucket does what limit_req does: the first goes on, the burst waits in steps of the rate, the rest is refused', async () => {
  const limiter = await make('leaky-bucket:ratePerSecond=10,burst=3')
  const at = (now: number) => limiter.admit!(from('a'), 0, now)
  const delays = [100, 200, 300].map(ms => ({ kind: 'delay', ms }))
  expect([1, 2, 3, 4, 5].map(() => at(0))).toEqual([null, ...delays, { kind: 'refuse', ms: 100 }])
  expect(at(100)).toEqual({ kind: 'delay', ms: 300 })
  expect(at(10_000)).toBeNull()
})

test.each(['token-bucket:burst=1', 'gcra:burst=1', 'leaky-bucket:burst=0', 'sliding-window:max=1'])(
  '%s per client keeps clients apart',
  async spec => {
    const rate = spec.startsWith('sliding') ? '' : ',ratePerSecond=1'
    const limiter = await make(`${spec}${rate},per=client`)
    const refused = ['a', 'a', 'b', 'b', 'a'].map(client => limiter.admit!(from(client), 0, 5)?.kind === 'refuse')
    expect(refused).toEqual([false, true, false, true, true])
  },
)

test('a flood of addresses is forgotten: at once when a new state would be the same, else the oldest first', () => {
  const sparse = new ClientStates(
    'client',
    () => ({ at: 0 }),
    (state, now) => state.at < now - 10,
  )
  for (let i = 0; i < 1000; i++) sparse.of(`c${i}`, i).at = i
  expect(sparse.size).toBeLessThan(20)
  const dense = new ClientStates(
    'client',
    () => ({ n: 0 }),
    () => false,
  )
  dense.of('regular', 0).n = 7
  for (let i = 0; i < 200_000; i++) {
    dense.of(`c${i}`, 0)
    if (i % 1000 === 0) dense.of('regular', 0)
  }
  expect(dense.size).toBeLessThanOrEqual(65_536)
  expect(dense.of('regular', 0).n).toBe(7)
  expect(dense.of('c0', 0).n).toBe(0)
})
