import { describe, expect, test } from 'vitest'
import { UsageError } from '../core/errors.ts'
import type { LoadPlan } from '../core/scenario.ts'
import { buildSchedule } from './schedule.ts'

const keepAlive = (profile: string): LoadPlan => ({
  connections: { kind: 'keep-alive', count: 1 },
  profile,
  pacing: 'timer',
  timeoutMs: 1000,
  from: '127.0.0.1',
})
const sessions = (profile: string, requests: number, gapMs: number): LoadPlan => ({
  ...keepAlive(profile),
  connections: { kind: 'sessions', requests, gapMs },
})

describe('a schedule', () => {
  test('is the same for the same seed and another for another', async () => {
    const plan = sessions('poisson:ratePerSecond=500', 3, 50)
    const [first, second, other] = [
      await buildSchedule(plan, 2000, 7),
      await buildSchedule(plan, 2000, 7),
      await buildSchedule(plan, 2000, 8),
    ]
    expect(second.dueMs).toEqual(first.dueMs)
    expect(second.session).toEqual(first.session)
    expect(second.hash).toBe(first.hash)
    expect(other.hash).not.toBe(first.hash)
    expect(first.hash).toMatch(/^[0-9a-f]{12}$/)
  })

  test('has a hash over its sessions too', async () => {
    const one = await buildSchedule(keepAlive('constant:ratePerSecond=100'), 1000, 1)
    const other = await buildSchedule(sessions('constant:ratePerSecond=100', 1, 0), 1000, 1)
    expect(other.dueMs).toEqual(one.dueMs)
    expect(other.hash).not.toBe(one.hash)
  })

  test('refuses an unknown law with the allowed names', async () => {
    const refusal = await buildSchedule(keepAlive('poison'), 1000, 1).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(UsageError)
    expect(String(refusal)).toContain('constant, poisson')
  })
})

describe('constant arrivals', () => {
  test('are at multiples of the gap, without drift', async () => {
    const { dueMs, size, session } = await buildSchedule(keepAlive('constant:ratePerSecond=300'), 10_000, 1)
    expect(size).toBe(2999)
    dueMs.forEach((due, row) => {
      expect(due).toBe((row + 1) * (1000 / 300))
    })
    expect(new Set(session)).toEqual(new Set([-1]))
  })
})

test('bursts come at one instant and at multiples of their distance', async () => {
  const { dueMs } = await buildSchedule(keepAlive('bursts:size=3,everyMs=300'), 1000, 1)
  expect([...dueMs]).toEqual([300, 300, 300, 600, 600, 600, 900, 900, 900])
})

describe('Poisson arrivals', () => {
  test('have exponential gaps at a steady rate: mean within 3 %, variation within 0.05 of 1', async () => {
    const { dueMs, size } = await buildSchedule(keepAlive('poisson:ratePerSecond=1000'), 25_000, 3)
    const gaps = Float64Array.from(dueMs, (due, row) => due - (row === 0 ? 0 : dueMs[row - 1]!))
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / size
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / size
    expect(size).toBeGreaterThan(20_000)
    expect(Math.abs(mean - 1)).toBeLessThan(0.03)
    expect(Math.abs(Math.sqrt(variance) / mean - 1)).toBeLessThan(0.05)
    const firstHalf = dueMs.filter(due => due < 12_500).length
    expect(Math.abs(firstHalf / size - 0.5)).toBeLessThan(0.02)
  })
})

test('keys belong to the requests, the same for the same seed, and change the hash', async () => {
  const plan = keepAlive('constant:ratePerSecond=1000')
  const keyed = { ...plan, keys: { count: 5, exponent: 1 } }
  const [bare, first, second] = [
    await buildSchedule(plan, 1000, 7),
    await buildSchedule(keyed, 1000, 7),
    await buildSchedule(keyed, 1000, 7),
  ]
  expect(bare.keys).toBeNull()
  expect(first.keys).toHaveLength(first.size)
  expect(new Set(first.keys)).toEqual(new Set([0, 1, 2, 3, 4]))
  expect(second).toEqual(first)
  expect(first.dueMs).toEqual(bare.dueMs)
  expect(first.hash).not.toBe(bare.hash)
})

describe('sessions', () => {
  test('ask every gap from their start, and what is due after the end is not asked', async () => {
    const { dueMs, session } = await buildSchedule(sessions('constant:ratePerSecond=10', 3, 30), 350, 1)
    const bySession = (wanted: number) => [...dueMs].filter((_, row) => session[row] === wanted)
    expect(bySession(0)).toEqual([100, 130, 160])
    expect(bySession(1)).toEqual([200, 230, 260])
    expect(bySession(2)).toEqual([300, 330])
    expect([...dueMs]).toEqual([...dueMs].sort((a, b) => a - b))
  })
})
