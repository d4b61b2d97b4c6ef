// What origins say of their load, in answers and to probes: how many are there, how long an answer takes among so many, how
// much of the capacity is in use. Rates are of the last second or so, with an exponential window.
// Source: Wydrowski et al., "Load is not what you should balance: introducing Prequal", NSDI 2024, section 4 (a latency
// estimate from recent queries at about the present number in flight); ORCA load reports (xds, orca_load_report.proto).
import type { LoadReport, Ms } from '../core/contracts.ts'
import { grownFloats, grownIntegers } from './heap-queue.ts'

/** Times that are remembered of each level of load; their median is the estimate. Odd, so that it is one of them. */
const remembered = 5
/** So many others are a level each; above, a level is a third wider than the one below it. */
const exactUpTo = 16
const windowMs = 1000

/** The level of load of a request that met `met` others. */
function levelOf(met: number): number {
  return met <= exactUpTo ? met : exactUpTo + 1 + Math.floor(Math.log(met / (exactUpTo + 1)) / Math.log(4 / 3))
}

/** What one origin remembers. Times are kept by level, or an origin that fills up would say how quick it was when it was empty. */
class OriginLoad {
  /** `remembered` times for each level. */
  tookMs = new Float64Array(8 * remembered)
  /** Requests that were answered at each level. */
  answersAt = new Int32Array(8)
  busyMs = 0
  answered = 0
  errors = 0
  decayedAt = 0

  remember(level: number, tookMs: Ms): void {
    while (level >= this.answersAt.length) this.grow()
    const count = this.answersAt[level]!
    this.tookMs[level * remembered + (count % remembered)] = tookMs
    this.answersAt[level] = count + 1
  }

  private grow(): void {
    const levels = this.answersAt.length * 2
    this.answersAt = grownIntegers(this.answersAt, levels)
    this.tookMs = grownFloats(this.tookMs, levels * remembered)
  }

  decay(now: Ms): void {
    const kept = Math.exp((this.decayedAt - now) / windowMs)
    this.busyMs *= kept
    this.answered *= kept
    this.errors *= kept
    this.decayedAt = now
  }
}

/** By origin: how many requests are there, and how many are served at once. */
interface Occupancy {
  present(origin: number): number
  slots(origin: number): number
}

export class LoadReports {
  private readonly loads: readonly OriginLoad[]
  private readonly origins: Occupancy
  private readonly clock: { readonly now: Ms }

  constructor(count: number, origins: Occupancy, clock: { readonly now: Ms }) {
    this.loads = Array.from({ length: count }, () => new OriginLoad())
    this.origins = origins
    this.clock = clock
  }

  /** An origin has answered a request that met `met` others, after `tookMs`, with a service time of `busyMs`. */
  onAnswer(origin: number, met: number, tookMs: Ms, busyMs: Ms, status: number): void {
    const load = this.loads[origin]!
    load.remember(levelOf(met), tookMs)
    load.decay(this.clock.now)
    load.busyMs += busyMs
    load.answered++
    if (status >= 500) load.errors++
  }

  of(origin: number): LoadReport {
    const load = this.loads[origin]!
    const inFlight = this.origins.present(origin)
    load.decay(this.clock.now)
    // An exponential window holds `windowMs` of time, less at the start of the run.
    const heldMs = windowMs * -Math.expm1(-this.clock.now / windowMs) || 1
    return {
      inFlight,
      latencyMs: latencyAmong(load, inFlight),
      utilisation: load.busyMs / heldMs / this.origins.slots(origin),
      ratePerSecond: (load.answered / heldMs) * 1000,
      errorsPerSecond: (load.errors / heldMs) * 1000,
    }
  }
}

/** Scratch of `latencyAmong`, so that a report allocates nothing but itself. */
const sorted = new Float64Array(remembered)

/** The median of the last times at the level of `inFlight`, or at the nearest with any, the lower before the higher; 0 of none. */
function latencyAmong({ answersAt, tookMs }: OriginLoad, inFlight: number): Ms {
  const levels = answersAt.length
  const wanted = Math.min(levelOf(inFlight), levels - 1)
  for (let away = 0; away < levels; away++) {
    const level = (answersAt[wanted - away] ?? 0) > 0 ? wanted - away : wanted + away
    const known = Math.min(answersAt[level] ?? 0, remembered)
    if (known === 0) continue
    for (let i = 0; i < known; i++) {
      const took = tookMs[level * remembered + i]!
      let at = i
      for (; at > 0 && sorted[at - 1]! > took; at--) sorted[at] = sorted[at - 1]!
      sorted[at] = took
    }
    return sorted[known >> 1]!
  }
  return 0
}
