// What a simulation measures: the latency of what was answered, failures by kind, group means for confidence intervals, and
// if asked a series over time and a row for each request.
import type { Ms } from '../core/contracts.ts'
import type { RequestLog } from '../core/request-log.ts'
import { SimulatedHistogram } from './histogram.ts'
import type { Model } from './model.ts'

/** How a request ended: answered below 400, answered otherwise, or given up by its client. */
export type Ending = 'ok' | 'bad-status' | 'timeout'

/** What proxies did, all of the run, warm-up included. */
export interface Counts {
  requests: number
  attempts: number
  retries: number
  hedges: number
  /** Requests a limiter refused, and those it held back for a while. */
  limited: number
  delayed: number
  /** Attempts that a proxy gave up because they took too long. */
  attemptTimeouts: number
  checks: number
  /** Times that a balancer was told anew who is eligible, over all workers; the first time is not counted. */
  tableRebuilds: number
  probes: number
  /** Requests that an idle worker took from a busy one. */
  stolen: number
}

/** Per interval, by when requests were due (`offered`) or ended (the rest). */
export interface SimulatedSeries {
  readonly intervalMs: Ms
  readonly offered: Float64Array
  readonly ok: Float64Array
  readonly failed: Float64Array
  readonly attempts: Float64Array
  /** Mean latency of those that were answered; NaN where there were none. */
  readonly meanMs: Float64Array
}

export interface BatchMeans {
  readonly sumsMs: Float64Array
  readonly counts: Float64Array
}

/** Times in a log begin here, because 0 means there that something did not happen. */
export const logStartMs = 1

export class Meter {
  readonly latency = new SimulatedHistogram()
  readonly batches: BatchMeans
  readonly errors = { 'bad-status': 0, timeout: 0 }
  readonly series: SimulatedSeries | null
  readonly log: RequestLog | null
  measured = 0
  readonly counts: Counts = {
    requests: 0,
    attempts: 0,
    retries: 0,
    hedges: 0,
    limited: 0,
    delayed: 0,
    attemptTimeouts: 0,
    checks: 0,
    tableRebuilds: 0,
    probes: 0,
    stolen: 0,
  }
  private readonly warmUpMs: Ms
  private readonly batchesPerMs: number
  private readonly seriesMs: Ms

  constructor({ durationMs, warmUpMs = 0, batches = 32, seriesMs = 0 }: Model, log: RequestLog | null) {
    this.warmUpMs = warmUpMs
    this.batchesPerMs = batches / (durationMs - warmUpMs)
    this.batches = { sumsMs: new Float64Array(batches), counts: new Float64Array(batches) }
    this.seriesMs = seriesMs
    this.series = seriesMs > 0 ? newSeries(seriesMs, Math.ceil(durationMs / seriesMs)) : null
    this.log = log
  }

  onDue(at: Ms): void {
    this.counts.requests++
    if (this.series !== null) this.count(this.series.offered, at)
  }

  /** The client has sent its request. */
  onSent(number: number, now: Ms): void {
    if (this.log === null) return
    this.log.startedAt[number] = this.log.sentAt[number] = now + logStartMs
  }

  /** An origin has got, executed or answered the request with this number; -1 is nobody's. Only with a log. */
  onArrival(number: number, origin: number, now: Ms): void {
    if (number < 0) return
    this.log!.originInAt[number] = now + logStartMs
    this.log!.origin[number] = origin
  }

  onExecuted(number: number): void {
    if (number >= 0) this.log!.noteExecution(number)
  }

  onOut(number: number, now: Ms): void {
    if (number >= 0) this.log!.originOutAt[number] = now + logStartMs
  }

  onAttempt(now: Ms): void {
    this.counts.attempts++
    if (this.series !== null) this.count(this.series.attempts, now)
  }

  onEnd(number: number, dueAt: Ms, now: Ms, ending: Ending, status: number): void {
    const tookMs = now - dueAt
    if (dueAt >= this.warmUpMs) {
      this.measured++
      if (ending === 'ok') {
        const batch = ((dueAt - this.warmUpMs) * this.batchesPerMs) | 0
        const { sumsMs, counts } = this.batches
        sumsMs[batch] = sumsMs[batch]! + tookMs
        counts[batch] = counts[batch]! + 1
        this.latency.record(tookMs)
      } else this.errors[ending]++
    }
    if (this.series !== null) this.noteEnd(this.series, now, tookMs, ending)
    this.log?.end(number, ending, now + logStartMs, status)
  }

  /** The series with sums turned into means. */
  finishedSeries(): SimulatedSeries | null {
    if (this.series === null) return null
    const { ok, meanMs } = this.series
    return { ...this.series, meanMs: meanMs.map((sum, at) => (ok[at] === 0 ? Number.NaN : sum / ok[at]!)) }
  }

  private noteEnd(series: SimulatedSeries, now: Ms, tookMs: Ms, ending: Ending): void {
    this.count(ending === 'ok' ? series.ok : series.failed, now)
    const at = Math.floor(now / this.seriesMs)
    if (ending === 'ok' && at < series.meanMs.length) series.meanMs[at] = series.meanMs[at]! + tookMs
  }

  private count(column: Float64Array, at: Ms): void {
    const interval = Math.floor(at / this.seriesMs)
    if (interval < column.length) column[interval] = column[interval]! + 1
  }
}

function newSeries(intervalMs: Ms, intervals: number): SimulatedSeries {
  const column = () => new Float64Array(intervals)
  return { intervalMs, offered: column(), ok: column(), failed: column(), attempts: column(), meanMs: column() }
}
