// What the harness and the rig (the child process that holds generator, origins, hostile clients and probes) say to each
// other: plan → origins → go → progress … → result. Times are the rig's own performance.now() unless said otherwise.
import type { HostileReport, Ms } from '../core/contracts.ts'
import { fates, RequestLog } from '../core/request-log.ts'
import type { CapacityPlan, FaultPlan, HostilePlan, LoadPlan, OriginPlan, Phase } from '../core/scenario.ts'
import type { ClosedLoopResult } from '../loadgen/closed-tally.ts'
import type { TreeSample } from './probes/process-tree.ts'

export interface RigPlan {
  readonly load: LoadPlan
  readonly origins: OriginPlan
  readonly hostile: readonly HostilePlan[]
  readonly faults: readonly FaultPlan[]
  readonly phases: readonly Phase[]
  /** Load before the first phase that is offered and accounted for, but not part of any phase. */
  readonly warmUpMs: Ms
  /** Absent: the capacity is not measured. */
  readonly capacity?: CapacityPlan
  readonly seed: number
  /** CPU the generator wastes between sends: 0 except to see how a bad instrument is reported. */
  readonly throttleMs: Ms
}

export type ToRig =
  | { readonly type: 'plan'; readonly plan: RigPlan }
  | { readonly type: 'go'; readonly host: string; readonly port: number; readonly rootPid: number }

export interface Progress {
  /** `warm-up` or a phase's name. */
  readonly phase: string
  readonly elapsedMs: Ms
  readonly totalMs: Ms
  readonly okPerSecond: number
  readonly failed: number
  readonly attackersHeld: number
}

export type FromRig =
  | { readonly type: 'origins'; readonly ports: number[]; readonly scheduleHash: string }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'result'; readonly observations: Observations }
  | { readonly type: 'failed'; readonly message: string }

/** One sample of the 10 Hz probe. */
export interface Sample {
  readonly at: Ms
  /** Null where the system cannot say, or when the target is gone. */
  readonly target: TreeSample | null
  readonly generator: TreeSample | null
  readonly attackersHeld: number
  readonly honestConnections: number
}

/** What the origins counted over a whole run. */
export interface LedgerCounts {
  readonly connectionsOpened: number
  readonly connectionsOpenPeak: number
  readonly connectionsWithoutRequest: number
  readonly requests: number
  readonly requestsNotHonest: number
  readonly othersHeldMs: number
  readonly inFlightPeak: number
}

/** What one origin counted over a whole run. */
export interface OriginTallyCounts {
  readonly requests: number
  readonly connectionsOpened: number
  readonly inFlightPeak: number
}

/** A request log as plain arrays, fit for a message. */
export interface PackedLog {
  readonly columns: Readonly<Record<LogColumn, Float64Array>>
  readonly status: Uint16Array
  readonly origin: Int16Array
  readonly executions: Uint8Array
  readonly fate: Uint8Array
}

const logColumns = ['dueAt', 'startedAt', 'sentAt', 'originInAt', 'originOutAt', 'firstByteAt', 'endedAt'] as const
type LogColumn = (typeof logColumns)[number]

/** What autocannon's closed loop found, and the lean one after it; instants are the rig's. */
export interface CapacityObservation extends ClosedLoopResult {
  readonly flatOut: ClosedLoopResult
  readonly connections: number
  /** What the origins saw of both. */
  readonly originRequests: number
}

/** Everything that was observed in one run; the summary is made from this alone. */
export interface Observations {
  readonly log: PackedLog
  /** How late the generator itself took up each row, ms; NaN for a row it never took up. */
  readonly lagMs: Float64Array
  readonly scheduleHash: string
  /** performance.timeOrigin of the rig, to place times of other processes. */
  readonly timeOrigin: number
  /** When the first phase began. */
  readonly phasesAt: Ms
  readonly samples: readonly Sample[]
  readonly ledger: LedgerCounts
  /** In the order of the origins. */
  readonly origins: readonly OriginTallyCounts[]
  /** The key each row asked for; null when the load has none. */
  readonly keys: Int32Array | null
  /** 1 for each row that was a POST; null when all were GETs. */
  readonly posts: Uint8Array | null
  /** 1 for each row that was the first of its session, which is the first of its connection; null without sessions. */
  readonly firsts: Uint8Array | null
  /** The last report of each hostile client, in the scenario's order. */
  readonly hostile: readonly HostileReport[]
  /** What the closed loop after the phases found; absent when there was none. */
  readonly capacity?: CapacityObservation
}

export function packLog(log: RequestLog): PackedLog {
  const fate = new Uint8Array(log.size)
  for (let row = 0; row < log.size; row++) fate[row] = fates.indexOf(log.fateOf(row))
  const columns = Object.fromEntries(logColumns.map(name => [name, log[name]])) as Record<LogColumn, Float64Array>
  return { columns, status: log.status, origin: log.origin, executions: log.executions, fate }
}

export function unpackLog({ columns, status, origin, executions, fate }: PackedLog): RequestLog {
  const log = new RequestLog(fate.length)
  for (const name of logColumns) log[name].set(columns[name])
  log.origin.set(origin)
  log.executions.set(executions)
  for (let row = 0; row < log.size; row++) {
    const name = fates[fate[row]!]!
    if (name !== 'pending') log.end(row, name, columns.endedAt[row]!, status[row]!)
  }
  return log
}
