// The numbers of a summary table: which there are, what each means in one sentence, and how a run yields it. The
// terminal, the page and the Markdown file all read this list, so they cannot disagree.
import type { LatencySummary, PhaseSummary, Run, ScenarioRecord } from '../core/record.ts'
import { isSimulated, runsOf } from './timeline.ts'
import type { Unit } from './units.ts'
import { describeFailure } from './units.ts'

export type MetricGroup = 'work done' | 'capacity' | 'latency' | 'cost' | 'hostile clients'

export interface Metric {
  readonly group: MetricGroup
  readonly label: string
  /** A column head of at most 12 characters. */
  readonly short: string
  readonly unit: Unit
  /** What it means, one sentence. */
  readonly doc: string
  /** Which way is good; absent: neither. */
  readonly better?: 'lower' | 'higher'
  /** The value of one run; null when it was not measured or too few samples carry it. */
  readonly of: (run: Run) => number | null
}

type Measured = Pick<PhaseSummary, 'latency' | 'added' | 'throughput' | 'errors' | 'requests'>

/** The phase the headline numbers are taken from. */
function measuredPhase(record: ScenarioRecord, run: Run): PhaseSummary | undefined {
  return run.phases.find(phase => phase.name === record.load.measuredPhase)
}

/** Share of the requests due that were answered, 0 to 1; null when none was due. */
export function answeredIn(phase: Pick<PhaseSummary, 'latency' | 'requests'>): number | null {
  return phase.requests === 0 ? null : phase.latency.count / phase.requests
}

/** Share answered over all repeats of a variant in the named phase, 0 to 1; null when none was due. */
export function answeredShareOf(record: ScenarioRecord, variant: string, phaseName: string): number | null {
  const phases = runsOf(record, variant).flatMap(run => run.phases.filter(phase => phase.name === phaseName))
  const due = phases.reduce((sum, phase) => sum + phase.requests, 0)
  const answered = phases.reduce((sum, phase) => sum + phase.latency.count, 0)
  return due === 0 ? null : answered / due
}

/** Every metric that at least one run has a value for, in the order of reading. */
export function metricsOf(record: ScenarioRecord): Metric[] {
  const all = [...workMetrics(record), ...latencyMetrics(record), ...costMetrics(record), ...hostileMetrics(record)]
  return all.filter(metric => record.runs.some(run => metric.of(run) !== null))
}

/** A simulated proxy may take no time at all, and then the resolution of the histogram is all there is to see. */
const nothingAddedMs = 0.002

/** Whether any proxy took time; a simulated one need not. */
function proxiesTakeTime(record: ScenarioRecord): boolean {
  return (
    !isSimulated(record) || record.runs.some(run => run.phases.some(phase => (phase.added.maxMs ?? 0) > nothingAddedMs))
  )
}

function inMeasured(record: ScenarioRecord, pick: (phase: Measured) => number | null): (run: Run) => number | null {
  return run => {
    const phase = measuredPhase(record, run)
    return phase ? pick(phase) : null
  }
}

function workMetrics(record: ScenarioRecord): Metric[] {
  const kinds = new Set(record.runs.flatMap(run => Object.keys(measuredPhase(record, run)?.errors ?? {})))
  const failures = [...kinds].sort().map(
    (kind): Metric => ({
      group: 'work done',
      label: `failed: ${describeFailure(kind)}`,
      short: kind,
      unit: 'count',
      better: 'lower',
      doc: `Honest requests of the measured phase that ended as “${kind}”.`,
      of: inMeasured(record, phase => phase.errors[kind] ?? 0),
    }),
  )
  return [
    {
      group: 'work done',
      label: 'requests answered',
      short: 'answered',
      unit: 'share',
      better: 'higher',
      doc: 'Share of the honest requests due that got the expected answer in time.',
      of: inMeasured(record, answeredIn),
    },
    {
      group: 'work done',
      label: 'answered per second',
      short: 'done',
      unit: '1/s',
      better: 'higher',
      doc: 'Honest requests answered per second.',
      of: inMeasured(record, phase => phase.throughput.completedPerSecond),
    },
    ...failures,
    ...capacityMetrics(),
  ]
}

