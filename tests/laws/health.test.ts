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
