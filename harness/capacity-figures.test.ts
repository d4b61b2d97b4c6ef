// The closed loop in the summary of a run: counters with known answers, accounts that do not add up, a busy neighbour.
import { describe, expect, test } from 'vitest'
import type { ClosedLoopResult } from '../loadgen/closed-tally.ts'
import { capacityCounters, capacityFaults, capacityRunQueueShare } from './capacity-figures.ts'
import { every10Ms, inputOf, phasesAt, samplesUntil } from './observed.fixture.ts'
import type { CapacityObservation } from './rig-protocol.ts'
import { summarise } from './summary.ts'

const loop: ClosedLoopResult = {
  fromAt: phasesAt + 2200,
  toAt: phasesAt + 3200,
  answered: 8000,
  sent: 10_110,
  ok: 10_000,
  failures: { closed: 50, reset: 20 },
  unanswered: 40,
}
const lean: ClosedLoopResult = {
  fromAt: phasesAt + 3300,
  toAt: phasesAt + 3800,
  answered: 5000,
  sent: 6001,
  ok: 6000,
  failures: { 'bad-response': 1 },
  unanswered: 0,
}
const observed: CapacityObservation = { ...loop, flatOut: lean, connections: 50, originRequests: 16_060 }

describe('counters', () => {
  test('are rates and shares of the measured time', () => {
    const counters = capacityCounters(observed, samplesUntil(4000, { cpuShare: 0.8 }))
    expect(counters).toMatchObject({
      capacityRequestsPerSecond: 8000,
      capacityAnswered: 16_000,
      capacityErrors: 71,
      flatOutRequestsPerSecond: 10_000,
      capacityConnections: 50,
    })
    expect(counters.flatOutTargetCpuShare).toBeCloseTo(0.8, 6)
    expect(counters.flatOutCpuUsPerRequest).toBeCloseTo(80, 3)
  })

  test('lack what the system does not say', () => {
    const counters = capacityCounters(observed, [])
    expect(counters).not.toHaveProperty('flatOutTargetCpuShare')
    expect(counters).not.toHaveProperty('flatOutCpuUsPerRequest')
    expect(counters.capacityRequestsPerSecond).toBe(8000)
  })
})

describe('accounts', () => {
  test.each<[string, Partial<CapacityObservation>, string[]]>([
    ['add up', {}, []],
    ['miss a request', { sent: 10_111 }, ['a closed loop sent 10111 requests and 10110 are accounted for']],
    [
      'miss a request of the lean loop',
      { flatOut: { ...lean, sent: 6002 } },
      ['a closed loop sent 6002 requests and 6001 are accounted for'],
    ],
    [
      'hold more open than there are connections',
      { unanswered: 51, sent: 10_121 },
      ['51 requests were open on 50 connections'],
    ],
    [
      'have answers that no origin gave',
      { originRequests: 15_999 },
      ['the closed loops got 16000 answers and the origins saw 15999 requests'],
    ],
  ])('that %s', (_, change, reasons) => {
    expect(capacityFaults({ ...observed, ...change })).toEqual(reasons)
  })

  test('that do not add up make the run invalid', () => {
    const run = (capacity: CapacityObservation) => summarise(inputOf(every10Ms(200, 0), { capacity }))
    expect(run(observed).trust.accounting).toEqual({ ok: true, reasons: [] })
    expect(run({ ...observed, sent: 1 }).trust.accounting.ok).toBe(false)
  })
})

test('a neighbour on the core of the target disturbs the timing of the run', () => {
  const samples = samplesUntil(4000, { runQueueShare: 0.3 })
  expect(capacityRunQueueShare(observed, samples)).toBeCloseTo(0.3, 6)
  const quietUntilThen = [...samplesUntil(2000), ...samples.filter(sample => sample.at > phasesAt + 2000)]
  const run = summarise(inputOf(every10Ms(200, 0), { samples: quietUntilThen, capacity: observed }))
  expect(run.trust.timing.reasons).toEqual(['the target was ready and without a core for 30 % of the closed loop'])
})
