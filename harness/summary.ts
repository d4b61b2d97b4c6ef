// One run as the record shows it, made from what the rig observed and nothing else: a pure function, so that it is tested
// on made-up logs with known answers.
import type { HostileReport } from '../core/contracts.ts'
import type { Run } from '../core/record.ts'
import type { RequestLog } from '../core/request-log.ts'
import type { Architecture, FaultPlan, LoadPlan, Phase, Variant } from '../core/scenario.ts'
import { capacityCounters, capacityFaults, capacityRunQueueShare } from './capacity-figures.ts'
import { executionCounters } from './execution-counters.ts'
import { faultCounters } from './fault-counters.ts'
import { originCounters } from './origin-counters.ts'
import { phasesOf, spanOf } from './phases.ts'
import { type Observations, type Sample, unpackLog } from './rig-protocol.ts'
import { bytesPerHeldConnection, growth, median, type Total, type Who } from './samples.ts'
import { seriesOf } from './series.ts'
import type { TargetStats } from './target.ts'
import { judgeAccounting, judgeTiming } from './trust.ts'

export interface RunInput {
  readonly variant: Pick<Variant, 'name' | 'target' | 'linkMs' | 'request' | 'point'> & {
    readonly settings: Architecture
  }
  readonly engine?: Run['engine']
  readonly repeat: number
  readonly seed: number
  readonly load: LoadPlan
  readonly phases: readonly Phase[]
  readonly measuredPhase: string
  /** Absent: none. */
  readonly faults?: readonly FaultPlan[]
  readonly observations: Observations
  readonly stats: readonly TargetStats[]
}

/** The summary of one run. Rows due before the first phase (the warm-up) count in the accounts and nowhere else. */
export function summarise(input: RunInput): Run {
  const { variant, engine = 'live', repeat, seed, load, phases, observations } = input
  const { samples, phasesAt, scheduleHash, timeOrigin, capacity } = observations
  const log = unpackLog(observations.log)
  const durationMs = phases.reduce((sum, phase) => sum + phase.durationMs, 0)
  const summaries = phasesOf(log, observations, phases)
  const whole = spanOf('', log, observations, 0, durationMs)
  const resources = resourcesOf(samples, phasesAt, durationMs)
  const { requests, latency, throughput, errors, lag } = whole
  const measured = summaries.find(phase => phase.name === input.measuredPhase)
  return {
    variant: variant.name,
    target: variant.target,
    engine,
    repeat,
    seed,
    ...(variant.point && { point: { series: variant.point.series, at: variant.point.at } }),
    settings: {
      ...variant.settings,
      ...(variant.linkMs === undefined ? {} : { linkMs: variant.linkMs }),
      ...(variant.request === undefined ? {} : { request: variant.request }),
    },
    phases: summaries,
    latency,
    throughput,
    errors,
    cpu: { usPerRequest: measured?.cpuUsPerRequest ?? null, ...resources.cpu },
    memory: memoryOf(samples, phasesAt, phases[0]?.durationMs ?? 0),
    counters: {
      ...countersOf(log, observations, input.stats),
      ...originCounters(log, observations, phases, input.measuredPhase),
      ...executionCounters(log, observations),
      ...faultCounters(log, phasesAt, phases, input.faults ?? []),
      ...(capacity ? capacityCounters(capacity, samples) : {}),
    },
    series: seriesOf({ log, samples, stats: onClock(input.stats, timeOrigin), phasesAt, durationMs }),
    generator: {
      scheduleHash,
      scheduled: requests,
      completed: latency.count,
      failed: requests - latency.count,
      cpuShare: resources.generatorCpuShare,
      runQueueShare: resources.generatorRunQueueShare,
      lagP99Ms: lag.p99Ms,
      lagMaxMs: lag.maxMs,
    },
    trust: {
      accounting: judgeAccounting(log, capacity ? capacityFaults(capacity) : []),
      timing: judgeTiming(load, {
        lagP99Ms: measured?.lag.p99Ms ?? null,
        capacityRunQueueShare: capacity ? capacityRunQueueShare(capacity, samples) : 0,
        ...resources,
      }),
    },
  }
}

/** What both sides used and waited for over all phases; 0 where the system cannot say. */
function resourcesOf(samples: readonly Sample[], phasesAt: number, durationMs: number) {
  const grownMs = (who: Who, total: Total) => (growth(samples, who, total, phasesAt, phasesAt + durationMs) ?? 0) / 1e6
  const targetRunQueueMs = grownMs('target', 'runQueueNs')
  return {
    cpu: { totalMs: grownMs('target', 'cpuNs'), runQueueMs: targetRunQueueMs },
    targetRunQueueShare: targetRunQueueMs / durationMs,
    generatorCpuShare: grownMs('generator', 'cpuNs') / durationMs,
    generatorRunQueueShare: grownMs('generator', 'runQueueNs') / durationMs,
  }
}

function memoryOf(samples: readonly Sample[], phasesAt: number, firstPhaseMs: number): Run['memory'] {
  const inFirstPhase = samples.filter(({ at }) => at >= phasesAt && at < phasesAt + firstPhaseMs)
  const resident = (some: readonly Sample[]) => some.flatMap(({ target }) => (target ? [target.rssBytes] : []))
  return {
    rssBytes: Math.round(median(resident(inFirstPhase)) ?? 0),
    peakRssBytes: resident(samples).reduce((most, bytes) => Math.max(most, bytes), 0),
    bytesPerHeldConnection: bytesPerHeldConnection(samples),
  }
}

/** Messages of another process with their instants on the rig's clock. */
function onClock(stats: readonly TargetStats[], timeOrigin: number): TargetStats[] {
  return stats.map(one => ({ ...one, at: one.at - timeOrigin }))
}

function countersOf(
  log: RequestLog,
  observations: Observations,
  stats: readonly TargetStats[],
): Record<string, number> {
  const { ledger, hostile, samples, phasesAt } = observations
  const sum = (pick: (report: HostileReport) => number) => hostile.reduce((total, report) => total + pick(report), 0)
  let warmUpRequests = 0
  let warmUpFailed = 0
  for (let row = 0; row < log.size; row++) {
    if (log.dueAt[row]! >= phasesAt) continue
    warmUpRequests++
    if (log.fateOf(row) !== 'ok') warmUpFailed++
  }
  const said = Object.entries(stats.at(-1)?.counters ?? {}).map(([name, value]) => [`target.${name}`, value] as const)
  return {
    originConnectionsOpened: ledger.connectionsOpened,
    originConnectionsOpenPeak: ledger.connectionsOpenPeak,
    originConnectionsWithoutRequest: ledger.connectionsWithoutRequest,
    originRequests: ledger.requests,
    originRequestsNotHonest: ledger.requestsNotHonest,
    originOthersHeldMs: ledger.othersHeldMs,
    originInFlightPeak: ledger.inFlightPeak,
    attackersOpened: sum(report => report.opened),
    attackersHeldPeak: sum(report => report.heldPeak),
    attackersEndedByServer: sum(report => report.endedByServer),
    attackersRefused: sum(report => report.refused),
    attackerLongestHeldMs: hostile.reduce((longest, report) => Math.max(longest, report.longestHeldMs), 0),
    honestConnectionsPeak: samples.reduce((most, sample) => Math.max(most, sample.honestConnections), 0),
    warmUpRequests,
    warmUpFailed,
    ...Object.fromEntries(said),
  }
}
