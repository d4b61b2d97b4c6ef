// What every connection pool must do: lend a connection to one request at a time, lose none, forget nobody who waits, and
// tell when connections expire. Runs over every file in proxy/pools, as it is by default and tightly limited.
import { describe, expect, test } from 'vitest'
import {
  type AnyStrategy,
  CLOSE,
  type ConnectionPool,
  DIAL,
  KEEP,
  REJECT,
  type Upstream,
  WAIT,
} from '../../core/contracts.ts'
import { randomStream } from '../../core/random.ts'
import { choose, make, namesOf } from '../../core/registry.ts'
import { PoolEngine } from './pool-engine.ts'

const upstreams: Upstream[] = [0, 1].map(index => ({ index, id: `o${index}`, weight: 1, inFlight: 0 }))
const [one, two] = upstreams as [Upstream, Upstream]

const poolOf = async (spec: string) => make(await choose<AnyStrategy<ConnectionPool>>('pool', spec), 1, 'pool')

/** Settings under which every limit is met often. */
const tight = [
  'keep-alive:order=fifo,maxIdle=2,idleMs=20',
  'keep-alive:reuse=safe,maxAgeMs=30',
  'keep-alive:reuse=aggressive,maxRequests=3',
  'pre-connect:ready=5,maxIdle=3,idleMs=20',
  'global:maxIdle=3,maxAgeMs=30',
  'global:maxIdle=1,order=fifo',
  'capped:max=1',
  'capped:max=3,maxWaiting=4',
  'capped:max=2,maxWaiting=0',
  'capped:max=3,maxRequests=2,maxAgeMs=15,idleMs=5',
]

describe.each([...namesOf('pool'), ...tight])('pool %s', spec => {
  test('lends to one at a time, serves waiting requests in order and forgets none, whatever closes or fails', async () => {
    const engine = new PoolEngine(await poolOf(spec), upstreams, randomStream(11, 'pool-law'))
    const limit = (name: string) => Number(new RegExp(`${name}=(\\d+)`).exec(spec)?.[1] ?? Number.POSITIVE_INFINITY)
    const max = spec.startsWith('capped') ? Math.min(limit('max'), 64) : Number.POSITIVE_INFINITY
    const maxIdle = limit('maxIdle') * (spec.startsWith('global') ? 1 : upstreams.length)
    for (let i = 0; i < 5000; i++) {
      engine.step()
      for (const upstream of upstreams) expect(engine.connections(upstream)).toBeLessThanOrEqual(max)
      expect(engine.idle.length).toBeLessThanOrEqual(maxIdle)
      expect(engine.waitingCount).toBeLessThanOrEqual(limit('maxWaiting') * upstreams.length)
    }
    engine.settle()
    expect(engine.waitingCount).toBe(0)
    const { served, failed, gaveUp, rejected } = engine.fates
    expect(served + failed + gaveUp + rejected).toBe(engine.asked)
    expect(served).toBeGreaterThan(300)
  })

  test('a connection that is not reusable is closed', async () => {
    const pool = await poolOf(spec)
    expect(pool.acquire(one, 0, true, 0)).toBe(DIAL)
    pool.onDialed(one, 1, 0)
    expect(pool.release(one, 1, false, 1)).toBe(CLOSE)
    expect(pool.onClosed(one, 1, 1)).toBe(KEEP)
    expect(pool.acquire(one, 0, false, 2)).toBe(DIAL)
  })

  test('says when the next idle connection expires, and then hands it over', async () => {
    const pool = await poolOf(spec)
    expect(pool.nextExpiryAt()).toBe(Number.POSITIVE_INFINITY)
    expect(pool.acquire(one, 0, false, 0)).toBe(DIAL)
    pool.onDialed(one, 1, 0)
    const kept = pool.release(one, 1, true, 10) === KEEP
    const at = pool.nextExpiryAt()
    if (!kept) {
      expect(at).toBe(Number.POSITIVE_INFINITY)
      return
    }
    expect(pool.expired(at - 1)).toEqual([])
    expect(pool.expired(at)).toEqual([1])
    expect(pool.onClosed(one, 1, at)).toBe(KEEP)
    expect(pool.acquire(one, 0, false, at)).toBe(DIAL)
  })
})

/** Dials `ids` to `upstream` and gives them back in this order at `now`. */
function fill(pool: ConnectionPool, upstream: Upstream, ids: readonly number[], now = 0): number[] {
  for (const id of ids) {
    expect(pool.acquire(upstream, id, false, now)).toBe(DIAL)
    pool.onDialed(upstream, id, now)
  }
  return ids.map(id => pool.release(upstream, id, true, now))
}
const acquire = (pool: ConnectionPool, upstream: Upstream, now = 1, first = false) =>
  pool.acquire(upstream, 99, first, now)

