// The summary of made-up runs whose answers are known.
import { describe, expect, test } from 'vitest'
import { runSchema } from '../core/record.ts'
import { RequestLog } from '../core/request-log.ts'
import { every10Ms, inputOf, load, sampleAt, samplesUntil } from './observed.fixture.ts'
import { seriesOf } from './series.ts'
import { summarise } from './summary.ts'

const twoPhases = [...every10Ms(100, 0), ...every10Ms(100, 1000, { latencyMs: 40, originMs: 30, lagMs: 2 })]

describe('phases', () => {
  const run = summarise(inputOf([...every10Ms(50, -500, { latencyMs: 500 }), ...twoPhases]))
  const [calm, attack] = run.phases

  test('the record accepts it', () => {
    expect(runSchema.parse(run)).toEqual(run)
  })

  test('a request belongs to the phase in which it was due, the warm-up to none', () => {
    expect([calm!.requests, attack!.requests]).toEqual([100, 100])
    expect([calm!.fromMs, calm!.toMs, attack!.fromMs, attack!.toMs]).toEqual([0, 1000, 1000, 2000])
    expect(run.generator).toMatchObject({ scheduled: 200, completed: 200, failed: 0, scheduleHash: 'abc' })
    expect(run.counters).toMatchObject({ warmUpRequests: 50, warmUpFailed: 0 })
    expect(run.latency.maxMs).toBeLessThan(41)
  })

  test('latency counts from the due instant, service from the send, added leaves the origin out', () => {
    expect(calm!.latency.p50Ms).toBeCloseTo(10, 1)
    expect(calm!.added.p50Ms).toBeCloseTo(5, 1)
    expect(attack!.latency.p50Ms).toBeCloseTo(40, 1)
    expect(attack!.service.p50Ms).toBeCloseTo(38, 1)
    expect(attack!.added.p50Ms).toBeCloseTo(8, 1)
    expect(attack!.lag.p50Ms).toBeCloseTo(2, 1)
  })

  test('CPU per request is what the target used in the phase over what it completed', () => {
    // 0.2 of a core for one second over 100 requests.
    expect(calm!.cpuUsPerRequest).toBeCloseTo(2000, 3)
    expect(run.cpu.usPerRequest).toBeCloseTo(2000, 3)
    expect(run.cpu.totalMs).toBeCloseTo(400, 3)
    expect(run.cpu.runQueueMs).toBeCloseTo(20, 3)
  })

  test('a request never taken up has no lateness', () => {
    const rows = [...every10Ms(99, 0), { dueMs: 995, fate: 'unsent' as const, seen: false, lagMs: Number.NaN }]
    expect(summarise(inputOf(rows)).phases[0]!.lag.count).toBe(99)
  })
})

test('the first byte is told where a body came in pieces, and came with the last elsewhere', () => {
  const rows = [...every10Ms(60, 0, { latencyMs: 50, firstByteMs: 8 }), ...every10Ms(60, 1000, { latencyMs: 50 })]
  const [first, second] = summarise(inputOf(rows)).phases
  expect(first!.firstByte!.count).toBe(60)
  expect(first!.firstByte!.p50Ms).toBeCloseTo(8, 1)
  expect(second).not.toHaveProperty('firstByte')
})

test('errors are counted by fate and give no latency', () => {
  const rows = [
    ...every10Ms(90, 0),
    ...every10Ms(6, 900, { fate: 'timeout', latencyMs: 1000, seen: false }),
    ...every10Ms(4, 960, { fate: 'reset', seen: false }),
  ]
  const run = summarise(inputOf(rows))
  expect(run.errors).toEqual({ timeout: 6, reset: 4 })
  expect(run.phases[0]!.throughput).toEqual({ offeredPerSecond: 100, completedPerSecond: 90 })
  expect(run.latency.count).toBe(90)
  expect(run.trust.accounting).toEqual({ ok: true, reasons: [] })
})

describe('accounting', () => {
  test('a request without a fate makes the run invalid, in the warm-up too', () => {
    const run = summarise(inputOf([{ dueMs: -10, fate: 'pending' }, ...twoPhases]))
    expect(run.trust.accounting.reasons).toEqual(['201 requests were scheduled and 200 have ended'])
  })

  test('so does an answer that no origin gave', () => {
    const run = summarise(inputOf([...twoPhases, { dueMs: 1999, seen: false }]))
    expect(run.trust.accounting).toEqual({ ok: false, reasons: ['1 requests were answered that no origin saw'] })
  })
})

