// What every connection pool must do: lend a connection to one request at a time, lose none, and tell when they expire.
// Runs over every file in proxy/pools against a small engine that keeps the books.
import { describe, expect, test } from 'vitest'
import { type AnyStrategy, CLOSE, type ConnectionPool, DIAL, KEEP, type Upstream } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import { randomStream } from '../../core/random.ts'
import { load, namesOf } from '../../core/registry.ts'

const upstreams: Upstream[] = [0, 1].map(index => ({ index, id: `o${index}`, weight: 1, inFlight: 0 }))

describe.each(namesOf('pool'))('pool %s', async name => {
  const strategy = await load<AnyStrategy<ConnectionPool>>('pool', name, 'test')
  const make = () =>
    strategy.make(decodeParameters(strategy.params, {}, name) as never, { rng: randomStream(1, 'pool') })

  test('never lends one connection twice, nor to another upstream, nor after it has closed', () => {
    const pool = make()
    const rng = randomStream(11, 'pool-law')
    const lent: { id: number; upstream: Upstream }[] = []
    const idle = new Map<number, Upstream>()
    let opened = 0
    for (let now = 0; now < 5000; now++) {
      const upstream = upstreams[rng.integer(2)]!
      const action = rng.integer(10)
      if (action < 5) {
        const answer = pool.acquire(upstream, now, now)
        if (answer === DIAL) {
          pool.onDialed(upstream, opened, now)
          lent.push({ id: opened++, upstream })
        } else {
          expect(idle.get(answer)).toBe(upstream)
          idle.delete(answer)
          lent.push({ id: answer, upstream })
        }
      } else if (action < 9 && lent.length > 0) {
        const [done] = lent.splice(rng.integer(lent.length), 1)
        const answer = pool.release(done!.upstream, done!.id, rng.integer(5) > 0, now)
        if (answer === KEEP) idle.set(done!.id, done!.upstream)
        else expect(answer).toBe(CLOSE)
      } else if (idle.size > 0) {
        const [id, owner] = [...idle][rng.integer(idle.size)]!
        idle.delete(id)
        pool.onClosed(owner, id, now)
      }
      for (const id of pool.expired(now)) expect(idle.delete(id)).toBe(true)
    }
    expect(opened).toBeGreaterThan(0)
  })

  test('a connection that is not reusable is closed', () => {
    const pool = make()
    expect(pool.acquire(upstreams[0]!, 0, 0)).toBe(DIAL)
    pool.onDialed(upstreams[0]!, 1, 0)
    expect(pool.release(upstreams[0]!, 1, false, 1)).toBe(CLOSE)
    expect(pool.acquire(upstreams[0]!, 0, 2)).toBe(DIAL)
  })

  test('says when the next idle connection expires, and then hands it over', () => {
    const pool = make()
    expect(pool.nextExpiryAt()).toBe(Number.POSITIVE_INFINITY)
    pool.onDialed(upstreams[0]!, 1, 0)
    const kept = pool.release(upstreams[0]!, 1, true, 100) === KEEP
    const at = pool.nextExpiryAt()
    if (!kept) {
      expect(at).toBe(Number.POSITIVE_INFINITY)
      return
    }
    expect(pool.expired(at - 1)).toEqual([])
    expect(pool.expired(at)).toEqual([1])
    expect(pool.acquire(upstreams[0]!, 0, at)).toBe(DIAL)
  })
})

test('keep-alive lends the last used first and keeps at most maxIdle', async () => {
  const strategy = await load<AnyStrategy<ConnectionPool>>('pool', 'keep-alive', 'test')
  const pool = strategy.make({ maxIdle: 2, idleMs: 1000 } as never, { rng: randomStream(1, 'pool') })
  const upstream = upstreams[0]!
  expect([1, 2, 3].map(id => pool.release(upstream, id, true, id))).toEqual([KEEP, KEEP, CLOSE])
  expect(pool.acquire(upstream, 0, 5)).toBe(2)
  expect(pool.acquire(upstream, 0, 5)).toBe(1)
  expect(pool.acquire(upstream, 0, 5)).toBe(DIAL)
})
