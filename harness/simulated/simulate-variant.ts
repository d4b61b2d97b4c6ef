// One simulated run as the record shows it: the rows that the simulator filled in are summarised like those of a live run.

import type { Ms } from '../../core/contracts.ts'
import type { Run } from '../../core/record.ts'
import { RequestLog } from '../../core/request-log.ts'
import type { Variant } from '../../core/scenario.ts'
import type { Schedule } from '../../loadgen/schedule.ts'
import { logStartMs } from '../../simulation/meter.ts'
import { type Result, simulate } from '../../simulation/simulate.ts'
import { type Observations, packLog } from '../rig-protocol.ts'
import { summarise } from '../summary.ts'
import type { TargetStats } from '../target.ts'
import { modelOf, type SimulatedPlan } from './model-of.ts'

/** What happened in a simulated run, before anything is made of it. */
export interface Simulation {
  readonly log: RequestLog
  readonly result: Result
  readonly schedule: Schedule
  /** When the first phase began, on the clock of the log. */
  readonly phasesAt: Ms
}

/** Plays a variant once; the plan's seed is this repeat's own. @throws UsageError when the model is refused. */
export async function playVariant(plan: SimulatedPlan, variant: Variant): Promise<Simulation> {
  const { model, policies, schedule } = await modelOf(plan, variant)
  const log = new RequestLog(schedule.size)
  for (let row = 0; row < schedule.size; row++) log.dueAt[row] = schedule.dueMs[row]! + logStartMs
  const result = simulate(model, policies, plan.seed, 0, { log })
  return { log, result, schedule, phasesAt: plan.warmUpMs + logStartMs }
}

/** Plays a variant once and summarises it as a live run is. @throws UsageError when the model is refused. */
export async function simulateVariant(plan: SimulatedPlan, variant: Variant, repeat: number): Promise<Run> {
  const { load, phases, measuredPhase, faults, seed } = plan
  const { log, result, schedule, phasesAt } = await playVariant(plan, variant)
  const linkMs = variant.linkMs ?? plan.origins.linkMs
  return summarise({
    variant: { ...variant, ...(linkMs === undefined ? {} : { linkMs }) },
    engine: 'simulation',
    repeat,
    seed,
    load,
    phases,
    measuredPhase,
    faults,
    observations: {
      log: packLog(log),
      lagMs: new Float64Array(schedule.size),
      scheduleHash: schedule.hash,
      timeOrigin: 0,
      phasesAt,
      samples: [],
      keys: schedule.keys,
      posts: null,
      firsts: null,
      hostile: [],
      ...countedAtOrigins(result),
    },
    stats: [statsOf(result, phasesAt)],
  })
}

function countedAtOrigins({
  origins,
  connections,
  counts,
  presentPeak,
}: Result): Pick<Observations, 'ledger' | 'origins'> {
  return {
    ledger: {
      connectionsOpened: connections?.dials ?? 0,
      connectionsOpenPeak: connections?.openPeak ?? 0,
      connectionsWithoutRequest: 0,
      requests: origins.reduce((sum, { arrivals }) => sum + arrivals, 0),
      requestsNotHonest: counts.checks,
      othersHeldMs: 0,
      inFlightPeak: presentPeak,
    },
    origins: origins.map(one => ({
      requests: one.arrivals,
      connectionsOpened: one.connections,
      inFlightPeak: one.presentPeak,
    })),
  }
}

/** What the proxy counts of itself, by the names that the live one uses. */
function statsOf({ counts, connections, workers }: Result, at: number): TargetStats {
  const perWorker = workers.map(({ requests, connections: accepted }, index) => [
    [`worker${index}.requests`, requests],
    [`worker${index}.connectionsAccepted`, accepted],
  ])
  return {
    at,
    loopDelayMaxMs: 0,
    gcMs: 0,
    counters: {
      requests: workers.reduce((sum, { requests }) => sum + requests, 0),
      requestsLimited: counts.limited,
      requestsDelayed: counts.delayed,
      retries: counts.retries,
      hedges: counts.hedges,
      tableRebuilds: counts.tableRebuilds,
      upstreamDials: connections?.dials ?? 0,
      upstreamSpareDials: connections?.spareDials ?? 0,
      upstreamReuses: connections?.reuses ?? 0,
      upstreamWaits: connections?.waits ?? 0,
      ...(workers.length > 1 ? Object.fromEntries(perWorker.flat()) : {}),
    },
  }
}
