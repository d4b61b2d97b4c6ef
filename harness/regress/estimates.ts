// From the turns of one restart to one log ratio per metric, by rules fixed beforehand: a triple in which a neighbour or a
// late generator spoilt one turn is dropped whole, so that no arm gains by it.
// Source: Hodges–Lehmann over slice ratios; a median of pair averages shrugs off single stalls.
import type { SliceResult } from './slice-rig-protocol.ts'
import { type Arm, arms, type SliceFigures } from './slices.ts'
import { hodgesLehmann, median } from './statistics.ts'

/** A turn is spoilt when the proxy waited for its core for more than this share of it … */
export const runQueueLimit = 0.5
/** … or the generator was later than this with one request in a hundred, a quarter of the load of a turn. */
export const lagLimitMs = 100
/** A restart with fewer triples left than this share is measured again. */
export const keptShareLimit = 0.5

export const metrics = ['cpuUsPerRequest', 'addedP50Ms'] as const
export type Metric = (typeof metrics)[number]

export interface MetricEstimate {
  /** Medians over the turns that count. */
  readonly base: number
  readonly head: number
  /** Natural logarithms of head / base and of control / base. */
  readonly headLog: number
  readonly controlLog: number
}

export interface RestartEstimate {
  readonly triples: number
  readonly kept: number
  /** Of the turns that count; the worst, ms. */
  readonly lagP99Ms: number
  /** Null when too few triples are left: the restart says nothing. */
  readonly estimates: Readonly<Record<Metric, MetricEstimate>> | null
}

type Triple = Readonly<Record<Arm, SliceFigures>>

export function estimate({ slices }: Pick<SliceResult, 'slices'>): RestartEstimate {
  const triples: Triple[] = []
  for (let at = 0; at < slices.length; at += arms.length) {
    const turns = slices.slice(at, at + arms.length)
    triples.push(Object.fromEntries(turns.map(turn => [turn.arm, turn])) as Triple)
  }
  const kept = triples.filter(triple => arms.every(arm => counts(triple[arm])))
  const lagP99Ms = Math.max(0, ...kept.flatMap(triple => arms.map(arm => triple[arm].lagP99Ms)))
  const enough = kept.length > 0 && kept.length >= keptShareLimit * triples.length
  const estimates = enough
    ? { cpuUsPerRequest: estimateOf(kept, 'cpuUsPerRequest'), addedP50Ms: estimateOf(kept, 'addedP50Ms') }
    : null
  return { triples: triples.length, kept: kept.length, lagP99Ms, estimates }
}

function counts(turn: SliceFigures): boolean {
  const measured = metrics.every(metric => turn[metric] !== null && turn[metric] > 0)
  return measured && turn.runQueueShare <= runQueueLimit && turn.lagP99Ms <= lagLimitMs
}

function estimateOf(triples: readonly Triple[], metric: Metric): MetricEstimate {
  const values = (arm: Arm) => triples.map(triple => triple[arm][metric]!)
  const base = values('base')
  const logTo = (arm: Arm) => hodgesLehmann(values(arm).map((value, index) => Math.log(value / base[index]!)))
  return {
    base: median(base),
    head: median(values('head')),
    headLog: logTo('head'),
    controlLog: logTo('control'),
  }
}
