// Which of many variants, or series of a sweep, get a line in a chart: more than eight lines are a thicket. Tables hold all.
import type { Run, ScenarioRecord } from '../core/record.ts'
import { runsOf, variantsThatRan } from './timeline.ts'

export const mostDrawn = 8
/** Of each end of the ranking; the rest of the places goes to those named first. */
const fromEachEnd = 2

export interface Drawn {
  /** In the order given. */
  readonly names: readonly string[]
  readonly leftOut: readonly string[]
}

/** The variants that get a line. */
export function drawnVariants(record: ScenarioRecord): Drawn {
  return drawnOf(record, variantsThatRan(record), name => runsOf(record, name))
}

/** All names when they are few, else the best, the worst and the first. */
export function drawnOf(
  record: ScenarioRecord,
  names: readonly string[],
  runs: (name: string) => readonly Run[],
): Drawn {
  if (names.length <= mostDrawn) return { names, leftOut: [] }
  const ranks = new Map(names.map(name => [name, rankOf(record, runs(name))]))
  const ranked = [...names].sort((a, b) => compareRanks(ranks.get(a)!, ranks.get(b)!))
  const chosen = new Set([...ranked.slice(0, fromEachEnd), ...ranked.slice(-fromEachEnd)])
  for (const name of names) if (chosen.size < mostDrawn) chosen.add(name)
  return { names: names.filter(name => chosen.has(name)), leftOut: names.filter(name => !chosen.has(name)) }
}

/** What is drawn and what is not, in two sentences; empty when all are. */
export function drawnInWords({ names, leftOut }: Drawn): string {
  if (leftOut.length === 0) return ''
  return (
    `${names.length} of ${names.length + leftOut.length} are drawn: the two best and the two worst (first by requests answered, ` +
    `then by p99) and those named first. In the tables only: ${leftOut.join(', ')}.`
  )
}

interface Rank {
  /** Share of requests that failed, in tenths of a per cent. */
  readonly failed: number
  /** Mean of the logarithm of the p99, so that every point of a sweep weighs the same; Infinity when too few answered. */
  readonly latency: number
}

function rankOf(record: ScenarioRecord, runs: readonly Run[]): Rank {
  const phases = runs.flatMap(run => run.phases.filter(phase => phase.name === record.load.measuredPhase))
  const due = phases.reduce((sum, phase) => sum + phase.requests, 0)
  const answered = phases.reduce((sum, phase) => sum + phase.latency.count, 0)
  const logs = phases.map(({ latency }) => (latency.p99Ms === null ? Infinity : Math.log(latency.p99Ms)))
  return {
    failed: due === 0 ? 0 : Math.round(1000 * (1 - answered / due)),
    latency: logs.reduce((sum, log) => sum + log, 0) / logs.length,
  }
}

function compareRanks(a: Rank, b: Rank): number {
  return a.failed - b.failed || (a.latency === b.latency ? 0 : a.latency - b.latency)
}
