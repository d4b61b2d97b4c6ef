// Limits that find themselves, held to what their formulas promise, on a system with a known answer: `slots` servers of
// `serviceMs` each behind one queue, with more requests waiting outside than they can do.
import { describe, expect, test } from 'vitest'
import type { AnyStrategy, Limiter, PolicyRequest } from '../../core/contracts.ts'
import { decodeParameters } from '../../core/parameters.ts'
import { randomStream } from '../../core/random.ts'
import { choose } from '../../core/registry.ts'

const request: PolicyRequest = { method: 'GET', target: '/', client: 'a', header: () => undefined }

async function make(spec: string): Promise<Limiter> {
  const { strategy, params, name } = await choose<AnyStrategy<Limiter>>('limiter', spec)
  return strategy.make(decodeParameters(strategy.params, params, name) as never, { rng: randomStream(1, 'limiter') })
}

interface System {
  readonly slots: number
  readonly serviceMs: (now: number) => number
  /** Requests that are in or want in; more than any limit when absent. */
  readonly users?: (now: number) => number
  readonly untilMs: number
}

/** Keeps the system as full as the limiter lets it be. Returns the limit at each end of a request and the number served. */
function saturate(limiter: Limiter, { slots, serviceMs, users = () => 100_000, untilMs }: System) {
  const freeAt = new Array<number>(slots).fill(0)
  const ends: { at: number; since: number }[] = []
  const limits: { at: number; limit: number }[] = []
  let now = 0
  let served = 0
  while (now < untilMs) {
    while (ends.length < users(now) && limiter.admit!(request, ends.length, now) === null) {
      const slot = freeAt.indexOf(Math.min(...freeAt))
      freeAt[slot] = Math.max(now, freeAt[slot]!) + serviceMs(now)
      ends.push({ at: freeAt[slot]!, since: now })
    }
    ends.sort((a, b) => a.at - b.at)
    const next = ends.shift()!
    now = next.at
    served++
    limiter.onDone!(now - next.since, now, false)
    limits.push({ at: now, limit: limiter.limit!(now) })
  }
  return { limits, served, of: (fromMs: number) => limits.filter(({ at }) => at >= fromMs).map(({ limit }) => limit) }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const steady = (ms: number) => () => ms
/** Between half and one and a half times `ms`, so that the slots do not march in step. */
const uneven = (ms: number) => {
  const rng = randomStream(2, 'service')
  return () => ms * (0.5 + rng.uniform())
}
/** Few for two seconds, so that what an empty system takes can be seen, then more than fit. */
const fewThenMany = (now: number) => (now < 2000 ? 5 : 100_000)

describe('gradient', () => {
  // Times in overload are limit · service / slots, so that the gradient is L0 / limit with L0 = slots · 1.25.
  test.each([8, 40, 100])('settles at L0 + √L0 in overload (%i slots)', async slots => {
    // The limit is as exact as the time of the empty system: many samples, so that the formula is tested and not chance.
    const limiter = await make('gradient:minRttSamples=1000')
    const settled = saturate(limiter, { slots, serviceMs: uneven(10), untilMs: 20_000 }).of(10_000)
    const full = slots * 1.25
    expect(Math.abs(mean(settled) - (full + Math.sqrt(full)))).toBeLessThan(0.05 * full + 1)
  })

  test('measures the empty system again, with few in flight, and goes back to where it was', async () => {
    const limiter = await make('gradient:minRttIntervalMs=5000')
    const { limits } = saturate(limiter, { slots: 40, serviceMs: steady(10), untilMs: 20_000 })
    const measuring = limits.filter(({ at, limit }) => at > 2000 && limit === 3)
    expect(measuring.length / limits.length).toBeLessThan(0.1)
    const starts = limits.filter(({ limit }, i) => i > 0 && limit === 3 && limits[i - 1]!.limit > 3)
    expect(starts.length).toBeGreaterThanOrEqual(3)
    expect(starts.length).toBeLessThanOrEqual(4)
  })

  test('follows origins that become twice as slow once it has measured again', async () => {
    const limiter = await make('gradient:minRttIntervalMs=2000')
    const serviceMs = (now: number) => (now < 10_000 ? 10 : 20)
    const settled = saturate(limiter, { slots: 40, serviceMs, untilMs: 30_000 })
      .of(15_000)
      .filter(limit => limit > 3)
    expect(Math.abs(mean(settled) - (50 + Math.sqrt(50)))).toBeLessThan(5)
  })
})

describe('vegas', () => {
  test.each([10, 50])('keeps a few requests queueing, and no more (%i slots)', async slots => {
    const limiter = await make('vegas:initial=20,probeWindows=1000000')
    const settled = saturate(limiter, { slots, serviceMs: uneven(10), users: fewThenMany, untilMs: 20_000 }).of(10_000)
    for (const limit of settled) {
      expect(limit - slots).toBeGreaterThanOrEqual(1)
      // One step beyond the upper number, before it has noticed.
      expect(limit - slots).toBeLessThanOrEqual(7 * Math.log10(limit) + 2)
    }
  })

  test('falls when answers are lost', async () => {
    const limiter = await make('vegas:initial=50,min=4')
    for (let now = 0; now < 30_000; now += 10) limiter.onDone!(400, now, true)
    expect(limiter.limit!(30_000)).toBe(4)
  })
})

describe('aimd', () => {
  test('saws around what the origins bear within the time it is told', async () => {
    // 10 slots of 10 ms answer within 40 ms as long as 40 are in flight.
    const limiter = await make('aimd:latencyMs=40')
    const settled = saturate(limiter, { slots: 10, serviceMs: steady(10), untilMs: 60_000 }).of(20_000)
    expect(Math.max(...settled)).toBeLessThanOrEqual(44)
    expect(Math.min(...settled)).toBeGreaterThanOrEqual(33)
    const falls = settled.filter((limit, i) => i > 0 && limit < settled[i - 1]!)
    expect(falls.length).toBeGreaterThan(20)
  })

  test('cuts to a tenth less per bad window, down to its floor', async () => {
    const limiter = await make('aimd:initial=100,min=20')
    limiter.admit!(request, 0, 0)
    for (let now = 0; now < 1100; now += 10) limiter.onDone!(400, now, true)
    expect(limiter.limit!(0)).toBe(Math.floor(100 * 0.9 ** 10))
    for (let now = 1100; now < 30_000; now += 10) limiter.onDone!(400, now, true)
    expect(limiter.limit!(0)).toBe(20)
  })
})

describe('gradient2', () => {
  test('grows by smoothing times the queue per window while times stay what they were', async () => {
    const limiter = await make('gradient2:initial=20,smoothing=0.2,queue=4,max=100')
    const { limits, of } = saturate(limiter, { slots: 200, serviceMs: steady(10), untilMs: 20_000 })
    const [first, last] = [limits.find(({ limit }) => limit === 30)!, limits.find(({ limit }) => limit === 60)!]
    const windowMs = (last.at - first.at) / (30 / 0.8)
    expect(windowMs).toBeGreaterThan(95)
    expect(windowMs).toBeLessThan(115)
    expect(new Set(of(19_000))).toEqual(new Set([100]))
  })

  test('shrinks when times grow at once, and creeps up again as what is long becomes usual', async () => {
    const limiter = await make('gradient2:initial=60,min=4,max=80,longWindow=200')
    const serviceMs = (now: number) => (now < 5000 ? 10 : 40)
    const { of } = saturate(limiter, { slots: 100, serviceMs, untilMs: 60_000 })
    const lowest = of(5000).reduce((least, limit) => Math.min(least, limit))
    expect(of(4900)[0]).toBe(80)
    expect(lowest).toBeLessThan(40)
    expect(of(59_000)[0]).toBe(80)
  })
})

test.each(['vegas', 'aimd', 'gradient2', 'gradient'])(
  '%s does not grow while nobody comes near the limit',
  async name => {
    if (name === 'gradient') return expect((await make('gradient:max=30')).limit!(0)).toBe(3)
    const limiter = await make(`${name}:initial=50`)
    saturate(limiter, { slots: 100, serviceMs: steady(10), users: () => 10, untilMs: 20_000 })
    expect(limiter.limit!(0)).toBe(50)
  },
)
