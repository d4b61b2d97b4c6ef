// What every health policy must do. Runs over every file in proxy/health, then what is particular to each.
import { describe, expect, test } from 'vitest'
import type { AnyStrategy, HealthPolicy, Outcome, Upstream } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import { randomStream } from '../../core/random.ts'
import { load, namesOf } from '../../core/registry.ts'

const upstreams: Upstream[] = [0, 1, 2, 3].map(index => ({ index, id: `o${index}`, weight: 1, inFlight: 0 }))
const ok: Outcome = { kind: 'response', status: 200, headMs: 1, totalMs: 1, maybeExecuted: true }
const bad: Outcome = { ...ok, status: 503 }
const gone: Outcome = { ...ok, kind: 'client-gone', status: 0 }

async function make(name: string, given: Record<string, unknown> = {}): Promise<HealthPolicy> {
  const strategy = await load<AnyStrategy<HealthPolicy>>('health', name, 'test')
  const params = decodeParameters(strategy.params, given, name)
  const policy = strategy.make(params as never, { rng: randomStream(1, 'health') })
  policy.onMembers(upstreams, 0)
  return policy
}

const eligible = (policy: HealthPolicy) =>
  upstreams.filter(upstream => policy.eligible(upstream)).map(upstream => upstream.index)

describe.each(namesOf('health'))('health %s', name => {
  test('starts with everybody eligible', async () => {
    expect(eligible(await make(name))).toEqual([0, 1, 2, 3])
  })

  test('says so whenever an answer of `eligible` has changed, and never otherwise leaves one changed', async () => {
    const policy = await make(name)
    const rng = randomStream(5, 'health-law')
    let known = eligible(policy)
    for (let now = 1; now < 3000; now++) {
      const upstream = upstreams[rng.integer(4)]!
      const action = rng.integer(5)
      let changed = false
      if (action === 0) changed = policy.onSend?.(upstream, now) ?? false
      else if (action < 4) changed = policy.onDone?.(upstream, [ok, bad, bad, gone][rng.integer(4)]!, now) ?? false
      else if (policy.check) changed = policy.onCheck?.(upstream, rng.integer(3) > 0, now) ?? false
      if (policy.nextChangeAt() <= now) {
        policy.onChangeDue?.(now)
        changed = true
        expect(policy.nextChangeAt()).toBeGreaterThan(now)
      }
      const after = eligible(policy)
      if (!changed) expect(after).toEqual(known)
      known = after
    }
  })

  test('a client that leaves is never held against an upstream', async () => {
    const policy = await make(name)
    for (let now = 0; now < 1000; now++) policy.onDone?.(upstreams[now % 4]!, gone, now)
    expect(eligible(policy)).toEqual([0, 1, 2, 3])
  })
})

test('outlier-ejection leaves out after failures in a row, longer each time, and brings back', async () => {
  const policy = await make('outlier-ejection', { consecutive: 3, baseEjectionMs: 100 })
  const fail = (now: number) => [1, 2, 3].map(() => policy.onDone!(upstreams[0]!, bad, now))
  expect(fail(0)).toEqual([false, false, true])
  expect(eligible(policy)).toEqual([1, 2, 3])
  expect(policy.nextChangeAt()).toBe(100)
  policy.onChangeDue!(100)
  expect(eligible(policy)).toEqual([0, 1, 2, 3])
  policy.onDone!(upstreams[0]!, bad, 101)
  policy.onDone!(upstreams[0]!, ok, 102)
  policy.onDone!(upstreams[0]!, bad, 103)
  expect(eligible(policy)).toEqual([0, 1, 2, 3])
  fail(200)
  expect(policy.nextChangeAt()).toBe(400)
})

test('outlier-ejection never ejects more than its share', async () => {
  const policy = await make('outlier-ejection', { consecutive: 1, maxEjectedShare: 0.5 })
  for (const upstream of upstreams) policy.onDone!(upstream, bad, 0)
  expect(eligible(policy)).toEqual([2, 3])
})

test('circuit-breaker opens, lets exactly one probe through, and closes or opens again by its result', async () => {
  const policy = await make('circuit-breaker', { failures: 2, openMs: 50 })
  const [upstream] = upstreams as [Upstream]
  expect([policy.onDone!(upstream, bad, 0), policy.onDone!(upstream, bad, 1)]).toEqual([false, true])
  expect(policy.eligible(upstream)).toBe(false)
  expect(policy.nextChangeAt()).toBe(51)
  policy.onChangeDue!(51)
  expect(policy.eligible(upstream)).toBe(true)
  expect(policy.onSend!(upstream, 52)).toBe(true)
  expect(policy.eligible(upstream)).toBe(false)
  expect(policy.onDone!(upstream, bad, 53)).toBe(true)
  expect(policy.nextChangeAt()).toBe(103)
  policy.onChangeDue!(103)
  policy.onSend!(upstream, 104)
  expect(policy.onDone!(upstream, ok, 105)).toBe(true)
  expect(policy.eligible(upstream)).toBe(true)
  expect(policy.onSend!(upstream, 106)).toBe(false)
})

