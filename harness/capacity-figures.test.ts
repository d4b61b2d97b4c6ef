// The closed loop in the summary of a run: counters with known answers, accounts that do not add up, a busy neighbour.
import { describe, expect, test } from 'vitest'
import { capacityCounters, capacityFaults, capacityRunQueueShare } from './capacity-figures.ts'
import { every10Ms, inputOf, phasesAt, samplesUntil } from './observed.fixture.ts'
import type { CapacityObservation } from './rig-protocol.ts'
import { summarise } from './summary.ts'

const observed: CapacityObservation = {
  fromAt: phasesAt + 2200,
  toAt: phasesAt + 3200,
  answered: 8000,
  sent: 10_110,
  ok: 10_000,
  failures: { closed: 50, reset: 20 },
  unanswered: 40,
  connections: 50,
  originRequests: 10_060,
}

describe('counters', () => {
  test('are rates and shares of the measured time', () => {
    const counters = capacityCounters(observed, samplesUntil(4000, { cpuShare: 0.8 }))
    expect(counters).toMatchObject({
      capacityRequestsPerSecond: 8000,
      capacityAnswered: 10_000,
      capacityErrors: 70,
      capacityConnections: 50,
    })
    expect(counters.capacityTargetCpuShare).toBeCloseTo(0.8, 6)
    expect(counters.capacityCpuUsPerRequest).toBeCloseTo(100, 3)
  })

  test('lack what the system does not say', () => {
    const counters = capacityCounters(observed, [])
    expect(counters).not.toHaveProperty('capacityTargetCpuShare')
    expect(counters).not.toHaveProperty('capacityCpuUsPerRequest')
    expect(counters.capacityRequestsPerSecond).toBe(8000)
  })
})

describe('accounts', () => {
  test.each<[string, Partial<CapacityObservation>, string[]]>([
    ['add up', {}, []],
    ['miss a request', { sent: 10_111 }, ['the closed loop sent 10111 requests and 10110 are accounted for']],
    [
      'hold more open than there are connections',
      { unanswered: 51, sent: 10_121 },
      ['51 requests were open on 50 connections'],
    ],
    [
      'have answers that no origin gave',
      { originRequests: 9999 },
      ['the closed loop got 10000 answers and the origins saw 9999 requests'],
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
  expect(run.trust.timing.reasons).toEqual(['other processes kept the target waiting for 30 % of the closed loop'])
})
