// Which restarts count, which are measured again, and what ends the gate.
import { expect, test } from 'vitest'
import { choosePinning } from '../pinning.ts'
import { designs } from './design.ts'
import { Measurements } from './measure.ts'
import type { ArmResult, SliceResult } from './slice-rig-protocol.ts'
import { type Arm, arms, perArm } from './slices.ts'

const arm: ArmResult = {
  scheduled: 1000,
  answered: 1000,
  errors: {},
  broken: [],
  connectionsOpened: 0,
  originRequests: 800,
  rssBytes: 1e8,
}

/** A restart with a head of 1.5 times the base; `waited` is the share of its turns the proxies had no core. */
function restart(waited: number, changed: Partial<Record<Arm, Partial<ArmResult>>> = {}): SliceResult {
  const turn = (which: Arm) => ({
    arm: which,
    cpuUsPerRequest: which === 'head' ? 60 : 40,
    addedP50Ms: 0.2,
    runQueueShare: waited,
    lagP99Ms: 1,
  })
  return { arms: perArm(which => ({ ...arm, ...changed[which] })), slices: arms.map(turn) }
}

const good = restart(0)
const spoilt = restart(0.9)
const failed = { answered: 900, errors: { timeout: 100 } }

/** Measurements that find these restarts one after the other, then good ones. */
function measurementsOf(...results: SliceResult[]) {
  const numbers: number[] = []
  const measurements = new Measurements({
    trees: { base: '/base', head: '/head' },
    design: designs.quick,
    seed: 1,
    pinning: choosePinning(null),
    run: async ({ restart: number }) => {
      numbers.push(number)
      return results[number] ?? good
    },
    onRestart: () => {},
  })
  return { measurements, numbers, take: () => measurements.take({ name: 'first look', restarts: 6 }) }
}

test('a batch is as many restarts as the rule wants, each with an order of its own', async () => {
  const { measurements, numbers, take } = measurementsOf()
  const logs = await take()
  expect(logs).toHaveLength(6)
  for (const log of logs) expect(log).toBeCloseTo(Math.log(1.5), 12)
  await measurements.take({ name: 'confirmation', restarts: 2 })
  expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(measurements.restarts.map(one => one.batch)).toEqual([
    ...Array(6).fill('first look'),
    ...Array(2).fill('confirmation'),
  ])
})

test.each([
  ['neighbours had the core', spoilt],
  ['both copies of the base failed as well', restart(0, { base: failed, head: failed, control: failed })],
])('a restart is measured again when %s', async (_why, result) => {
  const { measurements, numbers, take } = measurementsOf(good, result, good, result)
  expect(await take()).toHaveLength(6)
  expect(numbers).toHaveLength(8)
  expect(measurements.spoilt).toBe(2)
})

test('the spares run out', async () => {
  const { numbers, take } = measurementsOf(...Array(20).fill(spoilt))
  await expect(take()).rejects.toThrow(/too few undisturbed slices are left/)
  expect(numbers).toHaveLength(4)
})

test.each([
  [{ head: failed }, /the head proxy failed 100 of 1000 requests: 100 no answer in time/],
  [{ base: failed }, /the base proxy failed 100 of 1000/],
  [{ control: { broken: ['1 request was lost'] } }, /the accounts of control do not add up: 1 request was lost/],
  [{ head: { rssBytes: null } }, /keeps no account of CPU time/],
])('%j ends the gate', async (changed, message) => {
  await expect(measurementsOf(good, restart(0, changed)).take()).rejects.toThrow(message)
})

test('a few failed requests end nothing', async () => {
  const few = { answered: 995, errors: { reset: 5 } }
  await expect(measurementsOf(restart(0, { head: few })).take()).resolves.toHaveLength(6)
})
