// Slice interleaving: three proxies are alive together and take turns of 400 ms in random order, so that whatever the
// machine does at the moment burdens all three alike. Here: who is due when, and what one slice tells.
// Source of the idea: Bulej et al., "Duet Benchmarking", ICPE 2020.
import { randomStream } from '../../core/random.ts'
import { fates, type RequestLog } from '../../core/request-log.ts'
import type { Schedule } from '../../loadgen/schedule.ts'
import { median } from './statistics.ts'

/** The proxies of a restart: base, head, and the base a second time, which shows what the instrument itself finds. */
export const arms = ['base', 'head', 'control'] as const
export type Arm = (typeof arms)[number]
export type PerArm<T> = Readonly<Record<Arm, T>>

/** One value per arm. */
export function perArm<T>(of: (arm: Arm) => T): PerArm<T> {
  return { base: of('base'), head: of('head'), control: of('control') }
}

/** The load, in milliseconds and requests per second; part of the design and the same for every run. */
export const timing = {
  /** All three at once: their code is compiled and their pools are filled. */
  warmUpMs: 3000,
  warmUpRatePerSecond: 1500,
  settleMs: 200,
  /** Within a slice: silence, load, and time for the last answers. */
  leadMs: 10,
  loadMs: 400,
  tailMs: 30,
  ratePerSecond: 2000,
} as const

export const sliceMs = timing.leadMs + timing.loadMs + timing.tailMs

/** One proxy's turn; offsets from the start of the load. */
export interface Slice {
  readonly arm: Arm
  readonly fromMs: number
  readonly toMs: number
}

/** Each triple holds every arm once, in an order drawn from the stream `slices/<restart>`. */
export function planSlices(triples: number, seed: number, restart: number): Slice[] {
  const rng = randomStream(seed, `slices/${restart}`)
  const order = Array.from({ length: triples }, () => shuffled(arms, size => rng.integer(size))).flat()
  const startMs = timing.warmUpMs + timing.settleMs
  return order.map((arm, index) => {
    const fromMs = startMs + index * sliceMs
    return { arm, fromMs, toMs: fromMs + sliceMs }
  })
}

/** The items in an order drawn by `integer(bound)`, a whole number below its bound (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], integer: (bound: number) => number): T[] {
  const order = [...items]
  for (let last = order.length - 1; last > 0; last--) {
    const other = integer(last + 1)
    ;[order[last], order[other]] = [order[other]!, order[last]!]
  }
  return order
}

/** The requests of one arm, evenly spaced: all of the warm-up, then those of its own slices. */
export function scheduleOf(arm: Arm, slices: readonly Slice[]): Schedule {
  const evenly = (fromMs: number, forMs: number, ratePerSecond: number) =>
    Array.from({ length: Math.round((forMs * ratePerSecond) / 1000) }, (_, at) => fromMs + (1000 * at) / ratePerSecond)
  const own = slices.filter(slice => slice.arm === arm)
  const dueMs = [
    evenly(0, timing.warmUpMs, timing.warmUpRatePerSecond),
    ...own.map(({ fromMs }) => evenly(fromMs + timing.leadMs, timing.loadMs, timing.ratePerSecond)),
  ]
  const flat = Float64Array.from(dueMs.flat())
  return {
    size: flat.length,
    dueMs: flat,
    session: new Int32Array(flat.length).fill(-1),
    keys: null,
    posts: null,
    hash: '',
  }
}

/** What the kernel said of a proxy just before and just after its turn. `at` is the generator's clock, ms. */
export interface Reading {
  readonly at: number
  readonly cpuNs: number
  readonly runQueueNs: number
}

/** What one turn told. */
export interface SliceFigures {
  readonly arm: Arm
  /** Null when nothing was answered or the system keeps no accounts. */
  readonly cpuUsPerRequest: number | null
  /** The median latency added by the proxy, ms; null when nothing was answered. */
  readonly addedP50Ms: number | null
  /** Share of the turn in which the proxy was ready to run but had no core, 0 to 1. */
  readonly runQueueShare: number
  /** How late the generator itself took up the requests of this turn, ms, 99th percentile. */
  readonly lagP99Ms: number
}

/**
 * The figures of one turn. CPU is divided by the answers that came between the two readings, so a proxy that cannot keep
 * up is not made to look cheap. Requests belong to the turn by the instant at which they were due.
 */
export function figuresOf(
  slice: Slice,
  [before, after]: readonly [Reading, Reading],
  log: RequestLog,
  lagMs: Float64Array,
  startAt: number,
): SliceFigures {
  let answered = 0
  const added: number[] = []
  const lags: number[] = []
  for (let row = 0; row < log.size; row++) {
    const ok = log.fateOf(row) === 'ok'
    if (ok && log.endedAt[row]! > before.at && log.endedAt[row]! <= after.at) answered++
    const dueMs = log.dueAt[row]! - startAt
    if (dueMs < slice.fromMs || dueMs >= slice.toMs) continue
    lags.push(lagMs[row]!)
    if (ok) added.push(log.endedAt[row]! - log.sentAt[row]! - (log.originOutAt[row]! - log.originInAt[row]!))
  }
  const sortedLags = lags.filter(lag => !Number.isNaN(lag)).sort((a, b) => a - b)
  const cpuUs = (after.cpuNs - before.cpuNs) / 1000
  return {
    arm: slice.arm,
    cpuUsPerRequest: answered > 0 && cpuUs > 0 ? cpuUs / answered : null,
    addedP50Ms: added.length > 0 ? median(added) : null,
    runQueueShare: (after.runQueueNs - before.runQueueNs) / 1e6 / (after.at - before.at),
    lagP99Ms: sortedLags[Math.floor(0.99 * sortedLags.length)] ?? 0,
  }
}

/** Failed requests of a log by kind; a kind that did not occur is absent. */
export function errorsOf(log: RequestLog): Record<string, number> {
  const errors: Record<string, number> = {}
  for (let row = 0; row < log.size; row++) {
    const fate = log.fateOf(row)
    if (fate !== 'ok') errors[fate] = (errors[fate] ?? 0) + 1
  }
  return Object.fromEntries(fates.flatMap(fate => (errors[fate] ? [[fate, errors[fate]]] : [])))
}
