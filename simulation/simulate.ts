// The simulator: the proxy's own strategies on a virtual clock. A model is plain data (model.ts), the strategies are handed
// in, and the same seed gives the same result to the last bit, wherever it runs; nothing here knows of Node or of browsers.
//
//   import powerOfTwo from '../proxy/balancers/power-of-two.ts'
//   simulate({ durationMs: 60_000, warmUpMs: 5_000, origins: { count: 10 } },
//            { arrivals: made(poisson, { ratePerSecond: 900 }), service: () => made(exponential, { meanMs: 10 }),
//              balancer: made(powerOfTwo) }, 1).latency.quantileMs(0.99)
//
// A request is created with everything that is chance about it, goes to a worker, through limiter, filter, balancer and pool,
// over the network to an origin with slots and a queue, and back; it may be retried, hedged, timed out or struck by a fault.
// Not modelled: bytes, and so buffering and slow clients; what a connection costs beyond its round trips.
import type { Ms } from '../core/contracts.ts'
import { UsageError } from '../core/errors.ts'
import type { RequestLog } from '../core/request-log.ts'
import { CalendarQueue } from './calendar-queue.ts'
import type { EventQueue } from './event-queue.ts'
import type { SimulatedHistogram } from './histogram.ts'
import type { ConnectionCounts } from './lending.ts'
import type { BatchMeans, Counts, Ending, SimulatedSeries } from './meter.ts'
import { checkModel, type Model, type Policies } from './model.ts'
import type { OriginTally } from './origins.ts'
import { Run } from './run.ts'
import type { WorkerTally } from './worker.ts'

export interface SimulateOptions {
  /** A row for each request; of as many rows as the trace has requests. */
  readonly log?: RequestLog
  /** The calendar queue when absent; a heap gives the same result, more slowly. */
  readonly queue?: EventQueue
}

export interface Result {
  readonly seed: number
  readonly replication: number
  /** Things that happened, those that no longer mattered not counted. */
  readonly events: number
  /** When the last request ended. */
  readonly endedAtMs: Ms
  /** Requests that were due from the end of the warm-up on. */
  readonly measured: number
  /** From due to answered, of the measured requests that were answered below 400. */
  readonly latency: SimulatedHistogram
  /** The measured requests that ended otherwise. */
  readonly errors: Readonly<Record<Exclude<Ending, 'ok'>, number>>
  /** The sums and numbers of these latencies, by equal stretches of time. */
  readonly batches: BatchMeans
  /** All of the run, warm-up included. */
  readonly counts: Counts
  /** Connections, over all pools; null when they are not modelled. */
  readonly connections: ConnectionCounts | null
  readonly origins: readonly OriginTally[]
  /** The most requests that were at all origins together at one instant. */
  readonly presentPeak: number
  readonly workers: readonly WorkerTally[]
  readonly series: SimulatedSeries | null
}

/**
 * Simulates `model` once. Replications of one seed are independent of each other; for one replication the requests are the
 * same whatever the policies are, so that policies are compared on the same traffic.
 * @throws UsageError when the model is out of range, or leaves requests waiting for ever (give it timeouts).
 */
export function simulate(
  model: Model,
  policies: Policies,
  seed: number,
  replication = 0,
  options: SimulateOptions = {},
): Result {
  checkModel(model, policies)
  const run = new Run(model, policies, seed, replication, options.queue ?? new CalendarQueue(), options.log ?? null)
  run.play()
  if (run.requestsLeft > 0) {
    throw new UsageError(`model.timeouts: ${run.requestsLeft} requests wait for ever; allowed: a clientMs or attemptMs`)
  }
  const { meter } = run
  return {
    seed,
    replication,
    events: run.events,
    endedAtMs: run.now,
    measured: meter.measured,
    latency: meter.latency,
    errors: meter.errors,
    batches: meter.batches,
    counts: meter.counts,
    connections: run.connectionCounts(),
    origins: run.originTallies(),
    presentPeak: run.presentPeak,
    workers: run.workerTallies(),
    series: meter.finishedSeries(),
  }
}
