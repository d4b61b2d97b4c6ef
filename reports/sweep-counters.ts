// What is counted besides latency, as figures over an axis: each per request or as a share, so that points with different
// loads compare, and each only where it differs enough to be worth a look.
import type { Run } from '../core/record.ts'
import type { Metric } from './metrics.ts'

/** A counter that differs by less than a twentieth tells nothing. */
const ratioWorth = 1.05

interface Counted extends Pick<Metric, 'label' | 'short' | 'unit' | 'doc' | 'better'> {
  readonly of: (run: Run) => number | null
  /** The smallest difference worth a chart, in its own unit. */
  readonly worth: number
}

const counter = (name: string) => (run: Run) => run.counters[name] ?? null

/** Over the requests asked by users, the warm-up included, which is what the counters of a run include. */
const perRequest = (name: string) => (run: Run) => {
  const asked = run.generator.scheduled + (run.counters.warmUpRequests ?? 0)
  const counted = run.counters[name]
  return counted === undefined || asked === 0 ? null : counted / asked
}

const counted: readonly Counted[] = [
  {
    label: 'busiest origin over the mean',
    short: 'peak/mean',
    unit: 'count',
    doc: 'Requests at the origin that got most of them, over the mean of all origins; 1 is even.',
    better: 'lower',
    of: counter('origins.peakToMean'),
    worth: 0.15,
  },
  {
    label: 'requests at the origins per request asked',
    short: 'load on origins',
    unit: 'count',
    doc: 'More than 1 is the work of retries and hedges, less than 1 what was turned away.',
    of: perRequest('originRequests'),
    worth: 0.02,
  },
  {
    label: 'turned away by the limiter',
    short: 'limited',
    unit: 'share',
    doc: 'Share of the requests asked that the limiter refused.',
    of: perRequest('target.requestsLimited'),
    worth: 0.005,
  },
  {
    label: 'keys new to their origin',
    short: 'cold keys',
    unit: 'share',
    doc: 'Share of requests whose origin had not seen their key before: what a cache there would miss.',
    better: 'lower',
    of: counter('keys.coldShare'),
    worth: 0.005,
  },
  {
    label: 'origins that saw one key',
    short: 'origins/key',
    unit: 'count',
    doc: 'The mean over all keys asked for.',
    better: 'lower',
    of: counter('keys.originsMean'),
    worth: 0.05,
  },
  {
    label: 'connections opened to origins per request',
    short: 'dials/request',
    unit: 'count',
    doc: 'Every one costs round trips before the request can leave, and work at both ends.',
    better: 'lower',
    of: perRequest('target.upstreamDials'),
    worth: 0.01,
  },
  {
    label: 'requests that waited for a connection',
    short: 'waited',
    unit: 'share',
    doc: 'Share of the requests asked that found the pool empty and at its limit.',
    better: 'lower',
    of: perRequest('target.upstreamWaits'),
    worth: 0.005,
  },
  {
    label: 'connections to origins, most at once',
    short: 'connections',
    unit: 'count',
    doc: 'Over all proxies and all origins.',
    better: 'lower',
    of: counter('originConnectionsOpenPeak'),
    worth: 10,
  },
]

/** The counters that differ between runs. */
export function counterMetrics(runs: readonly Run[]): Metric[] {
  return counted
    .filter(({ of, worth }) => {
      const values = runs.map(of).filter(value => value !== null)
      const [low, high] = [Math.min(...values), Math.max(...values)]
      return values.length > 0 && high - low >= worth && high >= low * ratioWorth
    })
    .map(({ worth: _, ...metric }) => ({ group: 'cost', ...metric }))
}
