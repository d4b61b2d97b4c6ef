// Made-up observations with known answers, for the tests of the summary and of what is made from it.

import { plain } from '../core/architecture.ts'
import type { Fate } from '../core/request-log.ts'
import { RequestLog } from '../core/request-log.ts'
import type { Architecture, LoadPlan } from '../core/scenario.ts'
import { type Observations, packLog, type Sample } from './rig-protocol.ts'
import type { RunInput } from './summary.ts'

export const architecture: Architecture = { ...plain, maxConnections: 600, requestHeadMs: 1000 }

export const load: LoadPlan = {
  connections: { kind: 'keep-alive', count: 10 },
  profile: 'constant:ratePerSecond=100',
  pacing: 'timer',
  timeoutMs: 1000,
  from: '127.0.0.2',
}

/** When the phases begin on the rig's clock; the warm-up is the second before. */
export const phasesAt = 5000

/** One request by its instants from the start of the phases. */
export interface Row {
  readonly dueMs: number
  readonly lagMs?: number
  readonly latencyMs?: number
  readonly originMs?: number
  /** From the send; absent: the first byte came with the last. */
  readonly firstByteMs?: number
  readonly fate?: Fate
  readonly seen?: boolean
  /** The index of the origin that saw it. */
  readonly origin?: number
  /** How often origins executed it; as often as it was seen unless told otherwise. */
  readonly executions?: number
}

export function logOf(rows: readonly Row[]): { log: RequestLog; lagMs: Float64Array } {
  const log = new RequestLog(rows.length)
  rows.forEach((row, index) => {
    const { dueMs, lagMs = 0, latencyMs = 10, originMs = 5, fate = 'ok', seen = true, origin = 0 } = row
    const due = phasesAt + dueMs
    log.dueAt[index] = due
    log.startedAt[index] = due + lagMs
    log.sentAt[index] = due + lagMs
    if (seen) log.originInAt[index] = due + lagMs + 1
    if (seen) log.origin[index] = origin
    log.executions[index] = row.executions ?? (seen ? 1 : 0)
    if (seen) log.originOutAt[index] = due + lagMs + 1 + originMs
    if (row.firstByteMs !== undefined) log.firstByteAt[index] = due + lagMs + row.firstByteMs
    if (fate !== 'pending') log.end(index, fate, due + latencyMs, fate === 'ok' ? 200 : 0)
  })
  return { log, lagMs: Float64Array.from(rows, row => row.lagMs ?? 0) }
}

/** `count` requests, one each 10 ms from `fromMs`. */
export function every10Ms(count: number, fromMs: number, more: Omit<Row, 'dueMs'> = {}): Row[] {
  return Array.from({ length: count }, (_, index) => ({ dueMs: fromMs + index * 10, ...more }))
}

/** A sample at an instant from the start of the phases; the target has used `cpuShare` of a core all along. */
export function sampleAt(
  ms: number,
  { cpuShare = 0.2, runQueueShare = 0.01, generatorCpu = 0.3, generatorQueue = 0.02, held = 0, rssBytes = 50e6 } = {},
): Sample {
  const sinceStartNs = (ms + 1000) * 1e6
  const tree = (cpu: number, queue: number) => ({
    cpuNs: sinceStartNs * cpu,
    runQueueNs: sinceStartNs * queue,
    rssBytes,
    descriptors: 20 + held,
  })
  return {
    at: phasesAt + ms,
    target: tree(cpuShare, runQueueShare),
    generator: tree(generatorCpu, generatorQueue),
    attackersHeld: held,
    honestConnections: 10,
  }
}

/** One sample each 100 ms from the warm-up to `untilMs`. */
export function samplesUntil(untilMs: number, options: Parameters<typeof sampleAt>[1] = {}): Sample[] {
  return Array.from({ length: (untilMs + 1000) / 100 + 1 }, (_, index) => sampleAt(index * 100 - 1000, options))
}

const ledger = {
  connectionsOpened: 4,
  connectionsOpenPeak: 4,
  connectionsWithoutRequest: 0,
  requests: 100,
  requestsNotHonest: 0,
  othersHeldMs: 0,
  inFlightPeak: 3,
}

/** The input of a summary: two phases of one second each unless told otherwise. */
export function inputOf(
  rows: readonly Row[],
  more: Partial<Observations> = {},
  input: Partial<RunInput> = {},
): RunInput {
  const { log, lagMs } = logOf(rows)
  const observations: Observations = {
    log: packLog(log),
    lagMs,
    scheduleHash: 'abc',
    timeOrigin: 1_000_000,
    phasesAt,
    samples: samplesUntil(2000),
    ledger,
    origins: [],
    keys: null,
    posts: null,
    firsts: null,
    hostile: [],
    ...more,
  }
  return {
    variant: { name: 'ours', target: 'windtunnel', settings: architecture },
    repeat: 0,
    seed: 1,
    load,
    phases: [
      { name: 'calm', durationMs: 1000 },
      { name: 'attack', durationMs: 1000 },
    ],
    measuredPhase: 'attack',
    observations,
    stats: [],
    ...input,
  }
}
