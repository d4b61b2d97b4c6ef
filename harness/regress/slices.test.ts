// Who is due when, and what is made of one turn's readings.
import { expect, test } from 'vitest'
import { RequestLog } from '../../core/request-log.ts'
import { arms, errorsOf, figuresOf, planSlices, scheduleOf, sliceMs, timing } from './slices.ts'

test('every triple holds every arm once, turns follow each other, and orders differ', () => {
  const slices = planSlices(20, 1, 0)
  const triples = Array.from({ length: 20 }, (_, index) => slices.slice(3 * index, 3 * index + 3))
  for (const triple of triples) expect(triple.map(slice => slice.arm).sort()).toEqual([...arms].sort())
  expect(new Set(triples.map(triple => triple.map(slice => slice.arm).join())).size).toBeGreaterThan(3)
  expect(slices.every(({ fromMs }, index) => index === 0 || fromMs === slices[index - 1]!.toMs)).toBe(true)
  expect(planSlices(20, 1, 0)).toEqual(slices)
  expect(planSlices(20, 1, 1)).not.toEqual(slices)
  expect(planSlices(20, 2, 0)).not.toEqual(slices)
})

test('an arm is asked in the warm-up and in its own turns only, and every turn asks for as much', () => {
  const slices = planSlices(10, 1, 0)
  for (const arm of arms) {
    const { dueMs, size } = scheduleOf(arm, slices)
    const perSlice = (timing.ratePerSecond * timing.loadMs) / 1000
    const warm = (timing.warmUpRatePerSecond * timing.warmUpMs) / 1000
    expect(size).toBe(warm + 10 * perSlice)
    expect([...dueMs]).toEqual([...dueMs].sort((a, b) => a - b))
    for (const { fromMs, toMs, arm: whose } of slices) {
      const due = dueMs.filter(at => at >= fromMs && at < toMs)
      expect(due.length).toBe(whose === arm ? perSlice : 0)
      expect(due.every(at => at >= fromMs + timing.leadMs && at < toMs - timing.tailMs)).toBe(true)
    }
  }
})

/** Four requests 100 ms apart from 1,000 ms on, each 5 ms at the proxy of which 2 ms at the origin. */
function fourRequests(): RequestLog {
  const log = new RequestLog(4)
  for (let row = 0; row < 4; row++) {
    const at = 1000 + 100 * row
    log.dueAt[row] = log.startedAt[row] = log.sentAt[row] = at
    log.originInAt[row] = at + 1
    log.originOutAt[row] = at + 3
    log.end(row, row === 3 ? 'reset' : 'ok', at + 5, 200)
  }
  return log
}

test('a turn: CPU over the answers between the readings, latency over those due in it', () => {
  const log = fourRequests()
  const slice = { arm: 'head', fromMs: 90, toMs: 90 + sliceMs } as const
  const before = { at: 1090, cpuNs: 1_000_000, runQueueNs: 0 }
  const after = { at: 1090 + sliceMs, cpuNs: 1_080_000, runQueueNs: 44e6 }
  const lagMs = Float64Array.from([50, 0.5, 0.25, Number.NaN])
  const figures = figuresOf(slice, [before, after], log, lagMs, 1000)
  expect(figures).toEqual({ arm: 'head', cpuUsPerRequest: 40, addedP50Ms: 3, runQueueShare: 0.1, lagP99Ms: 0.5 })
})

test('a turn without answers, or without accounts, has no figures', () => {
  const slice = { arm: 'base', fromMs: 5000, toMs: 5440 } as const
  const reading = { at: 6000, cpuNs: 0, runQueueNs: 0 }
  const figures = figuresOf(slice, [reading, { ...reading, at: 6440 }], fourRequests(), new Float64Array(4), 1000)
  expect(figures).toMatchObject({ cpuUsPerRequest: null, addedP50Ms: null, lagP99Ms: 0 })
})

test('errors are counted by kind, and requests without a fate count too', () => {
  expect(errorsOf(fourRequests())).toEqual({ reset: 1 })
  expect(errorsOf(new RequestLog(2))).toEqual({ pending: 2 })
})
