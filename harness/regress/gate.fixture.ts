// Made-up measurements for tests of the gate: restarts whose head costs what the test says.
import type { Batch } from './design.ts'
import type { GateFacts } from './gate.ts'
import type { MeasuredRestart } from './measure.ts'
import { perArm } from './slices.ts'

/** A restart in which head / base and control / base are as given. */
export function restartOf(headRatio: number, controlRatio = 1, batch: Batch['name'] = 'first look'): MeasuredRestart {
  const metric = (base: number) => ({
    base,
    head: base * headRatio,
    headLog: Math.log(headRatio),
    controlLog: Math.log(controlRatio),
  })
  const arm = {
    scheduled: 21_000,
    answered: 21_000,
    errors: {},
    broken: [],
    connectionsOpened: 0,
    originRequests: 12_000,
  }
  return {
    batch,
    triples: 10,
    kept: 9,
    lagP99Ms: 2.5,
    estimates: { cpuUsPerRequest: metric(40), addedP50Ms: metric(0.3) },
    result: { arms: perArm(() => ({ ...arm, rssBytes: 100 * 1024 * 1024 })), slices: [] },
  }
}

/** Facts of a normal run whose judgement is still missing. */
export const facts: GateFacts = {
  effort: 'normal',
  seed: 1,
  tolerance: 0.05,
  command: 'npm run regress base=main seed=1',
  startedAt: '2026-01-01T00:00:00.000Z',
  tookMs: 300_000,
  machine: {
    cpu: 'a processor',
    cores: 2,
    memoryBytes: 8e9,
    kernel: 'Linux 6',
    node: 'v26.10.0',
    pinned: 'target on core 0, generator and origins on core 1',
    commit: '4a97189f',
    dirty: true,
    versions: {},
  },
  base: { given: 'main', commit: '4a97189f00', dirty: false },
  head: { given: 'the working tree', commit: '4a97189f00', dirty: true },
  judgement: null,
  reasons: [],
}
