// Hedges where nothing queues, held to the law of the first of two: with S(t) the share of answers that take longer than t,
// a hedge after d makes it S(t) · S(t - d) beyond d, for S(d) more requests. With a mean of 1 s and an exponential law a
// hedge after the p95 brings the p99 from 4.605 s to 3.800 and the p99.9 from 6.908 to 4.952, for 5 % more.
// Source: Dean & Barroso, "The tail at scale", CACM 56(2), 2013.
import { describe, expect, test } from 'vitest'
import { RequestLog } from '../../core/request-log.ts'
import exponential from '../../fault-injection/service-times/exponential.ts'
import roundRobin from '../../proxy/balancers/round-robin.ts'
import hedged from '../../proxy/retries/hedged.ts'
import { made } from '../../simulation/made.ts'
import type { Policies } from '../../simulation/model.ts'
import { simulate } from '../../simulation/simulate.ts'
import { expectTheory, type Interval, shareOf } from './interval.ts'

const meanMs = 1000
const requests = 200_000
const ratePerSecond = 100
const survival = (ms: number) => Math.exp(-Math.max(0, ms) / meanMs)

/** The times of all requests in the order in which they came, ms, and how many hedges there were for each request. */
function play(retries?: Policies['retries']): { times: Float64Array; hedges: Interval } {
  const dueMs = Float64Array.from({ length: requests }, (_, i) => (i * 1000) / ratePerSecond)
  const log = new RequestLog(requests)
  const { counts } = simulate(
    { durationMs: dueMs.at(-1)! + 1, origins: { count: 4, slots: Number.POSITIVE_INFINITY } },
    {
      arrivals: { dueMs, keys: null },
      service: () => made(exponential, { meanMs }),
      balancer: made(roundRobin),
      ...(retries && { retries }),
    },
    1,
    0,
    { log },
  )
  return { times: log.endedAt.map((at, i) => at - log.sentAt[i]!), hedges: shareOf(counts.hedges, requests) }
}

const above = (times: Float64Array, ms: number) => times.reduce((count, time) => count + (time > ms ? 1 : 0), 0)

describe.each([
  [0.9, 3.454, 4.605],
  [0.95, 3.8, 4.952],
  [0.99, 4.605, 5.756],
])('a hedge after the p%f of an answer', (quantile, p99, p999) => {
  const afterMs = -meanMs * Math.log(1 - quantile)
  const law = (ms: number) => survival(ms) * survival(ms - afterMs)

  test('brings the law of the first of two, for as many requests more', () => {
    expect(law(p99 * 1000)).toBeCloseTo(0.01, 4)
    expect(law(p999 * 1000)).toBeCloseTo(0.001, 5)
    const { times, hedges } = play(made(hedged, { quantile: 0, afterMs, share: 1 }))
    expectTheory(hedges, 1 - quantile, 0.1)
    for (const [ms, widest] of [
      [afterMs / 2, 0.03],
      [afterMs * 1.1, 0.16],
      [p99 * 1000, 0.12],
      [p999 * 1000, 0.4],
    ] as const) {
      expectTheory(shareOf(above(times, ms), requests), law(ms), widest)
    }
  })

  test('is found from the answers themselves, to within what 512 of them can tell', () => {
    const { hedges } = play(made(hedged, { quantile, afterMs: 100_000, share: 1 }))
    // A delay that is read off 512 answers is off by chance, and the more so the fewer lie beyond it.
    const spread = Math.sqrt((quantile * (1 - quantile)) / 512)
    expect(Math.abs(hedges.mean - (1 - quantile))).toBeLessThan(hedges.half + 1.5 * spread)
  })
})

// That requests are slow independently of each other is what these rows need of the simulator.
test.each([
  [1, 1],
  [10, 9.56],
  [100, 63.4],
])('of pages of %i requests of which one in a hundred is slow, %f percent are slow', (fanOut, percent) => {
  const exact = 1 - 0.99 ** fanOut
  expect(100 * exact).toBeCloseTo(percent, 1)
  const slowMs = -meanMs * Math.log(0.01)
  const { times } = play()
  const pages = Array.from({ length: requests / fanOut }, (_, page) => times.slice(page * fanOut, (page + 1) * fanOut))
  expectTheory(shareOf(pages.filter(page => above(page, slowMs) > 0).length, pages.length), exact, 0.1)
})