test('active-http goes down after `fall` failed checks and up after `rise` passed ones', async () => {
  const policy = await make('active-http', { fall: 3, rise: 2 })
  const [upstream] = upstreams as [Upstream]
  const check = (passed: boolean) => policy.onCheck!(upstream, passed, 0)
  expect([false, false, true, false, false, false].map(check)).toEqual([false, false, false, false, false, true])
  expect(policy.eligible(upstream)).toBe(false)
  expect([true, false, true, true].map(check)).toEqual([false, false, false, true])
})

test('active-http checks every upstream once per interval', async () => {
  const policy = await make('active-http', { intervalMs: 100 })
  const checks = [0, 0, 0, 0]
  for (let now = 0; now <= 1000; now++) {
    if (policy.nextCheckAt!() <= now) for (const upstream of policy.checksDue!(now)) checks[upstream.index]!++
  }
  for (const count of checks) expect(count).toBeGreaterThanOrEqual(9)
  for (const count of checks) expect(count).toBeLessThanOrEqual(11)
})

test('success-rate leaves out the one of many that fails more often than chance, as in the worked example of Envoy', async () => {
  const many: Upstream[] = [0, 1, 2, 3, 4].map(index => ({ index, id: `o${index}`, weight: 1, inFlight: 0 }))
  const policy = await make('success-rate', { intervalMs: 100, volume: 100, baseEjectionMs: 1000 })
  const out = () => many.filter(upstream => !policy.eligible(upstream)).map(upstream => upstream.index)
  // Success shares of 50, 100, 100, 100, 100 %: mean 90, deviation 20, so that 52 is the least that is no outlier.
  const interval = (from: number, failures: number, volume = 100) => {
    for (let i = 0; i < volume; i++) {
      for (const upstream of many)
        policy.onDone!(upstream, upstream.index === 0 && i < failures ? bad : ok, from + i / volume)
    }
    return policy.onDone!(many[1]!, ok, from + 100)
  }
  policy.onMembers(many, 0)
  expect([interval(0, 50), out()]).toEqual([true, [0]])
  expect(policy.nextChangeAt()).toBe(1100)
  policy.onChangeDue!(1100)
  expect(out()).toEqual([])
  policy.onMembers(many, 2000)
  expect([interval(2000, 50, 99), out()]).toEqual([false, []])
  policy.onMembers(many.slice(0, 4), 3000)
  expect(policy.onDone!(many[0]!, bad, 3200)).toBe(false)
  expect(out().filter(index => index < 4)).toEqual([])
})

test('success-rate keeps quiet when all fail alike', async () => {
  const policy = await make('success-rate', { intervalMs: 100, volume: 10, minUpstreams: 3 })
  for (let now = 0; now < 2000; now++) policy.onDone!(upstreams[now % 4]!, now % 8 < 4 ? bad : ok, now)
  expect(eligible(policy)).toEqual([0, 1, 2, 3])
})

test('rolling-breaker opens at a share of failures that circuit-breaker never sees in a row', async () => {
  const rolling = await make('rolling-breaker', { windowMs: 1000, errorShare: 0.25, volume: 20, openMs: 500 })
  const inARow = await make('circuit-breaker', { failures: 2, openMs: 500 })
  const [upstream] = upstreams as [Upstream]
  const everyThird = (now: number) => (now % 3 === 0 ? bad : ok)
  let openedAt = 0
  for (let now = 0; now < 100 && openedAt === 0; now++) {
    expect(inARow.onDone!(upstream, everyThird(now), now)).toBe(false)
    if (rolling.onDone!(upstream, everyThird(now), now)) openedAt = now
  }
  expect(openedAt).toBe(19)
  expect(eligible(rolling)).toEqual([1, 2, 3])
  rolling.onChangeDue!(519)
  expect(rolling.onSend!(upstream, 520)).toBe(true)
  expect(eligible(rolling)).toEqual([1, 2, 3])
  expect(rolling.onDone!(upstream, bad, 521)).toBe(true)
  expect(rolling.nextChangeAt()).toBe(1021)
  rolling.onChangeDue!(1021)
  rolling.onSend!(upstream, 1022)
  expect(rolling.onDone!(upstream, ok, 1023)).toBe(true)
  expect(eligible(rolling)).toEqual([0, 1, 2, 3])
  // It has forgotten what was before.
  for (let i = 0; i < 19; i++) expect(rolling.onDone!(upstream, bad, 1024)).toBe(false)
  expect(rolling.onDone!(upstream, bad, 1024)).toBe(true)
})

test('rolling-breaker forgets what has left its window', async () => {
  const policy = await make('rolling-breaker', { windowMs: 1000, errorShare: 0.5, volume: 10 })
  for (let now = 0; now < 9; now++) policy.onDone!(upstreams[0]!, bad, now)
  for (let now = 1100; now < 1110; now++) expect(policy.onDone!(upstreams[0]!, now < 1106 ? ok : bad, now)).toBe(false)
  expect(eligible(policy)).toEqual([0, 1, 2, 3])
})
