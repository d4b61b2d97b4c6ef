// Counters of origins and keys on a made-up run.
import { expect, test } from 'vitest'
import { every10Ms, inputOf, logOf, phasesAt } from './observed.fixture.ts'
import { originCounters } from './origin-counters.ts'
import { packLog } from './rig-protocol.ts'
import { summarise } from './summary.ts'

const { log } = logOf([...every10Ms(100, -1000), ...every10Ms(100, 0), ...every10Ms(100, 1000)])
// Two origins in turn, until the second phase, which is all the first one's; one request reached nobody.
log.origin.forEach((_, row) => {
  log.origin[row] = row >= 200 ? 0 : row % 2
})
log.origin[299] = -1
const origins = [
  { requests: 199, connectionsOpened: 1, inFlightPeak: 3 },
  { requests: 100, connectionsOpened: 1, inFlightPeak: 2 },
]
const phases = [
  { name: 'calm', durationMs: 1000 },
  { name: 'attack', durationMs: 1000 },
]
const expected = {
  'origins.peakToMean': 2,
  'origin.o0.requests': 199,
  'origin.o0.measuredRequests': 99,
  'origin.o0.inFlightPeak': 3,
  'origin.o1.requests': 100,
  'origin.o1.measuredRequests': 0,
  'origin.o1.inFlightPeak': 2,
}

test('each origin has its requests, of the run and of the measured phase', () => {
  expect(originCounters(log, { origins, keys: null, phasesAt }, phases, 'attack')).toEqual(expected)
  const { observations, ...input } = inputOf([])
  const observed = { ...observations, log: packLog(log), lagMs: new Float64Array(log.size), origins }
  expect(summarise({ ...input, phases, observations: observed }).counters).toMatchObject(expected)
})

test('keys are counted by the origins that saw them', () => {
  // Key 0 in the even rows goes to the first origin only; key 1 in the odd ones goes to both; key 2 reached nobody.
  const keys = Int32Array.from({ length: log.size }, (_, row) => row % 2)
  keys[299] = 2
  expect(originCounters(log, { origins, keys, phasesAt }, phases, 'calm')).toMatchObject({
    'origin.o0.measuredRequests': 50,
    'origin.o1.measuredRequests': 50,
    'keys.asked': 2,
    'keys.originsMean': 1.5,
    'keys.originsMax': 2,
    'keys.coldShare': 0,
  })
  // In the second phase all go to the first origin, which had not seen key 1 before.
  expect(originCounters(log, { origins, keys, phasesAt }, phases, 'attack')['keys.coldShare']).toBeCloseTo(1 / 99)
})

test('of many origins only the spread is told', () => {
  const many = Array.from({ length: 65 }, () => origins[0]!)
  expect(originCounters(log, { origins: many, keys: null, phasesAt }, phases, 'attack')).toEqual({
    'origins.peakToMean': 65,
  })
})
