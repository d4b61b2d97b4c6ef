// Two ways to measure a service that stops for a moment. The open loop sends when its schedule says, whatever came back; the
// closed loop sends when the answer before has come. Both run in the simulator, against the same service with the same stall.
import { RequestLog } from '../../core/request-log.ts'
import stop from '../../fault-injection/faults/stop.ts'
import fixed from '../../fault-injection/service-times/fixed.ts'
import constant from '../../loadgen/profiles/constant.ts'
import poisson from '../../loadgen/profiles/poisson.ts'
import random from '../../proxy/balancers/random.ts'
import { SimulatedHistogram } from '../../simulation/histogram.ts'
import { made } from '../../simulation/made.ts'
import { logStartMs } from '../../simulation/meter.ts'
import type { Model, Policies } from '../../simulation/model.ts'
import { simulate } from '../../simulation/simulate.ts'

export const serviceMs = 5
export const runMs = 10_000
export const stallFromMs = 4000

export interface Measured {
  readonly requests: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** How many took ten times as long as usual, or longer. */
  readonly slow: number
  /** When requests were sent and what they took, for a chart: the slowest of each `pointEveryMs`. */
  readonly points: readonly { readonly second: number; readonly ms: number }[]
}

/** Sends at `ratePerSecond`, evenly, and counts from the instant at which a request was due. */
export function openLoop(ratePerSecond: number, stallMs: number): Measured {
  const rows = Math.ceil((ratePerSecond * runMs) / 1000) + 1
  return measure(rows, stallMs, { arrivals: made(constant, { ratePerSecond }) }, 0)
}

/** `connections` send, wait for the answer, and send again at once. Counts from the send. */
export function closedLoop(connections: number, stallMs: number): Measured {
  // Everything is due at once, and each request takes the next connection that is free.
  const rows = (connections * runMs) / serviceMs
  return measure(rows, stallMs, { arrivals: { dueMs: new Float64Array(rows), keys: null } }, connections)
}

function measure(rows: number, stallMs: number, how: Pick<Policies, 'arrivals'>, connections: number): Measured {
  const log = new RequestLog(rows)
  const model: Model = {
    durationMs: runMs,
    origins: { count: 1, slots: Number.POSITIVE_INFINITY },
    requests: { connections },
    faults: stallMs === 0 ? [] : [{ origin: 0, fromMs: stallFromMs, untilMs: stallFromMs + stallMs }],
  }
  const faults = stallMs === 0 ? [] : [made(stop)]
  simulate(model, { ...how, service: () => made(fixed, { ms: serviceMs }), balancer: made(random), faults }, 1, 0, {
    log,
  })
  return summary(log)
}

export const pointEveryMs = 50

/** What was sent within the run, each from its send; an open loop sends when a request is due. */
function summary({ size, sentAt, endedAt }: RequestLog): Measured {
  const times = new SimulatedHistogram()
  const slowest = new Map<number, { second: number; ms: number }>()
  let slow = 0
  for (let row = 0; row < size; row++) {
    const atMs = sentAt[row]! - logStartMs
    if (sentAt[row] === 0 || atMs >= runMs) continue
    const ms = endedAt[row]! - sentAt[row]!
    times.record(ms)
    if (ms >= 10 * serviceMs) slow++
    const point = Math.floor(atMs / pointEveryMs)
    if (ms > (slowest.get(point)?.ms ?? 0)) slowest.set(point, { second: atMs / 1000, ms })
  }
  return {
    requests: times.count,
    p50Ms: times.quantileMs(0.5) ?? 0,
    p99Ms: times.quantileMs(0.99) ?? 0,
    maxMs: times.maxMs,
    slow,
    points: [...slowest.values()],
  }
}

/** The service of the last experiment has so many workers; each answers one request at a time. */
export const workers = 4
/** What they can do together, requests per second. */
export const capacity = (workers * 1000) / serviceMs

/** The median response time, ms, that an open loop of this rate finds in a test of so many seconds. */
export function pressed(ratePerSecond: number, seconds: number): number {
  return atWorkers(made(poisson, { ratePerSecond }), seconds * 1000, 0).latency.quantileMs(0.5) ?? 0
}

/** Answers per second that a closed loop finds: with enough connections it keeps every worker at work, and no more than that. */
export function closedCapacity(connections: number): number {
  const requests = 2000
  const dueMs = new Float64Array(requests)
  const { endedAtMs } = atWorkers({ dueMs, keys: null }, 1000, connections)
  return (requests * 1000) / endedAtMs
}

function atWorkers(arrivals: Policies['arrivals'], durationMs: number, connections: number) {
  return simulate(
    { durationMs, origins: { count: 1, slots: workers }, requests: { connections } },
    { arrivals, service: () => made(fixed, { ms: serviceMs }), balancer: made(random) },
    1,
  )
}