function capacityMetrics(): Metric[] {
  const counter = (name: string, label: string, unit: Unit, doc: string): Metric => ({
    group: 'capacity',
    label,
    short: label,
    unit,
    doc,
    of: run => run.counters[name] ?? null,
  })
  return [
    counter(
      'capacityRequestsPerSecond',
      'capacity',
      '1/s',
      'Answered per second when every connection asks again at once; where the core was not busy the load ran out first.',
    ),
    counter('flatOutRequestsPerSecond', 'flat out', '1/s', 'The same from a generator that costs its core little.'),
    counter('flatOutCpuUsPerRequest', 'CPU flat out', 'us', 'CPU time of the target per request meanwhile.'),
    counter('flatOutTargetCpuShare', 'core busy', 'share', 'Share of one core that the target used meanwhile.'),
    counter('capacityErrors', 'errors', 'count', 'Requests of both loops that failed.'),
  ]
}

function latencyMetrics(record: ScenarioRecord): Metric[] {
  const quantile = (
    of: 'latency' | 'added',
    field: 'meanMs' | 'p50Ms' | 'p90Ms' | 'p99Ms' | 'p999Ms' | 'maxMs',
    short: string,
    doc: string,
  ): Metric => ({
    group: 'latency',
    label: of === 'added' ? `added by the proxy, ${short.replace('+', '')}` : short,
    short,
    unit: 'ms',
    better: 'lower',
    doc,
    of: inMeasured(record, phase => (phase[of] as LatencySummary)[field] ?? null),
  })
  const mean = quantile(
    'latency',
    'meanMs',
    'mean',
    'All answers together, which is what the theory of queues speaks of.',
  )
  const added = [
    quantile('added', 'p50Ms', '+p50', 'Time in proxy and kernel only: the time the origin took is taken away.'),
    quantile('added', 'p99Ms', '+p99', 'The same, all but one answer in a hundred.'),
  ]
  return [
    ...(isSimulated(record) ? [mean] : []),
    quantile('latency', 'p50Ms', 'p50', 'Half of the answers came within this, counted from the instant each was due.'),
    quantile('latency', 'p90Ms', 'p90', 'Nine answers in ten came within this.'),
    quantile('latency', 'p99Ms', 'p99', 'All but one answer in a hundred came within this.'),
    quantile('latency', 'p999Ms', 'p99.9', 'All but one answer in a thousand came within this.'),
    quantile('latency', 'maxMs', 'max', 'The slowest answer.'),
    ...(proxiesTakeTime(record) ? added : []),
  ]
}

function costMetrics(record: ScenarioRecord): Metric[] {
  return [
    {
      group: 'cost',
      label: 'CPU per request',
      short: 'CPU/request',
      unit: 'us',
      better: 'lower',
      doc: 'CPU time of the whole target per request it answered, from the accounts of the kernel.',
      of: run => measuredPhase(record, run)?.cpuUsPerRequest ?? run.cpu.usPerRequest,
    },
    {
      group: 'cost',
      label: 'memory at the start',
      short: 'memory',
      unit: 'bytes',
      better: 'lower',
      doc: 'Resident memory of the whole target in the first phase.',
      of: run => (run.memory.rssBytes > 0 ? run.memory.rssBytes : null),
    },
    {
      group: 'cost',
      label: 'memory at its peak',
      short: 'peak memory',
      unit: 'bytes',
      better: 'lower',
      doc: 'The most resident memory the target ever had.',
      of: run => (run.memory.peakRssBytes > 0 ? run.memory.peakRssBytes : null),
    },
    {
      group: 'cost',
      label: 'memory per held connection',
      short: 'per held',
      unit: 'bytes',
      better: 'lower',
      doc: 'How much resident memory grows with each connection that a client merely holds open.',
      of: run => run.memory.bytesPerHeldConnection,
    },
  ]
}

function hostileMetrics(record: ScenarioRecord): Metric[] {
  if (record.load.hostile.length === 0) return []
  const counter = (name: string, label: string, unit: Unit, doc: string): Metric => ({
    group: 'hostile clients',
    label,
    short: label,
    unit,
    doc,
    of: run => run.counters[name] ?? null,
  })
  return [
    counter('attackersOpened', 'opened', 'count', 'Connections the hostile clients opened.'),
    counter('attackersHeldPeak', 'held at once', 'count', 'The most hostile connections open at one instant.'),
    counter('attackersEndedByServer', 'ended by the target', 'count', 'Hostile connections the target closed itself.'),
    counter('attackersRefused', 'refused', 'count', 'Hostile connections that were never accepted.'),
    counter('attackerLongestHeldMs', 'longest held', 'ms', 'The longest time one hostile connection stayed open.'),
  ]
}