describe('keep-alive', () => {
  test('keeps at most maxIdle and lends the last used first, or the longest idle', async () => {
    const lifo = await poolOf('keep-alive:maxIdle=2')
    expect(fill(lifo, one, [1, 2, 3])).toEqual([KEEP, KEEP, CLOSE])
    expect([acquire(lifo, one), acquire(lifo, one), acquire(lifo, one)]).toEqual([2, 1, DIAL])
    const fifo = await poolOf('keep-alive:order=fifo')
    fill(fifo, one, [1, 2])
    expect([acquire(fifo, two), acquire(fifo, one), acquire(fifo, one)]).toEqual([DIAL, 1, 2])
  })

  test('closes a connection after maxRequests', async () => {
    const pool = await poolOf('keep-alive:maxRequests=2')
    expect(fill(pool, one, [1])).toEqual([KEEP])
    expect(acquire(pool, one)).toBe(1)
    expect(pool.release(one, 1, true, 2)).toBe(CLOSE)
  })

  test('lends no connection beyond its age, which counts from its opening', async () => {
    const pool = await poolOf('keep-alive:maxAgeMs=100')
    fill(pool, one, [1])
    expect(acquire(pool, one, 90)).toBe(1)
    expect(pool.release(one, 1, true, 95)).toBe(KEEP)
    expect(pool.nextExpiryAt()).toBeLessThanOrEqual(100)
    expect(acquire(pool, one, 100)).toBe(DIAL)
    expect(pool.expired(100)).toEqual([1])
  })

  test('gives first requests what the reuse mode allows, and later ones anything', async () => {
    const firstOf = async (mode: string, uses: number) => {
      const pool = await poolOf(`keep-alive:reuse=${mode}`)
      fill(pool, one, [1])
      for (let use = 1; use < uses; use++) {
        acquire(pool, one)
        pool.release(one, 1, true, 1)
      }
      const first = acquire(pool, one, 2, true)
      return [first, first === DIAL ? acquire(pool, one, 2) : null]
    }
    expect(await firstOf('always', 1)).toEqual([1, null])
    expect(await firstOf('aggressive', 1)).toEqual([DIAL, 1])
    expect(await firstOf('aggressive', 2)).toEqual([1, null])
    expect(await firstOf('safe', 2)).toEqual([DIAL, 1])
  })
})

test('pre-connect asks for what is missing to stay ready, and for nothing while dials fail', async () => {
  const pool = await poolOf('pre-connect:ready=3')
  expect(pool.spares!(one, 0)).toBe(3)
  expect(pool.spares!(one, 0)).toBe(0)
  for (const id of [1, 2, 3]) {
    pool.onDialed(one, id, 1)
    expect(pool.release(one, id, true, 1)).toBe(KEEP)
  }
  expect([acquire(pool, one), acquire(pool, one)]).toEqual([3, 2])
  expect(pool.spares!(one, 2)).toBe(2)
  pool.onDialFailed(one, 3)
  pool.onDialFailed(one, 3)
  expect(pool.spares!(one, 4)).toBe(0)
  expect(acquire(pool, two)).toBe(DIAL)
  pool.onClosed(one, 1, 5)
  expect(acquire(pool, one, 6)).toBe(DIAL)
  pool.onDialed(one, 4, 7)
  expect(pool.spares!(one, 8)).toBe(3)
})

test('global closes the longest idle connection of any upstream when one too many is idle', async () => {
  const pool = await poolOf('global:maxIdle=2')
  fill(pool, one, [1, 2])
  expect(acquire(pool, one)).toBe(2)
  expect(fill(pool, two, [3], 1)).toEqual([KEEP])
  expect(pool.release(one, 2, true, 2)).toBe(KEEP)
  expect(pool.nextExpiryAt()).toBeLessThanOrEqual(2)
  expect(pool.expired(2)).toEqual([1])
  expect([acquire(pool, one, 3), acquire(pool, two, 3)]).toEqual([2, 3])
})

describe('capped', () => {
  test('makes wait what comes beyond the cap, hands over in order, and rejects beyond maxWaiting', async () => {
    const pool = await poolOf('capped:max=1,maxWaiting=2,waitMs=70')
    expect(pool.waitMs).toBe(70)
    const answers = [10, 11, 12, 13].map(ticket => pool.acquire(one, ticket, true, 0))
    expect(answers).toEqual([DIAL, WAIT, WAIT, REJECT])
    expect(pool.acquire(two, 14, true, 0)).toBe(DIAL)
    pool.onDialed(one, 1, 0)
    expect(pool.release(one, 1, true, 1)).toBe(11)
    expect(pool.onClosed(one, 1, 2)).toBe(12)
    expect(pool.onDialFailed(one, 3)).toBe(KEEP)
    expect(pool.acquire(one, 15, true, 4)).toBe(DIAL)
  })

  test('passes over a request that gave up', async () => {
    const pool = await poolOf('capped:max=1')
    for (const ticket of [10, 11, 12]) pool.acquire(one, ticket, true, 0)
    pool.onGaveUp(one, 11)
    expect(pool.onDialFailed(one, 1)).toBe(12)
  })
})