describe('series', () => {
  test('of a long run has wider intervals, each a whole multiple of 200 ms', () => {
    const made = (durationMs: number) =>
      seriesOf({ log: new RequestLog(0), samples: [], stats: [], phasesAt: 0, durationMs })
    expect(made(1_000_000)).toMatchObject({ intervalMs: 200, atMs: { length: 5000 } })
    expect(made(1_000_001)).toMatchObject({ intervalMs: 400, atMs: { length: 2501 } })
    expect(made(3_600_000).atMs.length).toBeLessThanOrEqual(5000)
  })

  test('counts by due instant; a p99 needs ten answers, a p50 one', () => {
    const rows = [...every10Ms(20, 0), ...every10Ms(5, 200), ...every10Ms(5, 250, { fate: 'closed' })]
    const { series } = summarise(inputOf(rows))
    const values = (name: string) => series.columns[name]!.values.slice(0, 3)
    expect(series.atMs).toEqual([0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800])
    expect(values('offered')).toEqual([100, 50, 0])
    expect(values('completed')).toEqual([100, 25, 0])
    expect(values('failed')).toEqual([0, 25, 0])
    expect(values('p50Ms')).toEqual([10, 10, null])
    expect(values('p99Ms')).toEqual([10, null, null])
  })

  test('places samples and messages of the target on the grid', () => {
    const at = (ms: number) => 1_000_000 + 5000 + ms
    const stats = [
      { at: at(50), loopDelayMaxMs: 3, gcMs: 1, counters: { requests: 1 } },
      { at: at(150), loopDelayMaxMs: 7, gcMs: 2, counters: { requests: 9 } },
    ]
    const samples = samplesUntil(2000).map((sample, index) =>
      index < 14 ? sample : sampleAt(index * 100 - 1000, { held: 60 }),
    )
    const run = summarise(inputOf(twoPhases, { samples }, { stats }))
    const values = (name: string) => run.series.columns[name]!.values.slice(0, 2)
    expect(values('loopDelayMaxMs')).toEqual([7, null])
    expect(values('gcMs')).toEqual([3, null])
    expect(values('attackersHeld')).toEqual([0, 60])
    expect(values('openSockets')).toEqual([0, 60])
    expect(values('rssBytes')).toEqual([50e6, 50e6])
    expect(values('targetCpuShare')[0]).toBeCloseTo(0.2, 6)
    expect(values('runQueueShare')[0]).toBeCloseTo(0.01, 6)
    expect(run.counters['target.requests']).toBe(9)
  })

  test('says null where the system gives no figures', () => {
    const samples = samplesUntil(2000).map(sample => ({ ...sample, target: null, generator: null }))
    const run = summarise(inputOf(twoPhases, { samples }))
    expect(run.cpu.usPerRequest).toBeNull()
    expect(run.memory).toEqual({ rssBytes: 0, peakRssBytes: 0, bytesPerHeldConnection: null })
    expect(run.series.columns.rssBytes!.values.every(value => value === null)).toBe(true)
  })
})

describe('memory per held connection', () => {
  /** Held grows by 10 each 100 ms of the attack up to 100, each connection costing `bytes`. */
  const growing = (bytes: number, most = 100) =>
    samplesUntil(2000).map(({ at }) => {
      const ms = at - 5000
      const held = Math.min(most, Math.max(0, (ms - 900) / 10))
      return sampleAt(ms, { held, rssBytes: 50e6 + held * bytes })
    })

  test('is the slope of resident memory over connections', () => {
    const { memory } = summarise(inputOf(twoPhases, { samples: growing(3000) }))
    expect(memory.bytesPerHeldConnection).toBeCloseTo(3000, 3)
    expect(memory.rssBytes).toBe(50e6)
    expect(memory.peakRssBytes).toBe(50e6 + 100 * 3000)
  })

  test('is null when hardly any connection was held', () => {
    expect(summarise(inputOf(twoPhases, { samples: growing(3000, 49) })).memory.bytesPerHeldConnection).toBeNull()
  })
})

describe('timing', () => {
  const timing = (samples: Parameters<typeof samplesUntil>[1], lagMs = 0, pacing: 'timer' | 'spin' = 'timer') =>
    summarise(
      inputOf(
        [...every10Ms(1000, 0, { lagMs })],
        { samples: samplesUntil(10_000, samples) },
        {
          phases: [{ name: 'attack', durationMs: 10_000 }],
          load: { ...load, pacing },
        },
      ),
    ).trust.timing

  test('a quiet run is trusted', () => {
    expect(timing({}, 4)).toEqual({ ok: true, reasons: [] })
    expect(timing({ generatorCpu: 1 }, 0.2, 'spin')).toEqual({ ok: true, reasons: [] })
  })

  test('a generator that is late is not', () => {
    expect(timing({}, 20).reasons).toEqual([
      expect.stringMatching(/^the generator sent late: 20\.0 ms at p99, allowed 10 ms/),
    ])
    expect(timing({}, 5, 'spin').reasons).toEqual([expect.stringContaining('allowed 4 ms')])
  })

  test('nor a busy generator, nor a neighbour on either core', () => {
    expect(timing({ generatorCpu: 0.95 }).reasons).toEqual(['the generator used 95 % of its core'])
    expect(timing({ generatorQueue: 0.3 }).reasons).toEqual([
      expect.stringContaining('generator was ready and without a core for 30 %'),
    ])
    expect(timing({ runQueueShare: 0.2 }).reasons).toEqual([
      expect.stringContaining('target was ready and without a core for 20 %'),
    ])
  })
})
